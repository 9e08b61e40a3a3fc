#!/usr/bin/env python3
"""Scripts of gRPC and WebSockets: calls and messages per CPU-second beside http.get, and memory of a VU.

    tools/install_deps build test bench
    tools/build release && cmake --preset release -B build/bench -DBRUNT_BENCHES=ON && cmake --build build/bench --target echo_peer
    bench/k6/sockets.py [--rounds 3] [--seconds 4] [--vus 100] [--memory 1000]

Each iteration is one call, message or request, and one check. gRPC and WebSockets are answered by echo_peer.cc, http.get by nginx with one
worker; 128 bytes each way. One generator thread; CPU by the kernel (the whole process, start and report included). Memory: resident set of
a run whose VUs sleep with their connection open, before or after a call or a message, less that of one with a single VU, by the number of VUs.
"""
import argparse
import contextlib
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from peers import BRUNT, ROOT, machine, median_and_spread, nginx, resident  # noqa: E402

PROTO = 'syntax = "proto3"; package echo; message Text { string text = 1; } service Echo { rpc Say(Text) returns (Text); }'
TEXT = "const text = 'x'.repeat(128);\n"
HEAD = "import { check, sleep } from 'k6';\n" + TEXT
SCRIPTS = {
    "http.get": HEAD + """
import http from 'k6/http';
export default function () { check(http.get(__ENV.URL), { 'status is 200': (r) => r.status === 200 }); }
""",
    "gRPC invoke": HEAD + """
import grpc from 'k6/net/grpc';
const client = new grpc.Client();
client.load([], 'echo.proto');
let connected = false;
export default function () {
  connected ||= client.connect(__ENV.GRPC, { plaintext: true });
  check(client.invoke('echo.Echo/Say', { text }), { 'is OK': (r) => r.status === grpc.StatusOK && r.message.text === text });
}
""",
    "WebSocket": HEAD + """
import ws from 'k6/ws';
export default function () {
  ws.connect(__ENV.WS, (socket) => {
    const until = Date.now() + Number(__ENV.SECONDS) * 1000;
    socket.on('open', () => socket.send(text));
    socket.on('message', (back) => {
      check(back, { same: (b) => b === text });
      if (Date.now() < until) socket.send(text);
      else socket.close();
    });
  });
}
""",
}
IDLE = {
    "gRPC": HEAD + """
import grpc from 'k6/net/grpc';
const client = new grpc.Client();
client.load([], 'echo.proto');
export default function () {
  client.connect(__ENV.GRPC, { plaintext: true });
  if (__ENV.USED === 'yes') check(client.invoke('echo.Echo/Say', { text }), { 'is OK': (r) => r.status === 0 });
  sleep(100);
}
""",
    "WebSocket": HEAD + """
import ws from 'k6/ws';
export default function () {
  ws.connect(__ENV.WS, (socket) => {
    socket.on('open', () => { if (__ENV.USED === 'yes') socket.send(text) });
    socket.on('message', (back) => check(back, { same: (b) => b === text }));
  });
}
""",
}


@contextlib.contextmanager
def echo_peer(build):
    process = subprocess.Popen([build / "bench/echo_peer"], stdout=subprocess.PIPE, text=True)
    try:
        grpc, ws = (int(process.stdout.readline()) for _ in range(2))
        yield [f"GRPC=127.0.0.1:{grpc}", f"WS=ws://127.0.0.1:{ws}/"]
    finally:
        process.terminate()
        process.wait()


def words(script, environment, more):
    return [BRUNT, "run", str(script), *(word for one in environment for word in ("-e", one)), *more, "--no-ledger", "--quiet"]


def rate(folder, name, environment, asked):
    script = folder / "load.js"
    script.write_text(SCRIPTS[name])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = ["--vus", str(asked.vus), "--summary-export", str(folder / "summary.json")]
    load += ["--iterations", str(asked.vus)] if name == "WebSocket" else ["--duration", f"{asked.seconds}s"]
    done = subprocess.run(words(script, environment, load), capture_output=True, text=True, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    metrics = json.loads((folder / "summary.json").read_text())["metrics"]
    if metrics["checks"]["fails"] > 0:
        sys.exit(f"{name}: checks failed: {done.stderr[-400:]}")
    count = metrics["checks"]["passes"]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return count / cpu, count / asked.seconds


def idle(folder, name, environment, vus, used):
    script = folder / "idle.js"
    script.write_text(IDLE[name])
    load = ["-e", f"USED={used}", "--vus", str(vus), "--duration", "20s"]
    return resident(words(script, environment, load), vus, folder)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--vus", type=int, default=100)
    options.add_argument("--memory", type=int, default=1000, help="VUs of the measure of memory; 0: none")
    options.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench", help="with -DBRUNT_BENCHES=ON")
    asked = options.parse_args()
    print(machine())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-bench-"))
    (folder / "echo.proto").write_text(PROTO)
    try:
        with nginx("x" * 128) as url, echo_peer(asked.build) as peer:
            environment = [*peer, f"URL={url}", f"SECONDS={asked.seconds}"]
            found = {name: [] for name in SCRIPTS}
            for _ in range(asked.rounds):
                for name in SCRIPTS:
                    found[name].append(rate(folder, name, environment, asked))
            print(f"\nper CPU-second, {asked.vus} VUs, {asked.rounds} interleaved rounds of {asked.seconds} s; in brackets each second")
            for name, values in found.items():
                ratio = statistics.median(one[0] / get[0] for one, get in zip(values, found["http.get"]))
                each_second = statistics.median(one[1] for one in values)
                print(f"{name:16}{median_and_spread([one[0] for one in values]):40}{ratio:8.2f} x http.get   ({each_second:,.0f}/s)")
            for name in IDLE if asked.memory else ():
                one = idle(folder, name, environment, 1, "no")
                for used in ("no", "yes"):
                    many = idle(folder, name, environment, asked.memory, used)
                    print(f"{name}: {(many - one) / (asked.memory - 1):.1f} KiB a VU of {asked.memory}, {'after one' if used == 'yes' else 'connected'}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
