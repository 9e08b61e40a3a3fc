#!/usr/bin/env python3
"""100,000 clients of the message server at once, each with a message every two seconds: what is lost, and what a connection costs.

    bench/messages/capacity.py [--clients 100000] [--ramp 40] [--hold 60]

Both sides in as many processes as the connections need. Resident memory of each side is sampled while all are connected; a run with ten
clients says what the programs need themselves. Afterwards `brunt tool messages-verify` reads the server's output.
"""
import argparse
import pathlib
import subprocess
import tempfile
import threading
import time

from messages import BRUNT, machine, resident, run_plan, server

PLAN = """
scenarios:
  client:
    target: localhost:{port}
    executor: ramping-vus
    start_vus: {first}
    stages:
      - {{ duration: {ramp}s, target: {clients} }}
      - {{ duration: {hold}s, target: {clients} }}
    graceful_stop: 10s
    steps:
      - frame: {{ size: 32 }}
      - think: 1.9s..2.1s
"""


def sample(folder, clients, ramp, hold):
    """The report, what both sides held in KiB in the middle of the plateau, and what verify says."""
    output = pathlib.Path(folder) / f"messages-{clients}.dat"
    held = {}
    with server("--clients", str(clients + 500), "--output", str(output)) as (port, process):
        def look():
            time.sleep(ramp + hold * 0.7)
            held["server"] = resident(process.pid)
            for child in subprocess.run(["pgrep", "-f", f"run {folder}/plan.yaml"], capture_output=True, text=True).stdout.split():
                held["brunt"] = max(held.get("brunt", 0), resident(int(child)))
        threading.Thread(target=look, daemon=True).start()
        report, code = run_plan(folder, PLAN.format(port=port, clients=clients, first=min(1000, clients), ramp=ramp, hold=hold))
    verified = subprocess.run([BRUNT, "tool", "messages-verify", str(output)], capture_output=True, text=True)
    return report, code, held, verified.stdout + verified.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--ramp", type=int, default=40)
    parser.add_argument("--hold", type=int, default=60)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="brunt-bench-") as folder:
        _, _, alone, _ = sample(folder, 10, 2, 4)
        report, code, held, verified = sample(folder, options.clients, options.ramp, options.hold)
    whole = report["all_requests"]
    latency = whole["latency_ms"]
    print(f"{options.clients} clients: {latency['count']} messages, {whole['failed']} failed; p50 {latency['p50']:.3f} ms, p95 {latency['p95']:.1f} ms,"
          f" p99 {latency['p99']:.1f} ms" + f"; {report['run']['verdict']}")
    for side in ("server", "brunt"):
        print(f"{side}: {held.get(side, 0) / 1024:.0f} MiB, {(held.get(side, 0) - alone.get(side, 0)) / options.clients:.2f} KiB a connection")
    print(verified)


if __name__ == "__main__":
    main()
