"""Holds the shape of the tree: floors and include graph, banned calls, lengths, and what must not be written down anywhere.

Run from the repository's root; prints `file:line: what` and fails when anything is found. Before that it runs each check on a text
that breaks it (SELF_TEST), so that a check which stopped finding things fails too.
"""
import os
import re
import sys

# Floors of engine/ARCHITECTURE.md. Longest prefix wins.
FLOORS = {
    "engine/base": 0,
    "engine/model": 1, "engine/cql": 1, "engine/stats": 1, "config": 1,
    "engine/state": 2, "engine/alert": 2, "engine/rule": 2, "engine/io": 2,
    "engine/run": 3, "rules": 3, "connectors": 3, "dashboards": 3,
    "engine/app": 4,
    "tests": 5,
}
TOP_FOLDERS = ("engine", "rules", "connectors", "dashboards", "config", "tests")
SKIPPED_FOLDERS = {"build", "out", ".git", "node_modules", "__pycache__"}
CODE = (".h", ".cc", ".c")
TEXT = CODE + (".md", ".py", ".sh", ".txt", ".cmake", ".yaml", ".yml", ".json", ".xml", ".fbs", ".cql", ".html", ".js", ".css")

MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 70
MAX_TEST_LINES = 120  # one TEST_CASE
MAX_LINE = {".h": 140, ".cc": 140, ".c": 140, ".py": 140, ".sh": 140, ".md": 200, ".fbs": 130}

# (what, pattern, path prefixes where it is owned). Comments and strings are blanked before matching.
BANNED = [
    ("wall clock outside the places that own it", r"::now\(",
     ("connectors/", "dashboards/", "engine/app/", "engine/run/worker", "tests/")),
    ("a random device makes a run that cannot be repeated", r"\brandom_device\b", ()),
    ("sleeping", r"\bsleep_(for|until)\b|(?<!\w)u?sleep\(|\bnanosleep\(", ("connectors/", "engine/app/", "engine/run/worker", "tests/")),
    ("leaving the process outside main", r"(?<![\w.>])(?:quick_)?exit\(", ()),
    ("bare new", r"(?<![\w])new\s+[A-Za-z_:]", ()),
    ("a C library function that differs by CPU; use engine/base/math.h",
     r"\bstd::(?:exp|exp2|expm1|log|log2|log10|log1p|pow|lgamma|tgamma|erf|erfc|sin|cos|tan|sinh|cosh|tanh|cbrt)\(",
     ("engine/base/math", "dashboards/", "connectors/", "tests/")),
]
# Third-party headers and where they may be included.
CONFINED = [
    ("librdkafka", r"^librdkafka/", ("connectors/kafka/", "tests/")),
    ("RocksDB", r"^rocksdb/", ("engine/state/", "tests/")),
    ("Boost.Beast", r"^boost/(beast|asio)", ("connectors/", "dashboards/", "tests/")),
]
WORDS = [
    ("an unfinished mark", r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    ("a path of one machine", r"(?<![\w.)}>-])/(?:work|root|home|Users)/\w"),
]


def blank(text):
    """The C++ text with comments, strings and character literals blanked; line breaks stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def folder_of(path):
    best = ""
    for prefix in FLOORS:
        if path.startswith(prefix + "/") and len(prefix) > len(best):
            best = prefix
    return best


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_includes(path, text, edges):
    here = folder_of(path)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.M):
        quoted, target = match.group(1) == '"', match.group(2)
        line = line_of(text, match.start())
        for what, pattern, owners in CONFINED:
            if re.match(pattern, target) and not path.startswith(owners):
                yield line, f"{what} is included outside {', '.join(owners)}"
        if not quoted or not here:
            continue
        if target.split("/")[0] not in TOP_FOLDERS:
            yield line, f'"{target}" is not named from the repository\'s root'
            continue
        there = folder_of(target)
        if not there:
            yield line, f'"{target}" is in no folder with a floor'
        elif there != here:
            if FLOORS[there] > FLOORS[here]:
                yield line, f"{here} (floor {FLOORS[here]}) includes {there} (floor {FLOORS[there]})"
            elif FLOORS[there] == FLOORS[here] == 3:
                yield line, f"{here} and {there} are siblings on floor 3"
            else:
                edges.setdefault(here, {}).setdefault(there, (path, line))


def check_cycles(edges):
    """Siblings below floor 3 may include each other one way, never in a circle."""
    state = {}

    def visit(node, trail):
        state[node] = 1
        for target, (path, line) in edges.get(node, {}).items():
            if state.get(target) == 1:
                yield path, line, "folders include each other in a circle: " + " -> ".join(trail + [node, target])
            elif target not in state:
                yield from visit(target, trail + [node])
        state[node] = 2

    for node in list(edges):
        if node not in state:
            yield from visit(node, [])


def check_banned(path, code):
    for what, pattern, owners in BANNED:
        if owners and path.startswith(owners):
            continue
        for match in re.finditer(pattern, code):
            yield line_of(code, match.start()), f"{what}: {match.group(0).strip()}"


CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def check_functions(path, code):
    """Approximate: a brace that opens in a namespace, class or file scope after a parenthesis begins a function."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
    stack, start = [], 0
    for position, letter in enumerate(code):
        if letter == "{":
            head = code[start:position]
            inside = bool(stack) and stack[-1][0] != "container"
            if inside:
                stack.append(("inner", position))
            elif "(" in head:
                stack.append(("function", start + len(head) - len(head.lstrip())))
            elif CONTAINER.search(head):
                stack.append(("container", position))
            else:
                stack.append(("inner", position))
            start = position + 1
        elif letter == "}":
            if stack:
                kind, begun = stack.pop()
                lines = code.count("\n", begun, position) + 1
                test = path.startswith("tests/") or path.endswith("_bench.cc")
                limit = MAX_TEST_LINES if test else MAX_FUNCTION_LINES
                if kind == "function" and lines > limit:
                    yield line_of(code, begun), f"a function of {lines} lines (limit {limit})"
            start = position + 1
        elif letter == ";":
            start = position + 1


def check_text(path, text):
    lines = text.split("\n")
    extension = os.path.splitext(path)[1]
    if extension in CODE + (".py", ".sh") and len(lines) - 1 > MAX_FILE_LINES:
        yield len(lines), f"a file of {len(lines) - 1} lines (limit {MAX_FILE_LINES})"
    limit = MAX_LINE.get(extension)
    for number, line in enumerate(lines, 1):
        if limit and len(line) > limit and not line.startswith("|"):
            yield number, f"a line of {len(line)} characters (limit {limit})"
        for what, pattern in WORDS:
            if re.search(pattern, line):
                yield number, f"{what}: {line.strip()[:60]}"
    if extension == ".h":
        if not text.startswith("//"):
            yield 1, "a header opens by saying what it is"
        if "#pragma once" not in text:
            yield 1, "no #pragma once"


# Its target brings SIMDJSON_THREADS_ENABLED, which changes the layout of simdjson's parser: objects compiled with it and without do not
# go together, and a program of both crashed.
BARE_SIMDJSON = re.compile(r"^(?!.*find_package).*(?<![:\w])simdjson(?!::|\w)", re.M)


def check_build(text):
    for match in BARE_SIMDJSON.finditer(text):
        yield line_of(text, match.start()), "simdjson is linked without its target: simdjson::simdjson"


# setup.sh takes any other skip for a failure, also on a checkout without the shared data.
UNTOLD_SKIP = re.compile(r'["\s]SKIPPED (?!\(shared data\) )')


def check_skips(text):
    for match in UNTOLD_SKIP.finditer(text):
        yield line_of(text, match.start() + 1), "a skip that does not say what it lacks: SKIPPED (shared data) NAME: REASON"


def check_file(path, text, edges):
    found = list(check_text(path, text))
    if path.startswith("tests/") and path.endswith((".cc", ".sh")):
        found += check_skips(text)
    if path.endswith("CMakeLists.txt"):
        found += check_build(text)
    if path.endswith(CODE):
        code = blank(text)
        found += check_includes(path, text, edges)
        found += check_banned(path, code)
        found += check_functions(path, code)
    return found


SELF_TEST = [
    ("engine/base/a.cc", '#include "engine/model/event.h"\n', "includes engine/model"),
    ("rules/a.cc", '#include "connectors/a.h"\n', "siblings on floor 3"),
    ("rules/a.cc", '#include "a.h"\n', "not named from the repository's root"),
    ("engine/run/a.cc", "#include <librdkafka/rdkafka.h>\n", "librdkafka is included outside"),
    ("engine/run/a.cc", "auto t = std::chrono::system_clock::now();\n", "wall clock"),
    ("engine/run/a.cc", "std::random_device d;\n", "random device"),
    ("engine/run/a.cc", "void F() { std::this_thread::sleep_for(x); }\n", "sleeping"),
    ("engine/run/a.cc", "void F() { std::exit(1); }\n", "leaving the process"),
    ("engine/run/a.cc", "auto* p = new Thing;\n", "bare new"),
    ("engine/stats/a.cc", "double x = std::exp(1.0);\n", "differs by CPU"),
    ("engine/run/a.cc", "void F() {\n" + "  G();\n" * 80 + "}\n", "a function of 82 lines"),
    ("engine/run/a.cc", "int a;\n" * 701, "a file of 701 lines"),
    ("engine/run/a.cc", "//" + "x" * 150 + "\n", "a line of 152 characters"),
    ("engine/run/a.h", "#pragma once\n", "a header opens"),
    ("engine/run/a.h", "// A thing.\n", "no #pragma once"),
    ("engine/run/a.cc", "// TO" + "DO: later\n", "an unfinished mark"),
    ("tests/run/a_test.cc", 'void F() { WARN("SKIPPED the suite: it is not there"); }\n', "a skip that does not say"),
    ("tests/run/CMakeLists.txt", "plumbline_tests(run_test DEPS plumbline_run simdjson)\n", "without its target"),
    ("engine/run/README.md", "see /ho" + "me/someone\n", "a path of one machine"),
]
SELF_TEST_CLEAN = [
    ("tests/run/a_test.cc", 'void F() { WARN("SKIPPED (shared data) the suite: it is not there"); }\n'),
    ("tests/run/CMakeLists.txt", "find_package(simdjson REQUIRED)\nplumbline_tests(run_test DEPS simdjson::simdjson)\n"),
    ("engine/run/a.cc", '// new things, sleep_for\nconst char* s = "new Thing; exit(1)";\nint n = app.exit(error); _exit(1);\n'),
    ("connectors/a.cc", '#include "engine/io/record.h"\n#include "connectors/b.h"\n'),
    ("rules/a.cc", "namespace a {\n" + "void F() { G(); }\n" * 200 + "}\n"),
]


def self_test():
    for path, text, expected in SELF_TEST:
        found = [message for _, message in check_file(path, text, {})]
        if not any(expected in message for message in found):
            yield f"self test: '{expected}' was not found in {text[:50]!r}"
    for path, text in SELF_TEST_CLEAN:
        for line, message in check_file(path, text, {}):
            yield f"self test: clean text of {path}:{line} gave '{message}'"
    circle = {"engine/io": {"engine/state": ("x", 1)}, "engine/state": {"engine/io": ("y", 2)}}
    if not any("circle" in message for _, _, message in check_cycles(circle)):
        yield "self test: the circle was not found"


def main():
    findings, edges, files = list(self_test()), {}, 0
    me = os.path.relpath(os.path.abspath(__file__))
    for root, folders, names in os.walk("."):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not (f.startswith(".") and f != ".ci"))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(root, name))
            if path == me or not name.endswith(TEXT):
                continue
            files += 1
            with open(path, encoding="utf-8") as file:
                text = file.read()
            findings += [f"{path}:{line}: {message}" for line, message in check_file(path, text, edges)]
    findings += [f"{path}:{line}: {message}" for path, line, message in check_cycles(edges)]
    if files < 20:
        findings.append(f"only {files} files were looked at: run from the repository's root")
    for finding in findings:
        print(finding)
    print(f"{files} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
