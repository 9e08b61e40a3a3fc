"""What the end-to-end tests share: the binary, real servers in temporary directories on free loopback ports, and their end."""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BRUNT = os.environ.get("BRUNT", str(ROOT / "build/release/brunt"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port} after {seconds} s")


def npm_folder():
    """The folder with what the tests take from npm, installed there once for each lock file."""
    folder = ROOT / "tests/e2e/npm"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "node_modules/.installed"
    with open(folder / ".install.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True, capture_output=True, timeout=300)
            mark.write_text(wanted)
    return folder


class Case(unittest.TestCase):
    """A test with a folder of its own; what it starts is stopped with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brunt-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, argv, **options):
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder, **options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()

    def brunt(self, *args, timeout=90, env=None, stdin=None):
        """Runs brunt to its end; gives the finished process with stdout, stderr, returncode."""
        return subprocess.run([BRUNT, *args], capture_output=True, text=True, timeout=timeout, cwd=self.folder, input=stdin,
                              env={**os.environ, **(env or {})})

    def assert_passed(self, done):
        """Exit code 0; a machine that has other work to do may also be told that it was too slow."""
        busy = os.getloadavg()[0] > 1.5 * os.cpu_count()
        self.assertIn(done.returncode, (0, 99, 120) if busy else (0,), done.stderr + done.stdout)

    def brunt_started(self, *args, **options):
        return self.start([BRUNT, *args], **options)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def report(self, run="last"):
        done = self.brunt("report", run, "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def nginx(self, location='return 200 "hello world\\n";', extra=""):
        """A real nginx with one worker; gives its port."""
        port = free_port()
        self.write("nginx/nginx.conf", f"""
            daemon off; master_process on; worker_processes 1; pid nginx.pid; error_log stderr error;
            events {{ worker_connections 16384; }}
            http {{
              access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type text/plain;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
              server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ {location} }} {extra} }}
            }}""")
        folder = self.folder / "nginx"
        self.nginx_process = self.start([shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"])
        wait_for_port(port)
        return port
