#!/usr/bin/env python3
"""Our engine beside the Java reference engine (cql-engine 3.29.0) on published measures and on rule expressions: one run, the
same cases, warm, pass by pass in turns; one table.

    cmake --build build/release --target measure_beside
    tests/measure/beside_java.py [--shared DIR] [--measures CMS22,CMS125] [--passes 9] [--warm 15] [--program PROGRAM]

Times are CPU time of the evaluating thread, so that other work of the machine counts on neither side (nor does what Java's
collector and compiler do beside). DIR/ecqm holds the measures (default: PLUMBLINE_SHARED, or ../shared beside the checkout).
Needs a JDK 17 and Maven; the engine's libraries come from Maven Central on the first run. Of every case the median of its passes
is taken on each side; cases that the Java engine fails are left out. Exit 1 where a wanted ratio is missed.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEER = HERE / 'java_peer'
WANTED = 20


def build_java(folder):
    """Maven works on a copy, so that the sources' folder stays as it is."""
    stamp = folder / 'built'
    sources = [PEER / 'pom.xml', *sorted((PEER / 'src/main/java').glob('*.java'))]
    if not stamp.exists() or any(s.stat().st_mtime > stamp.stat().st_mtime for s in sources):
        shutil.rmtree(folder / 'src', ignore_errors=True)
        (folder / 'src/main/java').mkdir(parents=True, exist_ok=True)
        for source in sources:
            (folder / source.relative_to(PEER)).write_text(source.read_text())
        subprocess.run(['mvn', '-q', '-B', 'package'], cwd=folder, check=True)
        stamp.write_text('')
    return ['java', '-Xmx2g', '-cp', '%s:%s/*' % (folder / 'target/classes', folder / 'target/lib'), 'Times']


class Side:
    """One engine's process; its answers are lines of JSON."""

    def __init__(self, command, path):
        begin = time.monotonic()
        self.process = subprocess.Popen([*command, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self.answer()
        self.facts['start_ms'] = (time.monotonic() - begin) * 1e3
        self.facts.update(self.answer())

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit('%s ended early' % self.process.args[0])
        return json.loads(line)

    def ask(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.facts.update(self.ask('end'))
        self.process.wait()


def in_turns(commands, path, warm, passes):
    """Both sides' facts, and their passes taken in turns."""
    sides = [Side(command, path) for command in commands]
    for side, seconds in zip(sides, (1, warm)):  # ours has nothing to compile as it goes
        side.ask('warm %g' % seconds)
    rounds = [[side.ask('pass') for side in sides] for _ in range(passes)]
    for side in sides:
        side.end()
    return [side.facts for side in sides], [[r[i] for r in rounds] for i in range(len(sides))]


def by_case(passes, name):
    return [statistics.median(values) for values in zip(*(p[name] for p in passes))]


def measure(name, folder, commands, args):
    facts, passes = in_turns(commands, folder, args.warm, args.passes)
    row = {'name': name, 'facts': facts}
    for what in ('evaluate_us', 'parse_evaluate_us'):
        pairs = list(zip(*(by_case(side, what) for side in passes)))
        row[what] = [(ours, java) for ours, java in pairs if ours > 0 and java > 0]
    ours, java = facts
    evaluate, parse = (statistics.median(j / o for o, j in row[w]) for w in ('evaluate_us', 'parse_evaluate_us'))
    print('| %s | %d | %.1f / %.1f | %.1f | %.1f / %.1f | %.1f | %.1f / %.0f | %.1f | %.0f / %.0f | %.0f / %.0f |' % (
        name, len(row['evaluate_us']), *medians(row['evaluate_us']), evaluate, *medians(row['parse_evaluate_us']), parse,
        ours['compile_ms'], java['compile_ms'], java['compile_ms'] / ours['compile_ms'],
        ours['rss_mb'], java['rss_mb'], ours['patient_bytes'] / 1024, java['patient_bytes'] / 1024), flush=True)
    return row


def medians(pairs):
    return statistics.median(o for o, _ in pairs), statistics.median(j for _, j in pairs)


def wanted(what, ratio):
    met = ratio >= WANTED
    print('%-58s %7.1f times (wanted %d)%s' % (what, ratio, WANTED, '' if met else '  MISSED'))
    return met


def measures(folder, commands, args):
    names = sorted((p.name for p in folder.iterdir() if p.is_dir()), key=lambda n: (len(n), n))
    names = args.measures.split(',') if args.measures else names
    print('Ours / Java; ratios are medians over the cases.\n')
    print('| measure | cases | evaluate, us | ratio | parse + evaluate | ratio | compile, ms | ratio | RSS, MiB | KiB a patient |')
    print('|' + '---|' * 10)
    rows = [measure(name, folder / name, commands, args) for name in names]
    print()
    good = True
    for what, label in (('evaluate_us', 'a measure on a parsed patient'), ('parse_evaluate_us', 'with parsing')):
        pairs = [pair for row in rows for pair in row[what]]
        ratios = sorted(j / o for o, j in pairs)
        ours, java = sorted(o for o, _ in pairs), sorted(j for _, j in pairs)
        print('%s: %d cases; us, ours / Java: median %.1f / %.1f, 95th percentile %.1f / %.1f, worst %.0f / %.0f, all %.0f / %.0f' % (
            label, len(pairs), *medians(pairs), ours[len(ours) * 95 // 100], java[len(java) * 95 // 100], ours[-1], java[-1],
            sum(ours), sum(java)))
        median = statistics.median(ratios)
        print('  ratio by case: lowest %.1f, 5th percentile %.1f, median %.1f' % (ratios[0], ratios[len(ratios) // 20], median))
        good = wanted('  ' + label + ', ratio of the medians', medians(pairs)[1] / medians(pairs)[0]) and good
        good = wanted('  ' + label + ', median of the ratios', median) and good
    facts = [row['facts'] for row in rows]
    for key, label in (('compile_ms', 'compiling in a fresh process'), ('start_ms', 'from starting the process to compiled')):
        good = wanted(label + ', median of the ratios', statistics.median(j[key] / o[key] for o, j in facts)) and good
    for key, label in (('rss_mb', 'RSS at its highest, MiB'), ('heap_live_mb', 'live heap at the end, MiB')):
        print('%s, median: ours %.1f, Java %.0f' % (label, *(statistics.median(f[i][key] for f in facts) for i in (0, 1))))
    print('ours: a program %.0f KiB, an evaluation %.1f KiB at most, medians' % (
        *(statistics.median(f[0][key] / 1024 for f in facts) for key in ('program_bytes', 'evaluation_bytes')),))
    return good


def rules(commands, args):
    _, passes = in_turns(commands, PEER / 'Rules.cql', args.warm, args.passes)

    def best(side, kind, name):
        return min(p[kind][name] for p in passes[side])
    print('\n| rule expression, ns | ours | allocations | Java, visitor alone | ratio | Java, whole call |')
    print('|---|---|---|---|---|---|')
    counted = 0
    for name in passes[0][0]['call_ns']:
        ours, inner, whole = best(0, 'call_ns', name), best(1, 'visitor_ns', name), best(1, 'call_ns', name)
        allocations = max(p['allocations'][name] for p in passes[0])
        counted += allocations
        print('| %s | %.0f | %g | %.0f | %.0f | %.0f |' % (name, ours, allocations, inner, inner / ours, whole))
    return counted == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--shared', default=os.environ.get('PLUMBLINE_SHARED', ROOT.parent / 'shared'), type=pathlib.Path)
    parser.add_argument('--measures', help='names, with commas between; default: all')
    parser.add_argument('--passes', type=int, default=9)
    parser.add_argument('--warm', type=float, default=15, help='seconds of CPU for the Java side before times count')
    parser.add_argument('--program', default=ROOT / 'build/release/tests/measure/measure_beside', type=pathlib.Path)
    parser.add_argument('--java', default=ROOT / 'build/java_measures', type=pathlib.Path, help='where the Java side is built')
    args = parser.parse_args()
    commands = [[str(args.program)], build_java(args.java)]
    print('load of this machine: %.2f' % os.getloadavg()[0])
    good = measures(args.shared / 'ecqm', commands, args)
    good = rules(commands, args) and good
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
