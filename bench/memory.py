#!/usr/bin/env python3
"""What a virtual user costs in resident memory: each with its connection, a request completed and another due.

    bench/memory.py [--vus 15000] [--processes N]

Runs plans/connections.yaml against nginx (as many workers as the connections need) and samples VmRSS of all of brunt's processes
when every user has had its first answer. The resident set of a run with 10 users is what brunt itself needs; the rest is the users'.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from peers import BRUNT, ROOT, free_port, machine


def nginx(folder, port, workers):
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes {workers}; pid nginx.pid; error_log stderr error; worker_rlimit_nofile 19900;
        events {{ worker_connections 19000; }}
        http {{
          access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
          client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
          server {{ listen 127.0.0.1:{port} backlog=4096 reuseport; location / {{ return 200 "hello world\\n"; }}
                    location = /status {{ stub_status; }} }}
        }}""")
    return subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"])


def resident(root):
    """VmRSS in KiB of a process and all below it, and how many generator processes there are."""
    total, generators, todo = 0, 0, [root]
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/status") as status:
                total += next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), 0)
            with open(f"/proc/{pid}/cmdline") as line:
                generators += "generator\0" in line.read()
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    todo += [int(child) for child in children.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total, max(generators, 1)


def sample(url, vus, extra):
    argv = [BRUNT, "run", str(ROOT / "plans/connections.yaml"), "--set", f"url={url}", "--no-ledger", "--quiet",
            "--set", f"holder.stages.0.target={vus}", "--set", f"holder.stages.1.target={vus}",
            "--set", "holder.stages.1.duration=14s", *extra]
    run = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(22)  # The ramp takes 10 s; until 30 s nobody's second request is due.
    kib, generators = resident(run.pid)
    out, err = run.communicate(timeout=120)
    return kib, generators, run.returncode, out, err


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--vus", type=int, default=15000)
    options.add_argument("--processes", type=int, default=0)
    asked = options.parse_args()
    print(machine())
    extra = ["--processes", str(asked.processes)] if asked.processes else []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-bench-"))
    port = free_port()
    server = nginx(folder, port, max(1, asked.vus // 12000 + 1))
    time.sleep(1)
    url = f"http://127.0.0.1:{port}/"
    try:
        base, base_generators, code, _, err = sample(url, 10, [])
        assert code == 0, err
        many, generators, code, out, err = sample(url, asked.vus, extra)
        print("\n".join(line for line in (err + out).splitlines() if "http_req_failed" in line or "generator process" in line))
        own = base * generators / base_generators
        print(f"{asked.vus:,} users in {generators} process(es), exit code {code}: {many / 1024:,.0f} MiB resident; "
              f"brunt itself {own / 1024:,.0f} MiB")
        print(f"each user: {(many - own) / asked.vus:.2f} KiB ({many / asked.vus:.2f} KiB with brunt itself)")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
