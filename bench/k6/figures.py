#!/usr/bin/env python3
"""What k6's users ask of a runner besides speed: start, drops, JSON, and memory that does not grow.

    tools/install_deps build test bench
    tools/build release
    bench/k6/figures.py [--only start,drops,json,flat] [--vus 10000] [--requests 2000000]

start: wall time of a run in which each VU makes one empty iteration. drops: constant-arrival-rate, 10,000/s for 10 s with 200 VUs.
json: JSON.parse of 11.7 KB. flat: resident memory of one run of 100 VUs after a tenth, a half and all of its requests, which nginx counts.
Where k6 is on PATH it runs beside it.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from peers import BRUNT, machine, nginx, served  # noqa: E402

EMPTY = "import http from 'k6/http';\nexport default function () {}\n"
GET = """
import http from 'k6/http';
import { check } from 'k6';
export default function () { check(http.get(__ENV.URL), { 'status is 200': (r) => r.status === 200 }); }
"""
ARRIVALS = GET + """
export const options = { scenarios: { arrivals: { executor: 'constant-arrival-rate', rate: 10000, duration: '10s', preAllocatedVUs: 200 } } };
"""
JSON = """
const rows = [];
for (let i = 0; i < 64; i++)
  rows.push({ id: i, guid: `5f0c-${i}-aa`, name: `Person ${i}`, email: `p${i}@example.com`, balance: 1234.5 * i, active: i % 2 === 0,
              tags: ['a', 'bb', 'ccc'], address: { street: 'Main "St"', n: i, city: null } });
const text = JSON.stringify(rows);
export default function () {
  const began = Date.now();
  for (let i = 0; i < 4000; i++) JSON.parse(text);
  console.log(`${text.length} bytes: ${(text.length * 4 / (Date.now() - began)).toFixed(1)} MB/s`);
}
"""


def runners():
    """Words of a command by name; those after the script are the same for both."""
    found = {"brunt": [BRUNT, "run", "--no-ledger", "--quiet"]}
    if shutil.which("k6"):
        found["k6"] = ["k6", "run", "--quiet", "--no-usage-report"]
    return found


def start(folder, asked, _):
    (folder / "empty.js").write_text(EMPTY)
    for name, words in runners().items():
        took = {}
        for vus in (1, asked.vus):
            began = time.monotonic()
            subprocess.run([*words, "--vus", str(vus), "--iterations", str(vus), "empty.js"], cwd=folder, capture_output=True, check=False)
            took[vus] = time.monotonic() - began
        print(f"{name}: {asked.vus} VUs start and make an iteration each in {took[asked.vus]:.2f} s (1 VU: {took[1]:.2f} s)")


def drops(folder, _, url):
    (folder / "arrivals.js").write_text(ARRIVALS)
    for name, words in runners().items():
        done = subprocess.run([*words, "-e", f"URL={url}", "arrivals.js"], cwd=folder, capture_output=True, text=True, check=False)
        lines = [line.strip() for line in done.stdout.splitlines() if re.search(r"dropped_iterations|iterations\.|valid|http_req_duration", line)]
        print(f"{name}: 10,000/s with 200 VUs:", *(lines or [done.stderr]), sep="\n    ")


def json(folder, *_):
    (folder / "json.js").write_text(JSON)
    for name, words in runners().items():
        done = subprocess.run([*words, "--vus", "1", "--iterations", "3", "json.js"], cwd=folder, capture_output=True, text=True, check=False)
        print(f"{name}: JSON.parse of", ", ".join(re.findall(r"\d+ bytes: \S+ MB/s", done.stdout + done.stderr)))


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def flat(folder, asked, url):
    (folder / "get.js").write_text(GET)
    for name, words in runners().items():
        before = served(url)
        process = subprocess.Popen([*words, "-e", f"URL={url}", "--vus", "100", "--iterations", str(asked.requests), "get.js"], cwd=folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        told = []
        while process.poll() is None and len(told) < 3:
            share = (served(url) - before) / asked.requests
            if share >= (0.1, 0.5, 0.97)[len(told)]:
                told.append(f"{resident(process):.1f} MiB after {share:.0%}")
            time.sleep(0.1)
        process.wait()
        print(f"{name}: {asked.requests} requests:", ", ".join(told))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="start,drops,json,flat")
    options.add_argument("--vus", type=int, default=10_000)
    options.add_argument("--requests", type=int, default=2_000_000)
    asked = options.parse_args()
    measures = {"start": start, "drops": drops, "json": json, "flat": flat}
    print(machine())
    with nginx("x" * 128) as url, tempfile.TemporaryDirectory(prefix="brunt-bench-") as folder:
        for name in asked.only.split(","):
            measures[name](pathlib.Path(folder), asked, url)


if __name__ == "__main__":
    main()
