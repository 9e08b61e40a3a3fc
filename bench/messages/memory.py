#!/usr/bin/env python3
"""Memory of the message server for each connection, of which each sends a message every two seconds.

  bench/messages/memory.py [--clients 20000] [--seconds 10] [--threads 1] [--build DIR]

Prints resident memory of the server's processes before, and with all connected; the kernel's memory for sockets comes on top
(/proc/net/sockstat, both sides). Beyond 20,000 clients the server takes several processes, and so does the load.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS_A_PROCESS = 19_000


def family(pid):
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [str(pid), *children]


def private_kib(pid):
    """Memory that is this server's alone; what it shares is counted once, by halves (Pss)."""
    total = 0
    for one in family(pid):
        total += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{one}/smaps_rollup").read(), re.M).group(1))
    return total


def kernel_tcp_kib():
    return int(re.search(r"TCP: .* mem (\d+)", open("/proc/net/sockstat").read()).group(1)) * 4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--durability", default="ack-after-write")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench", help="with -DBRUNT_BENCHES=ON")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="brunt-bench-")
    server = subprocess.Popen([args.build / "brunt", "serve", "messages", "--listen", "127.0.0.1:0", "--output", f"{folder}/out.dat",
                               "--clients", str(args.clients), "--threads", args.threads, "--durability", args.durability,
                               "--backend", args.backend], stdout=subprocess.PIPE, text=True)
    loads = []
    try:
        line = server.stdout.readline()
        print(line.strip())
        port = re.search(r":(\d+)", line).group(1)
        time.sleep(1)
        before, kernel_before = private_kib(server.pid), kernel_tcp_kib()
        for first in range(0, args.clients, CLIENTS_A_PROCESS):
            count = min(CLIENTS_A_PROCESS, args.clients - first)
            loads.append(subprocess.Popen([args.build / "bench/message_load", "hold", port, str(count), str(first), str(args.seconds), "2"],
                                          stdout=subprocess.PIPE, text=True))
        for load in loads:
            if load.stdout.readline() != "ready\n":
                raise SystemExit("not every client had an ACK: give it more --seconds")
        time.sleep(2)
        after, kernel_after = private_kib(server.pid), kernel_tcp_kib()
        print(f"{args.clients} connections: {after - before} KiB, {(after - before) / args.clients:.2f} KiB each "
              f"({after / args.clients:.2f} KiB with the server itself, {before} KiB); "
              f"kernel's TCP buffers, both sides: {(kernel_after - kernel_before) / args.clients:.2f} KiB each")
        for load in loads:
            print(load.stdout.read().strip())
    finally:
        for load in loads:
            load.kill()
        server.terminate()
        server.wait()
    subprocess.run([args.build / "brunt", "tool", "messages-verify", f"{folder}/out.dat", "--first", "1"])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
