#!/usr/bin/env python3
"""brunt run as users run it, against real servers."""
import contextlib
import json
import os
import signal
import socket
import threading
import time
import unittest

from harness import Case, free_port, wait_for_port


class BareUrl(Case):
    def test_a_url_under_load_ends_with_a_summary_and_zero(self):
        port = self.nginx()
        done = self.brunt("run", f"http://127.0.0.1:{port}/", "--vus", "8", "--duration", "2s", "--out", "json=samples.json")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("http_req_duration", done.stdout)
        record = self.report()
        self.assertEqual(record["run"]["status"], "finished")
        points = [json.loads(line) for line in (self.folder / "samples.json").read_text().splitlines()]
        requests = [p for p in points if p["metric"] == "http_reqs" and p["type"] == "Point"]
        self.assertGreater(len(requests), 1000)
        self.assertEqual(requests[0]["data"]["tags"]["status"], "200")

    def test_both_backends_do_the_same_work(self):
        port = self.nginx()
        for backend in ("epoll", "auto"):
            done = self.brunt("run", f"http://127.0.0.1:{port}/", "--iterations", "500", "--vus", "5", "--backend", backend)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            record = self.report()
            self.assertEqual(total(record, "http_reqs"), 500, backend)

    def test_an_open_model_starts_every_arrival(self):
        port = self.nginx()
        done = self.brunt("run", f"http://127.0.0.1:{port}/", "--rate", "500/s", "--duration", "2s")
        self.assert_passed(done)
        self.assertEqual(total(self.report(), "iterations"), 1000)
        self.assertIn("response_time", done.stdout)

    def test_nobody_listening_is_told_in_words(self):
        done = self.brunt("run", f"http://127.0.0.1:{free_port()}/", "--iterations", "20", "--vus", "2")
        self.assertEqual(done.returncode, 99, done.stderr)
        self.assertIn("connection refused", done.stdout)

    def test_a_name_that_does_not_resolve_is_an_error_before_the_load(self):
        done = self.brunt("run", "http://no-such-host.invalid/", "--duration", "1s")
        self.assertEqual(done.returncode, 104, done.stderr)
        self.assertIn("no-such-host.invalid", done.stderr)

    def test_a_stranger_is_refused_and_the_way_to_allow_it_is_told(self):
        done = self.brunt("run", "http://192.0.2.1/", "--duration", "1s")
        self.assertEqual(done.returncode, 104, done.stderr)
        self.assertIn("--allow", done.stderr)

    def test_a_url_without_a_scheme_says_how_to_write_it(self):
        done = self.brunt("run", "localhost:8080/")
        self.assertEqual(done.returncode, 104)
        self.assertIn("http://localhost:8080/", done.stderr)


    def test_what_would_have_no_effect_is_refused(self):
        url = f"http://127.0.0.1:{free_port()}/"
        targets = self.write("targets.txt", f"GET {url}\n")
        plan = self.write("plan.yaml", f"scenarios: {{ s: {{ executor: constant-vus, duration: 1s, steps: [ {{ GET: '{url}' }} ] }} }}\n")
        script = self.write("script.js", "export default function () {}\n")
        for target, *flags in ((url, "--time-scale", "2"), (url, "--set", "a=1"), (url, "--rps", "5"), (url, "--env", "A=1"),
                               (url, "--backend", "simulated"), (url, "--local-ips", "192.0.2.77"), (url, "--processes", "5000"),
                               (url, "--html", "no-folder/page.html"), (targets, "--data", "x"), (targets, "--matrix", "a=1"),
                               (plan, "--vus", "3"), (plan, "--user-agent", "me"), (script, "--matrix", "a=1"), (script, "--rate", "5/s")):
            done = self.brunt("run", target, *flags)
            self.assertEqual(done.returncode, 104, (flags, done.stderr + done.stdout))
            self.assertRegex(done.stderr, flags[1] if flags[0] in ("--local-ips", "--html") else flags[0])

    def test_a_password_in_a_url_is_shown_nowhere(self):
        port = self.nginx()
        done = self.brunt("run", f"http://me:sesame@127.0.0.1:{port}/", "--iterations", "5", "--out", "csv=samples.csv")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        kept = done.stdout + done.stderr + self.brunt("list").stdout + json.dumps(self.report())
        self.assertNotIn("sesame", kept + self.brunt("report", "--format", "csv").stdout + (self.folder / "samples.csv").read_text())

    def test_users_that_were_there_all_the_time_are_told_so(self):
        port = self.nginx()
        for more in ((), ("--processes", "2"), ("--threads", "2")):
            done = self.brunt("run", f"http://127.0.0.1:{port}/", "--vus", "6", "--duration", "2s", *more)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            self.assertRegex(done.stdout, r"vus\.+: 6  min=6 max=6")


class Interrupting(Case):
    def test_ctrl_c_ends_gracefully_and_reports(self):
        port = self.nginx()
        run = self.brunt_started("run", f"http://127.0.0.1:{port}/", "--duration", "60s", "--vus", "4")
        time.sleep(2.5)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=15)
        self.assertEqual(run.returncode, 105, err)
        self.assertIn("http_req_duration", out)
        self.assertEqual(self.report()["run"]["status"], "interrupted")

    def test_ctrl_c_twice_while_users_are_still_being_prepared_ends_cleanly(self):
        with socket.socket() as silent:  # Takes connections and never answers.
            silent.bind(("127.0.0.1", 0))
            silent.listen(64)
            plan = self.write("hang.yaml", f"""
                name: hang
                scenarios:
                  a:
                    target: http://127.0.0.1:{silent.getsockname()[1]}
                    executor: constant-arrival-rate
                    rate: 10/s
                    duration: 5s
                    pre_allocated_vus: 5
                    before: [ {{ GET: /login }} ]
                    steps: [ {{ GET: / }} ]
            """)
            for processes in ("1", "2"):
                run = self.brunt_started("run", plan, "--no-ledger", "--processes", processes)
                time.sleep(1.5)
                run.send_signal(signal.SIGINT)
                time.sleep(0.5)
                run.send_signal(signal.SIGINT)
                out, err = run.communicate(timeout=15)
                self.assertEqual(run.returncode, 105, f"{processes} process(es): {out}{err}")
                self.assertIn("before the load began", err)

    def test_kill_nine_keeps_all_but_the_last_second(self):
        port = self.nginx()
        run = self.brunt_started("run", f"http://127.0.0.1:{port}/", "--rate", "200/s", "--duration", "60s")
        time.sleep(4.5)
        run.kill()
        run.wait()
        listed = self.brunt("list")
        self.assertIn("interrupted", listed.stdout)
        record = self.report()
        self.assertEqual(record["run"]["status"], "interrupted")
        self.assertGreaterEqual(total(record, "iterations"), 3 * 190)


class Honest(Case):
    def stall(self, *args):
        """500/s for 8 s, with the server stopped for 2 s in the middle; gives output, error, record, and how long it stood in ms."""
        port = self.nginx()
        run = self.brunt_started("run", self.write("stall.yaml", f"""
            name: stall
            scenarios:
              arrivals:
                target: http://127.0.0.1:{port}
                executor: constant-arrival-rate
                rate: 500/s
                duration: 8s
                steps: [ {{ GET: / }} ]
        """), *args)
        time.sleep(3.2)
        workers = children_of(self.nginx_process.pid)  # Later than its port, which the master opens.
        self.assertTrue(workers)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        stopped = time.monotonic()
        time.sleep(2)
        stood = time.monotonic() - stopped
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        out, err = run.communicate(timeout=60)
        return out, err, self.report(), 1000 * stood

    def test_a_stall_shows_in_the_response_time_with_few_users_queued(self):
        for vus in (50, 2000):
            out, err, record, stood = self.stall("--set", f"arrivals.pre_allocated_vus={vus}")
            # Of 4,000 arrivals 200 are above the 95th percentile: those of the stall's first 0.4 s.
            truth = stood - 400
            p95 = trend(record, "response_time")["p95"]
            self.assertAlmostEqual(p95, truth, delta=0.05 * truth, msg=f"{vus} VUs\n{out}{err}")

    def test_dropped_arrivals_make_the_percentiles_lower_bounds(self):
        out, err, record, _ = self.stall("--set", "arrivals.pre_allocated_vus=50", "--set", "arrivals.when_busy=drop")
        self.assertGreater(total(record, "dropped_iterations"), 800)
        self.assertIn("≥", out)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def metric(record, name):
    for each in record["metrics"]:
        if each["name"] == name:
            return each
    raise AssertionError(f"no metric {name} in the report")


def total(record, name):
    values = metric(record, name)["values"]
    return values.get("count", values.get("sum"))


def trend(record, name):
    return metric(record, name)["values"]


if __name__ == "__main__":
    unittest.main()
