#!/usr/bin/env python3
"""The Java reference engine as a second opinion on random well-typed expressions.

  tests/cql/java_peer/compare.py [--seeds 1,2,3] [--count 1000] [--depth 3] [--plumbline PROGRAM] [--show N] [--all]

Makes COUNT expressions a seed (expressions.py), evaluates them with both engines, narrows every difference down to the smallest
sub-expression that differs, groups these by operator and by how they differ, and looks each group up among the classes that
decisions.py decides by the specification's text. Prints the groups; exit 1 where one is not decided. Needs a JDK 17 and Maven;
the engine's libraries come from Maven Central on the first run.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import decisions
import expressions

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
UNITS = 'millisecond|second|minute|hour|day|week|month|year'


def build(folder):
    """Maven works on a copy, so that the sources' folder stays as it is."""
    stamp = folder / 'built'
    sources = [HERE / 'pom.xml', HERE / 'src/main/java/Evaluate.java']
    if stamp.exists() and all(s.stat().st_mtime < stamp.stat().st_mtime for s in sources):
        return
    (folder / 'src/main/java').mkdir(parents=True, exist_ok=True)
    for source in sources:
        (folder / source.relative_to(HERE)).write_text(source.read_text())
    subprocess.run(['mvn', '-q', '-B', 'package'], cwd=folder, check=True)
    stamp.write_text('')


def library(texts):
    return 'library Random\n' + ''.join('define %s: %s\n' % (name, text) for name, text in texts.items())


def read(lines):
    values = {}
    for line in lines:
        if '\t' in line:
            name, value = line.split('\t', 1)
            values[name] = value
    return values


def run_java(texts, folder):
    with tempfile.NamedTemporaryFile('w', suffix='.cql', encoding='utf-8') as file:
        file.write(library(texts))
        file.flush()
        path = '%s:%s/*' % (folder / 'target/classes', folder / 'target/lib')
        done = subprocess.run(['java', '-Xmx2g', '-cp', path, 'Evaluate', file.name], capture_output=True, text=True, check=True)
    return read(done.stdout.splitlines())


def run_plumbline(texts, program):
    """Whole library at once; definitions the checker refuses are taken out by their line, as on the Java side."""
    refused, texts = {}, dict(texts)
    for _ in range(20):
        with tempfile.NamedTemporaryFile('w', suffix='.cql', encoding='utf-8') as file:
            file.write(library(texts))
            file.flush()
            done = subprocess.run([program, 'cql', 'eval', '--library', file.name, '--literals', '--now', '2026-11-25T01:02:03.000Z'],
                                  capture_output=True, text=True, check=False)
        names = list(texts)
        found = re.findall(r'\.cql:(\d+):\d+: (?:syntax )?error: (.*)', done.stderr)
        for number, message in found:
            name = names[int(number) - 2]
            refused.setdefault(name, 'invalid: ' + message)
            texts.pop(name, None)
        if not found:
            break
    if done.returncode not in (0, 1):
        sys.exit('%s\n%s' % (done.returncode, done.stderr[-2000:]))
    values = read(done.stdout.splitlines())
    for name, message in re.findall(r'run-time error in "(\w+)": (.*)', done.stderr):
        values[name] = 'error: ' + message
    return {**values, **refused}


def normal(value):
    """One form for both engines: decimals without trailing zeros, units in the singular, UTC offsets dropped."""
    if value is None:
        return 'nothing'
    if value.startswith(('error', 'invalid')):
        return value.split(':')[0]
    value = re.sub(r"(-?\d+)(?=(?: '| (?:%s)))" % UNITS, lambda m: m.group(0), value)
    value = re.sub(r"'(%s)s?'" % UNITS, r'\1', value)
    value = re.sub(r'(?<![\w.:T@-])(-?\d+) (?=\'|(?:%s)\b)' % UNITS, r'\1.0 ', value)
    value = re.sub(r'(\d+\.\d*?)0+(?![\d])', lambda m: m.group(1) + ('0' if m.group(1).endswith('.') else ''), value)
    value = re.sub(r'(T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)(?:Z|\+00:00)', r'\1', value)
    return re.sub(r", display: '[^']*'", '', value)


def kind(value):
    if value in ('null', 'nothing', 'error', 'invalid', 'true', 'false'):
        return value
    return 'value'


def differing(texts, program, folder):
    ours, theirs = run_plumbline(texts, program), run_java(texts, folder)
    return {n: (ours.get(n), theirs.get(n)) for n in texts if normal(ours.get(n)) != normal(theirs.get(n))}


def smallest(trees, found, program, folder):
    """Of every difference the sub-expressions that differ though their own operands do not."""
    texts, nodes = {}, {}
    for name in found:
        for i, node in enumerate(trees[name].all()):
            texts['%s_%d' % (name, i)] = node.text
            nodes['%s_%d' % (name, i)] = node
    bad = differing(texts, program, folder) if texts else {}
    ids = {id(nodes[n]) for n in bad}
    return [(nodes[n], *bad[n]) for n in bad if not any(id(k) in ids for k in list(nodes[n].all())[:-1])]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('--seeds', default='1')
    arguments.add_argument('--count', type=int, default=1000)
    arguments.add_argument('--depth', type=int, default=3)
    arguments.add_argument('--plumbline', default=str(ROOT / 'build/release/engine/app/plumbline'))
    arguments.add_argument('--folder', default=str(ROOT / 'build/java_peer'))
    arguments.add_argument('--show', type=int, default=2, help='examples of a group')
    arguments.add_argument('--all', action='store_true', help='examples of decided groups too')
    options = arguments.parse_args()
    folder = pathlib.Path(options.folder)
    build(folder)
    groups, total, differed = collections.defaultdict(list), 0, 0
    for seed in options.seeds.split(','):
        generator = expressions.Generator(random.Random(int(seed)))
        trees = {'E%d' % i: generator.expr(generator.type(), options.depth) for i in range(options.count)}
        total += len(trees)
        found = differing({n: t.text for n, t in trees.items()}, options.plumbline, folder)
        differed += len(found)
        for node, ours, theirs in smallest(trees, found, options.plumbline, folder):
            decided = decisions.decide(node.template, node.text, normal(ours), normal(theirs), ours or '', theirs or '')
            how = kind(normal(ours)) + ' / ' + kind(normal(theirs))
            key = (decided, '', '') if decided else ('UNDECIDED', node.template, how)
            groups[key].append((node.text, ours, theirs))
    print('%d expressions (seeds %s), %d differ' % (total, options.seeds, differed))
    undecided = 0
    for (decided, template, how), items in sorted(groups.items(), key=lambda g: (g[0][0] == 'UNDECIDED', -len(g[1]))):
        undecided += len(items) if decided == 'UNDECIDED' else 0
        print('%4d  %s  %s  %s' % (len(items), decided, template, how))
        if decided == 'UNDECIDED' or options.all:
            for text, ours, theirs in sorted(items, key=lambda i: len(i[0]))[:options.show]:
                print('        %s\n          plumbline %s\n          java      %s' % (text, ours, theirs))
    print('%d differences decided, %d undecided' % (sum(map(len, groups.values())) - undecided, undecided))
    sys.exit(1 if undecided else 0)


if __name__ == '__main__':
    main()
