#!/usr/bin/env python3
"""The first half of the message server's master test by brunt and by a plain blocking C client, against the same server.

    bench/messages/client_peers.py [--rounds 3] [--clients 249] [--spread 5]

Client i sends 10 * i messages, each after the last one's ACK; clients start evenly over `spread` seconds, so that few of them overlap,
as when a script starts one after the other. In each round brunt and the C clients take turns. The figure is the median over all lines of
a client's median round trip.
"""
import argparse
import csv
import pathlib
import statistics
import subprocess
import tempfile
import time

from messages import machine, run_plan, server

PLAN = """
scenarios:
  climb:
    target: localhost:{port}
    executor: per-vu-iterations
    vus: {clients}
    iterations: "${{10 * vu}}"
    ramp_up: {spread}s
    subjects: client
    steps: [ {{ frame: {{ size: 32 }} }} ]
"""


def by_brunt(folder, port, options):
    run_plan(folder, PLAN.format(port=port, clients=options.clients, spread=options.spread), "--out", f"analysis={folder}/analysis.csv")
    with open(f"{folder}/analysis.csv") as lines:
        return [(float(row["connect_time_us"]), float(row["median_rtt_us"])) for row in csv.DictReader(lines)]


def by_c(program, port, options):
    clients, start = [], time.monotonic()
    for i in range(1, options.clients + 1):
        due = start + options.spread * i / options.clients
        time.sleep(max(0, due - time.monotonic()))
        clients.append(subprocess.Popen([program, "-n", str(10 * i), "-c", str(i), "-p", str(port)], stdout=subprocess.PIPE, text=True))
    lines = [client.communicate()[0].strip().split(",") for client in clients]
    return [(float(line[1]), float(line[2])) for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=249)
    parser.add_argument("--spread", type=float, default=5)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="brunt-bench-") as folder:
        program = f"{folder}/blocking_client"
        source = pathlib.Path(__file__).with_name("blocking_client.c")
        subprocess.run(["cc", "-O2", "-o", program, str(source)], check=True)
        ratios = []
        for round_number in range(options.rounds):
            medians = {}
            for name in ("brunt", "C") if round_number % 2 == 0 else ("C", "brunt"):
                with server() as (port, _):
                    lines = by_brunt(folder, port, options) if name == "brunt" else by_c(program, port, options)
                connects, rtts = zip(*lines)
                medians[name] = statistics.median(rtts)
                print(f"round {round_number + 1}: {name:5}  {len(lines)} lines  connect {statistics.median(connects):6.1f} us"
                      f"  median RTT {medians[name]:6.1f} us (lines {min(rtts):.1f} to {max(rtts):.1f})", flush=True)
            ratios.append(medians["brunt"] / medians["C"])
        print(f"brunt / C client: {statistics.median(ratios):.2f} (rounds {', '.join(f'{r:.2f}' for r in ratios)}); at most 1.25 is wanted")


if __name__ == "__main__":
    main()
