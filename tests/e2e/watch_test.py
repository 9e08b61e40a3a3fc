#!/usr/bin/env python3
"""What is sampled of services while they are loaded."""
import unittest

from harness import Case, free_port, wait_for_port

BUILTIN = """
services:
  web: { builtin: iot }
WATCH
scenarios:
  readers: { target: web, executor: constant-vus, vus: 10, duration: 3s, steps: [ { GET: /statistics } ] }
expect:
  http_req_failed: "rate == 0"
"""


class Watching(Case):
    def test_a_service_that_brunt_starts_stands_beside_its_clients(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", ""))
        done = self.brunt("run", plan, "-q", "--html", "page.html")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("Services", done.stdout)
        record = self.report()
        (web,) = record["services"]
        self.assertEqual(web["name"], "web")
        self.assertGreater(web["cpu_cores_mean"], 0.01)
        self.assertGreater(web["rss_bytes_max"], 1_000_000)
        self.assertGreaterEqual(web["descriptors_max"], 10)
        self.assertGreater(web["switches_voluntary_rate"] + web["switches_involuntary_rate"], 0)
        self.assertGreater(record["host"]["cpu_cores_mean"], web["cpu_cores_mean"] * 0.5)
        self.assertIn("Memory of the services", (self.folder / "page.html").read_text())
        rows = self.brunt("report", "--format", "csv").stdout
        self.assertIn("service_rss", rows)

    def test_a_service_that_shall_not_be_watched_is_not(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", "watch: { web: { process: false } }"))
        done = self.brunt("run", plan, "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(self.report()["services"], [])

    def test_a_process_that_runs_already_is_watched_by_its_number(self):
        port = free_port()
        server = self.start(["redis-server", "--port", str(port), "--save", "", "--dir", str(self.folder)])
        wait_for_port(port)
        plan = self.write("plan.yaml", f"""
services: {{ queue: {{ address: "127.0.0.1:{port}" }}, web: {{ builtin: iot }} }}
watch: {{ queue: {{ process: {server.pid} }} }}
scenarios:
  readers: {{ target: web, executor: constant-vus, vus: 1, duration: 2s, steps: [ {{ GET: /statistics }} ] }}
""")
        done = self.brunt("run", plan, "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual([one["name"] for one in self.report()["services"]], ["queue", "web"])


if __name__ == "__main__":
    unittest.main()
