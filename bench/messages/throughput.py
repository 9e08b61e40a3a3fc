#!/usr/bin/env python3
"""Messages a second through one server thread, beside a raw echo of the same bytes on the same loop.

  bench/messages/throughput.py [--rounds N] [--seconds S] [--backend auto|epoll|io_uring] [--build DIR]

In interleaved rounds, for several numbers of connections and of messages in flight on each. The load
(message_load) is one thread on bare epoll; CPU is that of the whole server process, the accumulator included.
"""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = [(64, 1), (64, 8), (256, 8), (16, 64)]  # Connections, in flight on each.


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(argv, port_of, answer, shape, args):
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        port = port_of(server.stdout.readline())
        connections, in_flight = shape
        before = cpu_seconds(server.pid)
        done = subprocess.run([args.build / "bench/message_load", "flood", port, str(connections), str(in_flight),
                               str(args.seconds), str(args.payload), answer], capture_output=True, text=True, check=True)
        rate = float(done.stdout)
        return rate, rate * args.seconds / (cpu_seconds(server.pid) - before)
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--payload", type=int, default=32)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--durability", default="ack-after-write")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench", help="with -DBRUNT_BENCHES=ON")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="brunt-bench-")
    try:
        print(f"{args.rounds} rounds of {args.seconds} s, {args.payload} bytes of payload, {args.backend}, {args.durability}")
        print("connections x in flight   echo/s (spread)             messages/s (spread)         ratio   per CPU-second: ratio")
        for shape in SHAPES:
            echo, ours = [], []
            for _ in range(args.rounds):
                echo.append(measure([args.build / "bench/echo_server", args.backend], str.strip, "echo", shape, args))
                ours.append(measure([args.build / "brunt", "serve", "messages", "--listen", "127.0.0.1:0", "--output", f"{folder}/out.dat",
                                     "--durability", args.durability, "--backend", args.backend],
                                    lambda line: re.search(r":(\d+)", line).group(1), "ack", shape, args))
                subprocess.run([args.build / "brunt", "tool", "messages-verify", f"{folder}/out.dat", "--first", "1"], check=True,
                               stdout=subprocess.DEVNULL)
                os.unlink(f"{folder}/out.dat")
            ratio = statistics.median(o[0] / e[0] for o, e in zip(ours, echo))
            cpu_ratio = statistics.median(o[1] / e[1] for o, e in zip(ours, echo))
            text = [f"{statistics.median(x[0] for x in xs):>9,.0f} ({min(x[0] for x in xs):,.0f} to {max(x[0] for x in xs):,.0f})" for xs in (echo, ours)]
            print(f"{shape[0]:>6} x {shape[1]:<3} {text[0]:>38} {text[1]:>36}   {ratio:.2f}   {cpu_ratio:.2f}", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
