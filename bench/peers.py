"""What the comparisons share: a real nginx, tools run side by side in interleaved rounds, medians and spread."""
import contextlib
import os
import pathlib
import platform
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BRUNT = os.environ.get("BRUNT", str(ROOT / "build/release/brunt"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def nginx(answer="hello world\\n"):
    """One worker that answers these few bytes; gives its URL."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-bench-"))
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
        events {{ worker_connections 16384; }}
        http {{
          access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type text/plain;
          client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
          server {{ listen 127.0.0.1:{port} backlog=4096;
                    location / {{ return 200 "{answer}"; }}
                    location = /status {{ stub_status; }} }}
        }}""")
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"])
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def served(url):
    """Requests that nginx has answered so far, by its own count."""
    text = urllib.request.urlopen(url + "status").read().decode()
    return int(text.splitlines()[2].split()[2])


def measure(url, argv, environment=None):
    """Runs a tool to its end; gives requests by the server's count, and the tool's own CPU seconds (children too)."""
    before, requests = resource.getrusage(resource.RUSAGE_CHILDREN), served(url)
    started = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"requests": served(url) - requests - 1, "cpu": cpu, "seconds": seconds, "code": done.returncode,
            "out": done.stdout, "err": done.stderr}


def resident(argv, vus, folder=None):
    """KiB that a brunt run of so many VUs holds once all of them are there; it is ended then."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        time.sleep(5 + vus / 1000)
        with open(f"/proc/{process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    finally:
        process.kill()
        process.wait()


def median_and_spread(values):
    return f"{statistics.median(values):>12,.0f}   {min(values):>11,.0f} to {max(values):,.0f}"


def machine():
    """What absolute figures depend on: printed beside them."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "?")
    started = time.perf_counter()
    for _ in range(200_000):
        os.getppid()
    call = (time.perf_counter() - started) / 200_000 * 1e9
    with tempfile.NamedTemporaryFile(dir=".") as file:
        costs = []
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            costs.append((time.perf_counter() - started) * 1e6)
    return (f"{platform.system()} {platform.release()}, {os.cpu_count()} x {model}; a system call from Python {call:.0f} ns, "
            f"fdatasync {statistics.median(costs):.0f} µs")
