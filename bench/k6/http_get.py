#!/usr/bin/env python3
"""A k6 script's http.get and one check: requests per CPU-second beside wrk and beside a plain URL; memory of idle VUs.

    tools/install_deps build test bench
    tools/build release
    bench/k6/http_get.py [--rounds 5] [--seconds 5] [--vus 100] [--memory 1000] [--import lodash.js]

nginx with one worker answers 128 bytes; one generator thread. Requests are counted by nginx, CPU by the kernel (the whole process, start
and report included). Where k6 is on PATH it runs in the same rounds. Memory: resident set of a run whose VUs sleep, less that of one
with a single VU, by the number of VUs; with --memory 0 it is left out. --import FILE: also with a module that every VU imports.
"""
import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from peers import BRUNT, machine, measure, median_and_spread, nginx, resident  # noqa: E402

GET = """
import http from 'k6/http';
import { check } from 'k6';
export default function () {
  const response = http.get(__ENV.URL);
  check(response, { 'status is 200': (r) => r.status === 200 });
}
"""
IDLE = """
import http from 'k6/http';
import { check, sleep } from 'k6';
export default function () {
  if (__ENV.REQUESTS === 'yes')
    check(http.get(__ENV.URL), { 'status is 200': (r) => r.status === 200 });
  sleep(100);
}
"""


def write(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text(text)
    return str(path)


def rates(url, script, asked):
    load = ["--vus", str(asked.vus), "--duration", f"{asked.seconds}s"]
    brunt = ["--no-ledger", "--quiet"]
    tools = {
        "brunt, script": [BRUNT, "run", script, "-e", f"URL={url}", *load, *brunt],
        "brunt, URL": [BRUNT, "run", url, *load, *brunt],
        "wrk": ["wrk", "-t1", f"-c{asked.vus}", f"-d{asked.seconds}s", url],
        "k6": ["k6", "run", "-q", "--no-usage-report", "-e", f"URL={url}", *load, script],
    }
    tools = {name: argv for name, argv in tools.items() if shutil.which(argv[0])}
    found = {}
    for _ in range(asked.rounds):
        for name, argv in tools.items():
            result = measure(url, argv)
            if result["requests"] < 1000:
                sys.exit(f"{name} made only {result['requests']} requests: {result['err'][-400:]}{result['out'][-400:]}")
            found.setdefault(name, []).append(result["requests"] / result["cpu"])
    print(f"\nrequests per CPU-second, {asked.vus} VUs, {asked.rounds} interleaved rounds of {asked.seconds} s")
    for name, values in found.items():
        ratio = statistics.median(value / peer for value, peer in zip(values, found["wrk"]))
        print(f"{name:16}{median_and_spread(values):40}{ratio:8.2f} x wrk")


def idle(url, script, vus, requests):
    return resident([BRUNT, "run", script, "-e", f"URL={url}", "-e", f"REQUESTS={requests}", "--vus", str(vus), "--duration", "20s",
                     "--no-ledger", "--quiet"], vus)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--vus", type=int, default=100)
    options.add_argument("--memory", type=int, default=1000)
    options.add_argument("--import", type=pathlib.Path, dest="module")
    asked = options.parse_args()
    print(machine())
    with nginx("x" * 128) as url, tempfile.TemporaryDirectory() as folder:
        if asked.rounds:
            rates(url, write(folder, "get.js", GET), asked)
        if asked.memory:
            script = write(folder, "idle.js", IDLE)
            cases = [(script, "no", "idle"), (script, "yes", "after a request")]
            if asked.module:
                importing = write(folder, "importing.js", f"import '{asked.module.resolve()}';\n{IDLE}")
                cases.append((importing, "no", f"idle, with {asked.module.name}"))
            for script, requests, words in cases:
                each = (idle(url, script, asked.memory + 1, requests) - idle(url, script, 1, requests)) / asked.memory
                print(f"memory of a VU, {asked.memory} of them, {words}: {each:.1f} KiB")


if __name__ == "__main__":
    main()
