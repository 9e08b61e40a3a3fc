#!/usr/bin/env python3
"""The open model at half of the capacity: is every planned request started, and how late?

    bench/openmodel.py [--seconds 10] [--rounds 3]

Finds how many requests a second brunt makes closed (64 users, one thread, nginx), then plans half of that, evenly spaced.
"""
import argparse
import json
import statistics
import subprocess

from peers import BRUNT, machine, nginx


def run(argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    report = json.loads(done.stdout)
    return {metric["name"]: metric["values"] for metric in report["metrics"]}, done.returncode


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--backend", default="auto")
    asked = options.parse_args()
    print(machine())
    common = ["--no-ledger", "--quiet", "--format", "json", "--backend", asked.backend]
    with nginx() as url:
        metrics, _ = run([BRUNT, "run", url, "--vus", "64", "--duration", "4s", *common])
        rate = int(metrics["http_reqs"]["count"] / 4 / 2)
        slips = []
        for _ in range(asked.rounds):
            metrics, code = run([BRUNT, "run", url, "--rate", f"{rate}/s", "--duration", f"{asked.seconds}s", *common])
            slip = metrics["generator_schedule_slip"]
            slips.append(slip["p99"])
            print(f"{rate:,}/s for {asked.seconds} s: planned {rate * asked.seconds:,}, started {metrics['iterations']['count']:,}, "
                  f"slip p50 {slip['p50'] * 1000:.0f} µs, p99 {slip['p99'] * 1000:.0f} µs, max {slip['max']:.1f} ms, exit {code}")
    print(f"slip p99, median of rounds: {statistics.median(slips) * 1000:.0f} µs")


if __name__ == "__main__":
    main()
