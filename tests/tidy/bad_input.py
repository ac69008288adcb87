"""Holds that engine/BAD_INPUT.md lists tests that exist: each row of its tables ends with `file`: "name", and that file has that name
in quotes. Fails also when fewer kinds are listed than were asked for, or a name stands twice."""
import re
import sys

PAGE = "engine/BAD_INPUT.md"
FEWEST = 20


def main():
    findings, seen = [], set()
    with open(PAGE, encoding="utf-8") as page:
        rows = [line for line in page if line.startswith("|") and not re.match(r"\|[-| ]+\|$|\| kind ", line.strip())]
    for row in rows:
        match = re.search(r'`(tests/[\w/]+\.cc)`: "([^"]+)" \|$', row.strip())
        if not match:
            findings.append(f"a row names no test: {row.strip()[:60]}")
            continue
        path, name = match.groups()
        if (path, name) in seen:
            findings.append(f'{path}: "{name}" stands for two kinds')
        seen.add((path, name))
        with open(path, encoding="utf-8") as source:
            text = re.sub(r'"\s*\n\s*"', "", source.read())  # adjacent literals are one
        if f'"{name}"' not in text:
            findings.append(f'{path} has no "{name}"')
    if len(seen) < FEWEST:
        findings.append(f"only {len(seen)} kinds, {FEWEST} are the least")
    print("\n".join(findings) or f"{len(seen)} kinds of bad input, each with its test")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
