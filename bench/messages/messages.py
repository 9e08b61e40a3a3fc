"""What the comparisons of the message server share: the server, and brunt's plans against it."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from peers import BRUNT, free_port, machine  # noqa: E402,F401


@contextlib.contextmanager
def server(*options):
    """`brunt serve messages` in a folder of its own; gives its port and its process."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-bench-"))
    port = free_port()
    argv = [BRUNT, "serve", "messages", "--listen", f"127.0.0.1:{port}", *options]
    if "--output" not in options:
        argv += ["--output", str(folder / "messages.dat")]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(1000):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            if process.poll() is not None:
                raise SystemExit((folder / "log").read_text())
            time.sleep(0.01)
        yield port, process
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def run_plan(folder, text, *options):
    """Runs a plan to its end; gives its JSON report."""
    plan = pathlib.Path(folder) / "plan.yaml"
    plan.write_text(text)
    done = subprocess.run([BRUNT, "run", str(plan), "--no-ledger", "--quiet", "--format", "json", *options],
                          capture_output=True, text=True, cwd=folder)
    if done.returncode not in (0, 120):
        raise SystemExit(f"{text}\n{done.stderr}{done.stdout[:2000]}")
    return json.loads(done.stdout), done.returncode


def resident(root):
    """VmRSS in KiB of a process and all below it."""
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))
            for task in os.listdir(f"/proc/{pid}/task"):
                todo += [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    return total
