#!/usr/bin/env python3
"""Requests per CPU-second of the generator: brunt beside wrk, and beside a raw io_uring loop that parses nothing.

    tools/install_deps build test bench
    tools/build release && cmake --preset release -B build/bench -DBRUNT_BENCHES=ON && cmake --build build/bench --target raw_uring
    bench/http_peers.py [--rounds 5] [--seconds 5] [--all]      # --all adds h2load, hey and ab

nginx with one worker answers 12 bytes; 64 keep-alive connections, one generator thread. Requests are counted by nginx, CPU by
the kernel (the whole process, start and report included). brunt has histograms, tags, planned instants and one status check on.
The script fails (exit 1) if the raw loop is not itself at least 1.1 x wrk, as it would be no ceiling then.
"""
import argparse
import shutil
import statistics
import sys

from peers import BRUNT, ROOT, machine, measure, median_and_spread, nginx


def tools(url, seconds, everything):
    brunt = [BRUNT, "run", url, "--vus", "64", "--duration", f"{seconds}s", "--no-ledger", "--quiet"]
    found = {
        "brunt": brunt,
        "brunt epoll": brunt + ["--backend", "epoll"],
        "wrk": ["wrk", "-t1", "-c64", f"-d{seconds}s", url],
    }
    raw = ROOT / "build/bench/bench/raw_uring"
    if raw.exists():
        port = url.rstrip("/").rsplit(":", 1)[1]
        found["raw io_uring"] = [str(raw), port, str(seconds)]
    if everything:
        found["h2load"] = ["h2load", "--h1", "-t1", "-c64", "-D", str(seconds), url]
        found["hey"] = ["hey", "-c", "64", "-z", f"{seconds}s", url]
        found["ab"] = ["ab", "-q", "-k", "-c", "64", "-t", str(seconds), "-n", "100000000", url]
    return {name: argv for name, argv in found.items() if shutil.which(argv[0])}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--all", action="store_true")
    asked = options.parse_args()
    print(machine())
    rates = {}
    with nginx() as url:
        chosen = tools(url, asked.seconds, asked.all)
        for round_number in range(asked.rounds):
            for name, argv in chosen.items():
                result = measure(url, argv)
                if result["requests"] < 1000:
                    sys.exit(f"{name} made only {result['requests']} requests: {result['err'][-400:]}{result['out'][-400:]}")
                rates.setdefault(name, []).append(result["requests"] / result["cpu"])
    wrk = rates["wrk"]
    print(f"\nrequests per CPU-second, {asked.rounds} interleaved rounds of {asked.seconds} s")
    print(f"{'':16}{'median':>12}   {'spread':>11}{'':14}ratio to wrk (round by round, median)")
    for name, values in rates.items():
        ratio = statistics.median(value / peer for value, peer in zip(values, wrk))
        print(f"{name:16}{median_and_spread(values):40}{ratio:8.2f}")
    if "raw io_uring" in rates:
        raw = rates["raw io_uring"]
        print(f"\nbrunt / raw io_uring: {statistics.median(a / b for a, b in zip(rates['brunt'], raw)):.2f}")
        if statistics.median(a / b for a, b in zip(raw, wrk)) < 1.1:
            sys.exit("the raw loop is not 1.1 x wrk in this run: it is no ceiling")


if __name__ == "__main__":
    main()
