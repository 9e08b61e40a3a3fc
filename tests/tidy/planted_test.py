#!/usr/bin/env python3
"""Sees tidy fail: plants each violation in a small tree of its own and looks for its message, for its reason."""
import os
import subprocess
import sys
import tempfile

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tidy.py")
CLEAN = {
    "src/low/CMakeLists.txt": "a.h a.cc a_test.cc",
    "src/high/CMakeLists.txt": "b.h b.cc",
    "src/low/a.h": '#include "low/a.h"\n',
    "src/low/a.cc": "int a;\n",
    "src/low/a_test.cc": 'TEST_CASE("a name, like this one") {}\n',
    "src/high/b.h": '#include "low/a.h"\n',
    "src/high/b.cc": '#include "high/b.h"\n',
    "page.md": "# One title\n",
}
PLANTED = [
    ({"src/low/a.h": '#include "high/b.h"\n'}, "low may include only ['low'], not high"),
    ({"src/low/a.cc": "auto t = std::chrono::steady_clock::now();\n"}, "reads a clock"),
    ({"src/low/a.cc": "std::shared_ptr<int> p;\n"}, "shared_ptr without a reason"),
    ({"src/low/a.cc": "int a;  // TODO later\n"}, "unfinished work"),
    ({"src/low/a.cc": "int a;\n" * 501}, "find the second subject"),
    ({"src/low/a_test.cc": 'TEST_CASE("brackets [] break ctest") {}\n'}, "no brackets, quotes or semicolons"),
    ({"src/low/dead.cc": "int dead;\n"}, "nobody builds it"),
    ({"src/low/dead.h": "int dead;\n"}, "nobody includes it"),
    ({"page.md": "# One\n\n# Two\n"}, "2 titles"),
    ({"page.md": "# One\n\n[gone](gone.md)\n"}, "links to gone.md"),
]


def tidy(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w") as out:
                out.write(text)
        subprocess.run(["git", "init", "-q", root], check=True)
        layers = os.path.join(root, "layers.txt")
        with open(layers, "w") as out:
            out.write("low: \nhigh: low\n")
        done = subprocess.run([sys.executable, TIDY, root, layers], capture_output=True, text=True)
        return done.returncode, done.stdout


def main():
    failures = 0
    code, output = tidy(CLEAN)
    if code != 0:
        failures += 1
        print("a clean tree should pass:\n" + output)
    for planted, message in PLANTED:
        code, output = tidy(CLEAN | planted)
        if code == 0 or message not in output:
            failures += 1
            print(f"planted {planted}: expected {message!r}, got {code}:\n{output}")
    print(f"{len(PLANTED) + 1 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
