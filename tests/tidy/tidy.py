#!/usr/bin/env python3
"""The rules of STYLE.md that a machine can check. Usage: tidy.py SOURCE_ROOT LAYERS_FILE

Reads every source and page once, prints one line a violation, exits 1 if there is any.
LAYERS_FILE is what CMake wrote: "name: below below ...", one line a layer.
"""
import os
import re
import subprocess
import sys

FORBIDDEN = {
    r"\bmonotonic_now\(|\bwall_now\(|steady_clock::now|system_clock::now|\bclock_gettime\(|\btime\(nullptr\)":
        ({"base", "loop", "net", "cli"}, "reads a clock: take an Instant from the loop instead (rule 9)"),
    r"\brandom_device\b|\bsrand\(|\brand\(\)": ({"loop", "net", "cli"}, "draws chance from outside: take a Prng (rule 9)"),
    r"\bgetenv\(": ({"loop", "net", "cli"}, "reads the environment (rule 9)"),
    r"\bsleep_for\b|\busleep\(|\bnanosleep\(": ({"loop"}, "sleeps: park the fiber (rule 8)"),
    r"\bshared_ptr\b": (set(), "shared_ptr without a reason in the line above (rule 7)"),
    r"(?<![\w.])new\s+[A-Za-z_:]+[\s({;]": (set(), "new without a reason in the line above (rule 7)"),
    r"\b(TODO|FIXME|XXX)\b": (set(), "unfinished work: make it an issue (rule 4)"),
}
TEST_NAME = re.compile(r'TEST_CASE(?:_FIXTURE)?\((?:\w+,\s*)?"([^"]*)"')
GOOD_NAME = re.compile(r"^[A-Za-z0-9 ,\-_.']+$")


def source_files(root):
    for folder, _, names in os.walk(os.path.join(root, "src")):
        for name in sorted(names):
            if name.endswith((".cc", ".h")):
                yield os.path.join(folder, name)


def read_layers(path):
    direct = {}
    with open(path) as lines:
        for line in lines:
            name, _, below = line.strip().partition(":")
            if name:
                direct[name] = below.split()
    closed = {}

    def close(name):
        if name not in closed:
            closed[name] = {name}.union(*[close(b) for b in direct.get(name, [])])
        return closed[name]

    for name in direct:
        close(name)
    return closed


def check_layers(where, layer, lines, layers):
    allowed = layers.get(layer)
    if allowed is None:
        return
    for number, line in enumerate(lines, 1):
        found = re.match(r'#include "([a-z0-9_]+)/', line)
        if found and found.group(1) in layers and found.group(1) not in allowed:
            yield f"{where}:{number}: {layer} may include only {sorted(allowed)}, not {found.group(1)}"


def check_length(where, name, lines):
    limit = 250 if name.endswith(".h") else 700 if name.endswith("_test.cc") else 500
    if len(lines) > limit and not any("Long because" in line for line in lines[:12]):
        yield f"{where}:{limit}: {len(lines)} lines; find the second subject, or open with '// Long because ...' (rule 2)"
    raw = False
    for number, line in enumerate(lines, 1):
        opens = 'R"' in line
        raw = (raw or opens) and not re.search(r'\)\w*"', line.split('R"', 1)[1] if opens else line)
        if raw:
            continue
        if len(line) > 100 and "http" not in line and '"' not in line and "R\"" not in line:
            yield f"{where}:{number}: {len(line)} columns; run clang-format"


def check_forbidden(where, layer, name, lines):
    is_test = name.endswith(("_test.cc", "_bench.cc", "_fuzz.cc"))
    seen = set()
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0] if "TODO" not in line else line
        code = re.sub(r'"(\\.|[^"\\])*"', '""', code)
        above = lines[number - 2] if number > 1 else ""
        for pattern, (layers, why) in FORBIDDEN.items():
            if not re.search(pattern, code) or layer in layers:
                continue
            # Said once a file is enough; and what goes straight into its owner is owned.
            owned = re.search(r"unique_ptr<[^;]*\(new |\.reset\(new ", code)
            told = "//" in above or "//" in line or why in seen
            if "rule 7" in why and (is_test or owned or told):
                seen.add(why)
                continue
            if is_test and "rule 9" in why:
                continue
            yield f"{where}:{number}: {why}"


def check_tests(where, name, lines):
    if not name.endswith("_test.cc"):
        return
    for number, line in enumerate(lines, 1):
        for title in TEST_NAME.findall(line):
            if not GOOD_NAME.match(title):
                yield f"{where}:{number}: test name \"{title}\": no brackets, quotes or semicolons (rule 15)"


def check_pages(root):
    pages = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                           capture_output=True, text=True).stdout.split()
    for page in pages:
        path = os.path.join(root, page)
        if not os.path.exists(path):
            continue
        text = open(path, encoding="utf-8").read()
        outside = re.sub(r"```.*?```", "", text, flags=re.S)
        titles = re.findall(r"^# ", outside, flags=re.M)
        if len(titles) != 1:
            yield f"{page}:1: {len(titles)} titles; a page has exactly one"
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", outside):
            if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                yield f"{page}:1: links to {target}, which is not there"


def check_orphans(root):
    """Every source stands in a CMakeLists.txt, and every header is included by somebody, else it is dead."""
    included = set()
    paths = list(source_files(root))
    for path in paths:
        with open(path, encoding="utf-8") as text:
            included.update(re.findall(r'#include "([^"]+)"', text.read()))
    for path in paths:
        where = os.path.relpath(path, os.path.join(root, "src"))
        folder, name = os.path.split(path)
        if name.endswith(".h"):
            if where not in included:
                yield f"src/{where}:1: nobody includes it"
            continue
        while not os.path.exists(os.path.join(folder, "CMakeLists.txt")):
            folder = os.path.dirname(folder)
        with open(os.path.join(folder, "CMakeLists.txt")) as lists:
            if name not in lists.read():
                yield f"src/{where}:1: in no CMakeLists.txt: nobody builds it"


def main():
    root, layers_file = sys.argv[1], sys.argv[2]
    layers = read_layers(layers_file)
    found = []
    count = 0
    for path in source_files(root):
        count += 1
        where = os.path.relpath(path, root)
        layer, name = where.split(os.sep)[1], os.path.basename(path)
        with open(path, encoding="utf-8") as text:
            lines = text.read().split("\n")
        found += check_layers(where, layer, lines, layers)
        found += check_length(where, name, lines)
        found += check_forbidden(where, layer, name, lines)
        found += check_tests(where, name, lines)
    found += check_pages(root)
    found += check_orphans(root)
    for line in found:
        print(line)
    print(f"tidy: {count} sources, {len(layers)} layers, {len(found)} violations")
    return 1 if found or count == 0 or not layers else 0


if __name__ == "__main__":
    sys.exit(main())
