#!/usr/bin/env python3
"""What is sampled of services while they are loaded."""
import os
import unittest
import xml.dom.minidom

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

    def test_a_profile_is_a_flame_graph_or_the_reason_why_there_is_none(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", ""))
        done = self.brunt("run", plan, "-q", "--profile", "web", "--html", "page.html")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        notes = [note for note in self.report()["notes"] if note.startswith("no profile of web: ")]
        if notes:
            self.assertRegex(notes[0], "linux-perf|perf_event_paranoid|no samples|recorded nothing")
            return
        graph = xml.dom.minidom.parse(str(self.folder / "page-web.svg"))
        self.assertGreater(len(graph.getElementsByTagName("rect")), 20)
        self.assertIn("CPU time of web", (self.folder / "page.html").read_text())
        again = self.brunt("report", "--format", "html").stdout
        self.assertIn("CPU time of web", again, "the ledger keeps the profile")

    def test_a_perf_that_fails_is_told_and_the_run_goes_on(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", "").replace("duration: 3s", "duration: 1s"))
        (self.folder / "bin").mkdir()
        (self.folder / "bin/perf").symlink_to("/bin/false")
        done = self.brunt("run", plan, "-q", "--profile", "web",
                          env={"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("no profile of web: perf recorded nothing", done.stdout)

    def test_a_service_that_is_not_there_cannot_be_profiled(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", ""))
        done = self.brunt("run", plan, "-q", "--profile", "wep")
        self.assertEqual(done.returncode, 104, done.stderr + done.stdout)
        self.assertIn('did you mean "web"', done.stderr)


class Plots(Case):
    def test_a_run_is_drawn_in_every_form_and_kind(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", ""))
        self.assertEqual(self.brunt("run", plan, "-q").returncode, 0)
        for name, begins, options in (
                ("a.pdf", b"%PDF", ["--y", "http_req_duration.p50,http_req_duration.p99,http_reqs"]),
                ("b.png", b"\x89PNG", ["--y", "service_cpu", "--by", "service"]),
                ("c.svg", b"<?xml", ["--kind", "histogram", "--y", "http_req_duration"]),
                ("d.png", b"\x89PNG", ["--kind", "ecdf", "--y", "http_req_duration{name:/statistics}"]),
                ("e.pdf", b"%PDF", ["--kind", "boxes", "--y", "http_req_duration", "--by", "name"])):
            done = self.brunt("tool", "plot", "last", *options, "-o", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue((self.folder / name).read_bytes().startswith(begins), name)
            self.assertEqual(done.stderr, "", name)

    def test_what_cannot_be_drawn_is_told(self):
        plan = self.write("plan.yaml", BUILTIN.replace("WATCH", "").replace("duration: 3s", "duration: 1s"))
        self.assertEqual(self.brunt("run", plan, "-q").returncode, 0)
        done = self.brunt("tool", "plot", "--y", "http_req_duratoin", "-o", "a.png")
        self.assertEqual(done.returncode, 104)
        self.assertIn('did you mean "http_req_duration"', done.stderr)
        done = self.brunt("tool", "plot", "--x", "client", "--y", "setup_time", "-o", "a.png")
        self.assertIn("subjects: client", done.stderr)
        done = self.brunt("tool", "plot", "--y", "http_reqs", "-o", "a.gif")
        self.assertIn(".pdf, .svg or .png", done.stderr)


if __name__ == "__main__":
    unittest.main()
