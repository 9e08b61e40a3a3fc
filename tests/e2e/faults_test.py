"""Outages on a timetable: real Redis, nginx and Prometheus frozen, killed and restarted; and brunt itself killed."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from harness import Case, free_port

NGINX = """
name: faulty
seed: 3
services:
  web: { engine: nginx }
scenarios:
  get:
    target: web
    executor: constant-arrival-rate
    rate: 50/s
    duration: 8s
    pre_allocated_vus: 20
    max_vus: 100
    timeout: 2s
    steps: [ { GET: / } ]
faults:
"""


def children_of(pid):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(entry.parent.name)
            found += [child] + children_of(child)
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Faults(Case):
    def bands(self, report):
        return {event["fault"]: event for event in report["events"] if event["kind"] == "fault"}

    def test_a_server_that_is_frozen_killed_and_restarted_shows_its_bands(self):
        plan = self.write("plan.yaml", NGINX + """
  cold:   { freeze: web, at: 1s, for: 1s }
  crash:  { kill: web, at: 3s, for: 1s }
  deploy: { restart: web, at: 6s }
  road:   { cut: get->web, at: 5s, for: 500ms }
  far:    { slow: get->web, rtt: 300ms, at: 7s, for: 500ms }
""")
        done = self.brunt("run", plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = self.report()
        bands = self.bands(report)
        self.assertEqual(set(bands), {"cold", "crash", "deploy", "road", "far"})
        for name, planned in (("cold", 1000), ("crash", 3000), ("road", 5000), ("deploy", 6000), ("far", 7000)):
            self.assertGreaterEqual(bands[name]["from_ms"], planned)
            self.assertGreater(bands[name]["to_ms"], bands[name]["from_ms"])
        self.assertEqual(bands["cold"]["text"], "cold: web frozen")
        # Nobody listened for a second or more: refused, and afterwards it was well again.
        self.assertGreater(report["all_requests"]["failed"], 20)
        self.assertLess(report["all_requests"]["failed_share"], 0.9)
        self.assertIn("Faults", done.stdout)
        self.assertIn("fault crash: web killed", done.stderr)
        self.assertNotIn("while the run went on", done.stdout)
        csv = self.brunt("report", "--format", "csv").stdout
        self.assertEqual(csv.count(",fault,"), 5)
        self.assertIn("far: get->web slowed by 300ms of round trip", self.brunt("report", "--format", "html").stdout)
        web = report["processes"][0]
        self.assertEqual((web["name"], web["kind"]), ("web", "nginx"))
        self.assertTrue((self.folder / web["log"]).exists(), web["log"])

    @unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
    def test_redis_keeps_what_it_acknowledged_over_a_kill(self):
        script = self.write("client.py", r'''
import socket, sys, time
host, port = sys.argv[1].split(":")
def ask(text):
    with socket.create_connection((host, int(port)), 2) as s:
        s.settimeout(2); s.sendall(text.encode()); return s.recv(100).decode()
acknowledged = 0
print("ready", flush=True)
while True:
    try:
        if ask("RPUSH queue x\r\n").startswith(":"): acknowledged += 1
        length = int(ask("LLEN queue\r\n")[1:])
        print("acknowledged", acknowledged, "there", length, flush=True)
    except OSError as error:
        print("down", error, flush=True)
    time.sleep(0.02)
''')
        plan = self.write("plan.yaml", f"""
services:
  queue: {{ engine: redis }}
  client: {{ command: [python3, {script}, "${{queue.address}}"], ready: {{ log: "^ready" }} }}
  web: {{ engine: nginx }}
scenarios:
  get: {{ target: web, executor: constant-vus, vus: 1, duration: 5s, steps: [ {{ GET: / }}, {{ think: 100ms }} ] }}
faults:
  crash: {{ kill: queue, at: [1s, 3s], for: 500ms }}
""")
        done = self.brunt("run", plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = self.report()
        log = next(p["log"] for p in report["processes"] if p["name"] == "client")
        lines = (self.folder / log).read_text().splitlines()
        self.assertTrue(any(line.startswith("down") for line in lines))
        counts = [line.split() for line in lines if line.startswith("acknowledged")]
        self.assertGreater(len(counts), 20)
        for words in counts:
            self.assertGreaterEqual(int(words[3]), int(words[1]))

    @unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
    def test_prometheus_is_stopped_and_comes_back(self):
        plan = self.write("plan.yaml", """
services:
  prom: { engine: prometheus }
scenarios:
  get: { target: prom, executor: constant-vus, vus: 1, duration: 4s, steps: [ { GET: /-/ready }, { think: 50ms } ] }
faults:
  out: { stop: prom, at: 1s, for: 1s }
""")
        done = self.brunt("run", plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = self.report()
        self.assertEqual(list(self.bands(report)), ["out"])
        self.assertGreater(report["all_requests"]["failed"], 0)
        # The last requests are answered again.
        self.assertLess(report["all_requests"]["failed_share"], 1)

    def test_a_killed_brunt_leaves_no_child_not_even_a_frozen_one(self):
        temporary = self.folder / "tmp"
        temporary.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        services = "  web: { engine: nginx }\n"
        faults = "  cold: { freeze: web, at: 500ms, for: 1m }\n"
        if shutil.which("redis-server"):
            services += "  queue: { engine: redis }\n"
            faults += "  cold2: { freeze: queue, at: 500ms, for: 1m }\n"
        if pathlib.Path("/usr/lib/postgresql").exists():
            services += "  db: { engine: postgres }\n"
            faults += "  cold3: { freeze: db, at: 500ms, for: 1m }\n"
        plan = self.write("plan.yaml", NGINX.replace("  web: { engine: nginx }\n", services).replace("8s", "60s") + faults)
        run = self.brunt_started("run", plan, env={**os.environ, "TMPDIR": str(temporary)})
        frozen = 0
        for line in run.stderr:
            frozen += line.startswith("fault") and "frozen" in line
            if frozen == faults.count("freeze"):
                break
        children = children_of(run.pid)
        self.assertGreater(len(children), 2)
        run.kill()
        run.wait()
        end = time.monotonic() + 20
        while any(is_alive(child) for child in children) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual([child for child in children if is_alive(child)], [])
        # What is left on disk is swept by the next run; the log of the dead one stays.
        self.assertEqual(len(list(temporary.glob("brunt-run-*"))), 1)
        quick = self.write("quick.yaml", NGINX.replace("8s", "1s").replace("faults:\n", ""))
        self.assertEqual(self.brunt("run", quick, env={"TMPDIR": str(temporary)}).returncode, 0)
        self.assertEqual(list(temporary.glob("brunt-run-*")), [])
        self.assertEqual(len(list((self.folder / ".brunt/logs").glob("*/web.log"))), 2)

    def test_what_was_planned_wrongly_is_told_before_anything_starts(self):
        for fault, words in (
                ("a: { stop: webb, at: 1s, for: 1s }", 'there is no service "webb"; did you mean "web"?'),
                ("a: { freeze: web, at: 1s, for: 3s }\n  b: { kill: web, at: 2s }", "overlap on web"),
                ("a: { cut: get->wob, at: 1s, for: 1s }", 'there is no link "get->wob"')):
            plan = self.write("plan.yaml", NGINX + "  " + fault + "\n")
            done = self.brunt("check", plan)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
            self.assertRegex(done.stderr, r"plan.yaml:\d+:\d+: ")

    def test_a_service_that_does_not_come_back_is_told_and_the_run_ends(self):
        marker = self.folder / "started"
        port = free_port()
        command = f"if [ -e {marker} ]; then echo broken for good; exit 3; fi; touch {marker}; exec python3 -m http.server {port} --bind 127.0.0.1"
        plan = self.write("plan.yaml", f"""
services:
  web: {{ command: "{command}", address: "127.0.0.1:{port}" }}
scenarios:
  get: {{ target: web, executor: constant-vus, vus: 1, duration: 3s, steps: [ {{ GET: / }}, {{ think: 50ms }} ] }}
faults:
  crash: {{ kill: web, at: 1s, for: 500ms }}
""")
        done = self.brunt("run", plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("faults.crash: web killed: could not be undone", done.stdout)
        self.assertIn("broken for good", done.stdout)
        self.assertGreater(self.bands(self.report())["crash"]["to_ms"], 2500)

    def starved(self, service, scenario, starvation):
        plan = self.write("plan.yaml", f"""
services:
  {service}
scenarios:
  {scenario}
faults:
  hungry: {{ starve: queue, {starvation}, at: 1500ms, for: 2s }}
""")
        done = self.brunt("run", plan)
        if done.returncode and "this machine" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done, self.report()

    @unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
    def test_a_redis_whose_disk_is_full_ends_rather_than_lose_what_it_acknowledges_and_that_is_told(self):
        done, report = self.starved(
            "queue: { engine: redis }",
            "push: { target: queue, executor: constant-arrival-rate, rate: 50/s, duration: 6s, pre_allocated_vus: 10, "
            "steps: [ { redis: [LPUSH, jobs, x] } ] }",
            "disk: full")
        band = self.bands(report)["hungry"]
        self.assertEqual(band["text"], "hungry: queue with a full disk")
        self.assertGreaterEqual(band["to_ms"] - band["from_ms"], 2000)
        # With `appendfsync always` it ends when it cannot write its log, in the middle of the run.
        self.assertIn("queue exited with 1 while the run went on", done.stdout)
        self.assertIn("Can't recover from AOF write error", (self.folder / report["processes"][0]["log"]).read_text())
        self.assertGreater(report["all_requests"]["failed"], 100)
        self.assertLess(report["all_requests"]["failed_share"], 0.9)

    def test_a_service_that_wants_more_memory_than_it_gets_dies_of_it_and_that_is_told(self):
        port = free_port()
        server = self.write("server.py", f'''
import http.server
kept = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kept.append(b"x" * 4_000_000)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
''')
        done, report = self.starved(
            f'queue: {{ command: [python3, {server}], address: "127.0.0.1:{port}" }}',
            "get: { target: queue, executor: constant-arrival-rate, rate: 10/s, duration: 5s, pre_allocated_vus: 10, timeout: 1s, "
            "steps: [ { GET: / } ] }",
            "memory: 48MiB")
        self.assertEqual(self.bands(report)["hungry"]["text"], "hungry: queue with 50.3 MB of memory")
        self.assertIn("queue killed by SIGKILL while the run went on", done.stdout)
        self.assertGreater(report["all_requests"]["failed"], 5)

    def test_a_rehearsal_shows_the_same_timetable_in_virtual_time(self):
        plan = self.write("plan.yaml", NGINX.replace("duration: 8s", "duration: 6h").replace("50/s", "1/s") + """
  outages: { stop: web, up: 30m..40m, down: 1m..3m }
""")
        first = self.brunt("rehearse", plan)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("✗ web stopped", first.stdout)
        self.assertIn("outages: web stopped", first.stdout)
        self.assertIn("failed", first.stdout)
        self.assertEqual(first.stdout, self.brunt("rehearse", plan).stdout)
        report = json.loads(self.brunt("rehearse", plan, "--format", "json").stdout)
        self.assertGreaterEqual(len(report["events"]), 7)


if __name__ == "__main__":
    unittest.main()
