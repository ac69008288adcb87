#!/usr/bin/env python3
"""Runs the examples that each subcommand's --help shows: help that is no longer true fails here.

    tests/program/help_examples.py PLUMBLINE

Every subcommand that does something has examples. Each example is parsed by the program (`--parse-only`), so that options that are
gone or misspelt are found; those that need no broker and end by themselves are also run, in a folder where the files that they name
are there. An example that is run may find something (exit code 1) but may not be a wrong use (2).
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

# Only parsed: what needs a broker, runs for minutes, or reads data that this project does not bring with it.
PARSED_ONLY = [
    (r"--brokers|--to kafka", "needs a broker"),
    (r"plumbline (bench|demo)\b", "runs for a minute; tests of its own"),
    (r"plumbline run --config config/examples/embedded.yaml", "runs until it is stopped; tests of its own"),
    (r"--wait", "waits for an engine that runs; tests/program/servers/control_test.cc"),
    (r"--speed", "runs for its hours; tests of its own"),
    (r"plumbline (analyse|baseline|measure)\b", "reads tables and bundles of the reader's own; tests of their own"),
    (r"eicu", "reads eICU; a test of its own"),
    (r"CqlArithmeticFunctionsTest.xml", "reads the public suite; a test of its own"),
]


def say_help(program, words):
    shown = subprocess.run([program, *words, "--help"], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if shown.returncode != 0:
        raise SystemExit(f"{' '.join(words)} --help: exit code {shown.returncode}")
    return shown.stdout


def commands(program, words=()):
    """(words, help) of every subcommand, groups first."""
    text = say_help(program, words)
    below = re.search(r"^Subcommands:\n((?:  .*\n|\n)*)", text, re.M)
    names = re.findall(r"^  ([a-z][a-z0-9-]*) ", below.group(1), re.M) if below else []
    yield words, text, bool(names)
    for name in names:
        yield from commands(program, (*words, name))


def examples(text):
    lines = text.split("\n")
    found = []
    i = 0
    while i < len(lines):
        if lines[i].startswith("  plumbline "):
            line = lines[i].strip()
            while line.endswith("\\"):
                i += 1
                line = line[:-1].rstrip() + " " + lines[i].strip()
            found.append(line)
        i += 1
    return found


def sandbox(folder, repository, program):
    """The files that the examples name."""
    for name in ("config", "rules", "tests"):
        (folder / name).symlink_to(repository / name)
    (folder / "out").mkdir()
    (folder / "DIR").mkdir()
    (folder / "DIR" / "values.csv").write_text("id,patient,minute,value\n1,p,0,97\n2,p,1,85\n")
    (folder / "m.yaml").write_text(MAPPING)
    (folder / "library.cql").write_text("library Example version '1.0.0'\n\ndefine InitialPopulation:\n  1 + 1 = 2\n")
    (folder / "patient.json").write_text('{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}')
    for name in ("readings.csv.gz", "patient.csv.gz", "measure-bundle.json", "valuesets.json", "lidc.baseline"):
        (folder / name).write_bytes(b"")
    (folder / "cases").mkdir()
    site = (repository / "config/examples/simulated.yaml").read_text()
    site = site.replace("../../out/simulated/", "out/site/").replace("http: {port: 9464}", "http: off")
    (folder / "site.yaml").write_text(site + "packs: [rules/packs/sepsis.yaml, rules/packs/device_quality.yaml]\n")
    # Something was run before, so that there are alerts, a journal and a control topic to ask about.
    for words in (["generate", "--config", "site.yaml", "--duration", "2 hours", "--patients", "24", "--sepsis", "1000", "--quiet"],
                  ["run", "--config", "site.yaml", "--import", "--until-end", "--quiet"]):
        subprocess.run([program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for line in open_alerts(program, folder):
        return line
    raise SystemExit("the prepared run told nothing")


def open_alerts(program, folder):
    """Ids of alerts that were told."""
    shown = subprocess.run([program, "explain", "zzzzzz", "--config", "site.yaml"], cwd=folder, capture_output=True, text=True)
    yield from re.findall(r"^  ([0-9a-f]{32}) ", shown.stderr, re.M)


MAPPING = """mapping: example
title: An example
base: "@2026-01-01T00:00:00.000Z"
defaults:
  patient: row.patient
  encounter: row.patient
  site: "'north'"
streams:
  - file: values.csv
    name: values
    events:
      - kind: device
        id: row.id
        source: {text: monitors}
        sequence: row.id
        time: {minutes: row.minute}
        arrival: {minutes: row.minute}
        code: {system: {text: "http://loinc.org"}, code: "'59408-5'"}
        value: ToDecimal(row.value)
        unit: "'%'"
"""


def main():
    program = os.path.abspath(sys.argv[1])
    repository = pathlib.Path(__file__).resolve().parents[2]
    failures, parsed, ran = [], 0, 0
    with tempfile.TemporaryDirectory(prefix="plumbline-help-") as name:
        folder = pathlib.Path(name)
        alert = sandbox(folder, repository, program)
        for words, text, is_group in commands(program):
            found = examples(text)
            if not found and not is_group:
                failures.append(f"plumbline {' '.join(words)} --help shows no example")
            for example in found:
                # The alert that the examples name is one that was told.
                line = re.sub(r"\b3f9a0c(12)?\b", alert[:12], example).split(" | ")[0]
                arguments = shlex.split(line)[1:]
                shown = subprocess.run([program, "--parse-only", *arguments], cwd=folder, capture_output=True, text=True)
                parsed += 1
                if shown.returncode != 0:
                    failures.append(f"{example}\n  is not a command line: {shown.stderr}{shown.stdout}")
                    continue
                if any(re.search(pattern, example) for pattern, _ in PARSED_ONLY):
                    continue
                done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)
                ran += 1
                if done.returncode not in (0, 1):
                    failures.append(f"{example}\n  ended with exit code {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    print(f"{parsed} examples parsed, {ran} of them run, {len(failures)} failed")
    for failure in failures:
        print("FAILED " + failure)
    return 1 if failures or ran < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
