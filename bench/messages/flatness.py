#!/usr/bin/env python3
"""Does a message take longer when 50,000 clients are connected instead of 250, at the same 5,000 messages a second in all?

    bench/messages/flatness.py [--rounds 2] [--few 250] [--many 50000] [--rate 5000]

Interleaved rounds; brunt and the server take the processes that the connections need. What is compared is the median round trip after
every client has its connection.
"""
import argparse
import statistics
import tempfile

from messages import machine, run_plan, server

PLAN = """
warmup: {warmup}s
scenarios:
  client:
    target: localhost:{port}
    executor: ramping-arrival-rate
    start_rate: {connects}/s
    stages: [ {{ duration: {connecting}s, target: {connects}/s }}, {{ duration: 0s, target: {rate}/s }}, {{ duration: {rest}s, target: {rate}/s }} ]
    pre_allocated_vus: {clients}
    vu_choice: longest_free
    steps: [ {{ frame: {{ size: 32 }} }} ]
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--few", type=int, default=250)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--connects", type=int, default=2000, help="new clients each second before it is measured")
    parser.add_argument("--measured", type=int, default=10, help="seconds")
    options = parser.parse_args()
    print(machine())
    ratios = []
    with tempfile.TemporaryDirectory(prefix="brunt-bench-") as folder:
        for round_number in range(options.rounds):
            medians = {}
            for clients in (options.few, options.many):
                # Every client connects with its first message; slowly, so that nothing of it is left when the measuring begins.
                connecting = -(-clients // options.connects)
                plan = dict(rate=options.rate, clients=clients, connects=options.connects, connecting=connecting, warmup=connecting + 3,
                            rest=3 + options.measured)
                with server("--clients", str(clients + 500)) as (port, _):
                    report, code = run_plan(folder, PLAN.format(port=port, **plan))
                latency = report["all_requests"]["latency_ms"]
                medians[clients] = latency["p50"] * 1000
                print(f"round {round_number + 1}: {clients:6} clients  p50 {latency['p50'] * 1000:7.1f} us  p95 {latency['p95'] * 1000:7.1f} us"
                      f"  p99 {latency['p99'] * 1000:7.1f} us  {latency['count']} messages" + ("  NOT VALID" if code else ""), flush=True)
            ratios.append(medians[options.many] / medians[options.few])
    print(f"{options.many} / {options.few} clients: {statistics.median(ratios):.2f} (rounds {', '.join(f'{r:.2f}' for r in ratios)}); at most 1.5 is wanted")


if __name__ == "__main__":
    main()
