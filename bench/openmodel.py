#!/usr/bin/env python3
"""The open model at half of the capacity: is every planned request started, and how late?

    bench/openmodel.py [--seconds 10] [--rounds 3]

The capacity is what brunt and nginx complete each second when more is due than they can do: evenly spaced requests, one thread.
It is below what 64 users who never wait make (printed too), for those come in batches, and neither side ever sleeps. Half of it,
or the rate that --rate gives, is then planned. The first second, in which users connect, is printed apart from those after it.
"""
import argparse
import csv
import io
import json
import pathlib
import statistics
import subprocess
import tempfile

from peers import BRUNT, machine, nginx


def closed_rate(url, common):
    """Requests a second of 64 users who never wait."""
    done = subprocess.run([BRUNT, "run", url, "--vus", "64", "--duration", "4s", "--format", "json", *common], capture_output=True, text=True)
    return next(m["values"]["count"] for m in json.loads(done.stdout)["metrics"] if m["name"] == "http_reqs") / 4


def open_run(url, rate, seconds, common):
    """Requests completed in each second, and the slip of each second as (p50, p99, max) in ms."""
    done = subprocess.run([BRUNT, "run", url, "--rate", f"{rate}/s", "--duration", f"{seconds}s", "--format", "csv", *common],
                          capture_output=True, text=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    completed = [int(row["count"]) for row in rows if row["metric"] == "http_req_duration"]
    slips = [tuple(float(row[name]) for name in ("p50", "p99", "max")) for row in rows if row["metric"] == "generator_schedule_slip"]
    return completed, slips, done.returncode


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--rate", type=int, help="requests a second (default: half of the closed rate)")
    options.add_argument("--backend", default="auto")
    asked = options.parse_args()
    print(machine())
    with nginx() as url, tempfile.TemporaryDirectory() as folder:
        common = ["--ledger", str(pathlib.Path(folder) / "runs.db"), "--quiet", "--backend", asked.backend]
        rate = asked.rate
        if rate is None:
            closed = closed_rate(url, common)
            capacity = statistics.median(open_run(url, int(closed), 5, common)[0][1:5])
            rate = int(capacity / 2)
            print(f"closed, 64 users: {closed:,.0f}/s; capacity of the open model: {capacity:,.0f}/s")
        first, later = [], []
        for _ in range(asked.rounds):
            completed, slips, code = open_run(url, rate, asked.seconds, common)
            first.append(slips[0][1])
            later.append(statistics.median(slip[1] for slip in slips[1:asked.seconds]))
            print(f"{rate:,}/s for {asked.seconds} s: planned {rate * asked.seconds:,}, completed {sum(completed):,}; slip p99 in the first second "
                  f"{first[-1] * 1000:.0f} µs, of the later seconds the median {later[-1] * 1000:.0f} µs, "
                  f"the worst {max(slip[1] for slip in slips[1:]) * 1000:.0f} µs; exit {code}")
    print(f"slip p99, median of rounds: first second {statistics.median(first) * 1000:.0f} µs, later {statistics.median(later) * 1000:.0f} µs")


if __name__ == "__main__":
    main()
