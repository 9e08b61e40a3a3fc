#!/usr/bin/env python3
"""Whole plans as users run them: real services and databases, ledgers that fail, TLS, targets, reports."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from harness import BRUNT, Case, ROOT, free_port, wait_for_port

PLANS = ROOT / "plans"
# The start of each line that k6's csv output has.
K6_CSV_HEADER = "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,"


class PlanCase(Case):
    def setUp(self):
        super().setUp()
        # A database refuses root and runs as another user, below this folder.
        self.folder.chmod(0o755)
        self.env = {"TMPDIR": str(self.folder)}

    def run_plan(self, *args, **options):
        return self.brunt("run", *args, env=self.env, **options)

    def ours(self):
        """The processes whose directory or arguments are in the test's folder: {pid: command line}."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                # `TMPDIR` of this test: services inherit it.
                environment = (entry / "environ").read_bytes().decode(errors="replace")
                if str(self.folder) in os.readlink(entry / "cwd") + words + environment:
                    found[int(entry.name)] = words.strip()
        return found

    def assert_all_gone(self, seconds=10):
        end = time.monotonic() + seconds
        while self.ours() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(self.ours(), {})

    def wait_for(self, what, seconds=30):
        end = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), end, "it did not happen in time")
            time.sleep(0.1)

    def postgres_runs(self):
        return any("postgres" in words and "brunt" not in words.split(" ")[0] for words in self.ours().values())


class FirstPlan(PlanCase):
    def test_it_passes(self):
        done = self.run_plan(str(PLANS / "first.yaml"), "--time-scale", "4")
        self.assert_passed(done)
        record = self.report()
        self.assertEqual(record["run"]["status"], "finished")
        self.assertEqual(value(record, "http_req_failed", "share"), 0)
        self.assertEqual(value(record, "checks", "share"), 1)
        self.assertGreater(value(record, "http_reqs", "sum"), 5000)
        self.assert_all_gone()


class RealPostgres(PlanCase):
    def test_a_fleet_at_rest(self):
        run = self.brunt_started("run", str(PLANS / "iot/steady.yaml"), "--set", "store=postgres", "--set", "device.vus=40",
                                 "--time-scale", "60", env={**os.environ, **self.env})
        self.wait_for(self.postgres_runs)
        out, err = run.communicate(timeout=60)
        self.assert_passed(subprocess.CompletedProcess([], run.returncode, out, err))
        record = self.report()
        self.assertEqual(value(record, "http_req_failed", "share"), 0)
        self.assertGreater(value(record, "iterations", "sum"), 200)
        self.assert_all_gone()

    def test_a_ramp(self):
        done = self.run_plan(str(PLANS / "iot/ramp.yaml"), "--set", "store=postgres", "--time-scale", "90",
                             *(word for stage, target in ((0, 10), (1, 40), (2, 40))
                               for word in ("--set", f"device.stages.{stage}.target={target}")))
        self.assert_passed(done)
        record = self.report()
        self.assertEqual(value(record, "http_req_failed", "share"), 0)
        self.assertEqual(value(record, "vus", "max"), 40)
        self.assert_all_gone()

    def test_nothing_is_left_of_a_run_that_was_killed(self):
        run = self.brunt_started("run", str(PLANS / "iot/steady.yaml"), "--set", "store=postgres", "--set", "device.vus=20",
                                 "--time-scale", "10", env={**os.environ, **self.env})
        self.wait_for(self.postgres_runs)
        self.wait_for((self.folder / ".brunt/ledger.db").exists)  # The load has begun.
        run.kill()
        run.wait()
        self.assert_all_gone(20)


class Reading(PlanCase):
    def plan(self, expect=""):
        return self.write("plan.yaml", f"""
            name: small
            services: {{ collector: {{ builtin: iot, with: {{ store: "${{db.url}}" }} }}, db: {{ engine: sqlite }} }}
            scenarios:
              device:
                target: collector
                executor: shared-iterations
                vus: 4
                iterations: 40
                steps: [ {{ POST: /login, json: {{ username: "${{uuid()}}" }}, check: {{ status: 200 }} }} ]
            {expect}
        """)

    def test_an_expectation_that_does_not_hold_is_99(self):
        done = self.run_plan(self.plan("expect: { http_reqs: \"count > 1000\" }"))
        self.assertEqual(done.returncode, 99, done.stderr + done.stdout)
        self.assertIn("count", done.stdout)
        self.assertEqual(self.report()["run"]["exit_code"], 99)
        ignored = self.run_plan(self.plan("expect: { http_reqs: \"count > 1000\" }"), "--no-thresholds")
        self.assertEqual(ignored.returncode, 0, ignored.stderr)

    def test_an_unknown_key_is_104_with_its_place_and_what_was_meant(self):
        path = self.write("bad.yaml", "name: bad\nscenarios:\n  device:\n    target: http://localhost:1\n    executr: constant-vus\n"
                                      "    vus: 1\n    duration: 1s\n    steps: [ { GET: / } ]\n")
        for verb in ("run", "check", "rehearse"):
            done = self.brunt(verb, path)
            self.assertEqual(done.returncode, 104, done.stderr)
            self.assertRegex(done.stderr, r'bad\.yaml:5:5: .*unknown key "executr"; did you mean "executor"\?')
            self.assertEqual(done.stdout, "")

    def test_check_says_what_would_be_done(self):
        done = self.brunt("check", self.plan())
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("small", "collector", "sqlite", "device", "40 iterations shared among 4 VUs", "1 request"):
            self.assertIn(word, done.stdout)
        self.assertFalse((self.folder / ".brunt").exists())

    def test_a_rehearsal_shows_the_shape_and_sends_nothing(self):
        done = self.brunt("rehearse", str(PLANS / "iot/ramp.yaml"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("in all:", done.stdout)
        self.assertIn("6,000", done.stdout)
        self.assertFalse((self.folder / ".brunt").exists())
        exact = self.brunt("rehearse", self.plan(), "--format", "json")
        self.assertEqual(value(json.loads(exact.stdout), "iterations", "sum"), 40)

    def test_lists_and_reports_in_every_form(self):
        for _ in range(2):
            done = self.run_plan(self.plan())
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        listed = json.loads(self.brunt("list", "--format", "json").stdout)
        runs = listed if isinstance(listed, list) else listed["runs"]
        self.assertEqual(len(runs), 2)
        self.assertEqual(len(re.findall(r"\bsmall\b", self.brunt("list").stdout)), 2)
        for run in ("last", "last~1", runs[1]["id"]):
            for form, mark in (("text", "Requests"), ("json", '"http_reqs"'), ("csv", "http_reqs"), ("html", "<!doctype html>")):
                done = self.brunt("report", run, "--format", form)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(mark.lower(), done.stdout.lower(), f"{run} as {form}")
        self.assertEqual(self.report("last~1")["run"]["id"], runs[1]["id"])
        unknown = self.brunt("report", "no-such-run")
        self.assertEqual(unknown.returncode, 255)
        self.assertIn("no-such-run", unknown.stderr)

    def test_csv_samples_begin_with_k6s_header(self):
        done = self.run_plan(self.plan(), "--out", "csv=samples.csv", "--out", "csv=samples.csv.gz")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = (self.folder / "samples.csv").read_text().splitlines()
        self.assertTrue(lines[0].startswith(K6_CSV_HEADER), lines[0])
        self.assertEqual(len([line for line in lines if line.startswith("http_reqs,")]), 40)
        packed = subprocess.run(["gzip", "-dc", str(self.folder / "samples.csv.gz")], capture_output=True, text=True)
        self.assertEqual(packed.stdout.splitlines()[0], lines[0])

    def test_the_report_page_draws_its_charts_without_an_error(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not browser:
            self.skipTest("no Chromium here")
        done = self.run_plan(self.plan(), "--html", "page.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = (self.folder / "page.html").read_text()
        self.assertNotRegex(page, r'(src|href)="(https?:)?//')  # Opened without a network.
        shown = subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                                f"--user-data-dir={self.folder}/browser", "--virtual-time-budget=5000", "--dump-dom",
                                (self.folder / "page.html").as_uri()], capture_output=True, text=True, timeout=60)
        self.assertEqual([line for line in shown.stderr.splitlines() if "CONSOLE" in line], [])
        drawn = len(re.findall(r"<(?:canvas|svg)\b", shown.stdout))
        self.assertGreater(drawn, 2, shown.stdout[:2000])


class FailingLedgers(PlanCase):
    def mounted(self, *options):
        place = self.folder / "ledger"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(place)], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("cannot mount here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)], capture_output=True)
        return place

    def assert_run_is_kept_elsewhere(self, place):
        port = self.nginx()
        done = self.run_plan(f"http://127.0.0.1:{port}/", "--rate", "100/s", "--duration", "4s", "--ledger", str(place / "ledger.db"))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        told = re.search(r"The run is in (\S+) instead: brunt report (\S+) --ledger (\S+)", done.stderr)
        self.assertTrue(told, done.stderr)
        self.assertIn(str(place / "ledger.db"), done.stderr)
        found = self.brunt("report", told[2], "--ledger", told[3], "--format", "json")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(value(json.loads(found.stdout), "iterations", "sum"), 400)

    def test_a_place_that_cannot_be_written(self):
        self.assert_run_is_kept_elsewhere(self.mounted("-o", "ro"))

    def test_a_place_that_is_full(self):
        place = self.mounted("-o", "size=64k")
        with contextlib.suppress(OSError), open(place / "filler", "wb") as filler:
            filler.write(b"x" * 65536)
        self.assert_run_is_kept_elsewhere(place)

    def test_a_place_that_gets_full(self):
        self.assert_run_is_kept_elsewhere(self.mounted("-o", "size=100k"))

    def test_a_postgres_ledger(self):
        url = self.postgres()
        port = self.nginx()
        done = self.run_plan(f"http://127.0.0.1:{port}/", "--iterations", "100", "--ledger", url)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        record = self.brunt("report", "last", "--ledger", url, "--format", "json")
        self.assertEqual(record.returncode, 0, record.stderr)
        self.assertEqual(value(json.loads(record.stdout), "http_reqs", "sum"), 100)
        self.assertIn(json.loads(record.stdout)["run"]["id"], self.brunt("list", "--ledger", url).stdout)

    def test_a_postgres_ledger_that_is_not_there(self):
        port = self.nginx()
        done = self.run_plan(f"http://127.0.0.1:{port}/", "--iterations", "100", "--ledger", "postgres://me:secret@127.0.0.1:1/lab")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("instead: brunt report", done.stderr)
        self.assertNotIn("secret", done.stderr + done.stdout)

    def postgres(self):
        """A server of its own on a unix socket, as the user postgres (it refuses root); gives its URL."""
        versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not versions:
            self.skipTest("no PostgreSQL here")
        home = self.folder / "pg"
        home.mkdir()
        as_postgres = []
        if os.getuid() == 0:
            shutil.chown(home, "postgres", "postgres")
            as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        control = [*as_postgres, str(versions[-1] / "pg_ctl"), "-D", str(home / "d"), "-w"]
        subprocess.run([*as_postgres, str(versions[-1] / "initdb"), "-D", str(home / "d"), "-A", "trust", "--no-sync", "-U", "postgres"],
                       check=True, capture_output=True, cwd="/")
        subprocess.run([*control, "-o", f"-c listen_addresses='' -k {home} -F", "-l", str(home / "log"), "start"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.addCleanup(subprocess.run, [*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")
        return f"postgres:///postgres?user=postgres&host={home}"


class Descriptors(PlanCase):
    def limited(self, *args):
        port = self.nginx()
        words = [BRUNT, "run", f"http://127.0.0.1:{port}/", "--vus", "200", "--duration", "2s", *args]
        return subprocess.run(["bash", "-c", 'ulimit -n 64; exec "$@"', "bash", *words], capture_output=True, text=True, timeout=60,
                              cwd=self.folder, env={**os.environ, **self.env})

    def test_too_few_of_them_are_shared_out_over_processes(self):
        done = self.limited()
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("generator processes", done.stderr)
        record = self.report()
        self.assertEqual(value(record, "http_req_failed", "share"), 0)
        self.assertEqual(value(record, "vus", "max"), 200)
        processes = int(re.search(r"(\d+) generator processes", done.stderr)[1])
        figures = self.brunt("report", "last", "--format", "csv").stdout
        self.assertEqual(len(set(re.findall(r"generator_cpu,(\S+?),\d", figures))), processes)

    def test_check_says_it_before_the_run(self):
        plan = self.write("many.yaml", "scenarios: { s: { executor: constant-vus, vus: 200, duration: 2s, steps: [ { GET: 'http://localhost/' } ] } }\n")
        done = subprocess.run(["bash", "-c", 'ulimit -n 64; exec "$@"', "bash", BRUNT, "check", plan], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("up to 200 connections, and a process may have 64 descriptors: 5 generator processes", done.stdout)

    def test_processes_share_out_this_instances_part_of_the_test(self):
        port = self.nginx()
        for segment, iterations in (("0:1/4", 25), ("1/4:1", 75)):
            done = self.run_plan(f"http://127.0.0.1:{port}/", "--vus", "8", "--iterations", "100", "--processes", "2",
                                 "--execution-segment", segment, "--execution-segment-sequence", "0,1/4,1")
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            self.assertEqual(value(self.report(), "iterations", "sum"), iterations)

    def test_a_process_that_dies_is_told_and_the_others_go_on(self):
        port = self.nginx()
        run = self.brunt_started("run", f"http://127.0.0.1:{port}/", "--rate", "100/s", "--duration", "5s", "--processes", "2",
                                 env={**os.environ, **self.env})
        self.wait_for((self.folder / ".brunt/ledger.db").exists)
        time.sleep(2)
        children = [pid for pid, words in self.ours().items() if " generator " in words]
        self.assertEqual(len(children), 2)
        os.kill(children[0], signal.SIGKILL)
        out, err = run.communicate(timeout=60)
        self.assertRegex(out + err, "generator process . killed by SIGKILL.*since its last second is lost")
        self.assertEqual(run.returncode, 255, "half of the load was never made")
        sent = value(self.report(), "iterations", "sum")
        self.assertGreaterEqual(sent, 250 + 50)
        self.assertLess(sent, 500)
        self.assertFalse([words for words in self.ours().values() if " generator " in words])

    def test_one_process_without_enough_of_them_says_so(self):
        done = self.limited("--processes", "1")
        self.assertRegex(done.stderr + done.stdout, r"(?i)descriptor|open files|ulimit -n")


class Secured(PlanCase):
    def server(self, name):
        """nginx that speaks TLS with a certificate of its own making for `name`; gives its port."""
        folder = self.folder / "nginx"
        folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "key.pem", "-out", "cert.pem"],
                       check=True, capture_output=True, cwd=folder)
        port = free_port()
        self.nginx(extra=f"listen 127.0.0.1:{port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;")
        wait_for_port(port)
        return port

    def plan(self, port, tls):
        return self.write("tls.yaml", f"name: tls\ntls: {tls}\nscenarios:\n  s:\n    target: https://localhost:{port}\n"
                                      "    executor: shared-iterations\n    vus: 2\n    iterations: 10\n    steps: [ { GET: / } ]\n")

    def test_an_unknown_authority_is_told_in_words_and_insecure_takes_it(self):
        port = self.server("localhost")
        done = self.run_plan(f"https://localhost:{port}/", "--iterations", "5", "--vus", "1")
        self.assertRegex(done.stdout, r"(?i)unknown authority|not trusted|self.signed|unknown certificate")
        self.assertEqual(value(self.report(), "http_req_failed", "share"), 1)
        done = self.run_plan(f"https://localhost:{port}/", "--iterations", "5", "--vus", "1", "--insecure")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(value(self.report(), "http_req_failed", "share"), 0)
        done = self.run_plan(self.plan(port, "{ ca: nginx/cert.pem }"))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(value(self.report(), "http_req_failed", "share"), 0)

    def test_a_name_that_does_not_fit_is_told_in_words(self):
        port = self.server("other.test")
        done = self.run_plan(self.plan(port, "{ ca: nginx/cert.pem }"))
        self.assertRegex(done.stdout, r"(?i)(certificate|host).{0,40}name|name.{0,40}certificate|another host")
        self.assertEqual(value(self.report(), "http_req_failed", "share"), 1)
        done = self.run_plan(self.plan(port, "{ ca: nginx/cert.pem, server_name: other.test }"))
        self.assertEqual(value(self.report(), "http_req_failed", "share"), 0)


class Targets(PlanCase):
    def test_vegeta_targets_in_both_forms(self):
        port = self.nginx(location='return 200 "$request_method $http_x_own";')
        at = f"http://127.0.0.1:{port}"
        self.write("body.json", '{"a": 1}')
        lines = f"GET {at}/a\nX-Own: 1\n\n# a comment\nPOST {at}/b\nContent-Type: application/json\n@body.json\n\nDELETE {at}/c\n"
        objects = "\n".join(json.dumps(target) for target in (
            {"method": "GET", "url": f"{at}/a", "header": {"X-Own": ["1"]}},
            {"method": "POST", "url": f"{at}/b", "body": "eyJhIjogMX0="},
            {"method": "DELETE", "url": f"{at}/c"})) + "\n"
        for name, text in (("lines.txt", lines), ("objects.json", objects)):
            done = self.run_plan(self.write(name, text), "--iterations", "30", "--vus", "3", "--out", "json=samples.json")
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            samples = [json.loads(line) for line in (self.folder / "samples.json").read_text().splitlines()]
            methods = [s["data"]["tags"]["method"] for s in samples if s["type"] == "Point" and s["metric"] == "http_reqs"]
            self.assertEqual({method: methods.count(method) for method in set(methods)}, {"GET": 10, "POST": 10, "DELETE": 10}, name)


def value(record, metric, which):
    for each in record["metrics"]:
        if each["name"] == metric:
            return each["values"][which]
    raise AssertionError(f"no metric {metric} in the report")


if __name__ == "__main__":
    unittest.main()
