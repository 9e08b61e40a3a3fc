#!/usr/bin/env python3
"""brunt run with k6 scripts, as k6's users run them, against a real nginx."""
import csv
import json
import signal
import tarfile
import time
import unittest

from harness import ROOT, Case

EXAMPLES = ROOT / "examples/k6"
# Each holds a threshold on its checks.
MODULE_EXAMPLES = ["certificate.js", "shared-data.js", "signed.js", "pages.js", "expectations.js", "files.js"]
TIMERS = """
  location ~ ^/groups/[^/]+/timers$ { return 201 '{"timerId": "timer-7"}'; }
  location ~ ^/groups/[^/]+/timers/ {
    if ($request_method = DELETE) { return 204; }
    return 200 '{}';
  }"""


def total(record, metric):
    values = next(one for one in record["metrics"] if one["name"] == metric)["values"]
    return values.get("count", values.get("sum"))


class Scripts(Case):
    def test_the_timer_services_script_runs_unchanged_in_a_rehearsal_of_its_time(self):
        port = self.nginx(extra=TIMERS)
        done = self.brunt("run", str(EXAMPLES / "mixed-operations.js"), "--map", f"localhost:8080=127.0.0.1:{port}",
                          "--time-scale", "240")
        # 120: this machine was busy with something else, which is no matter here.
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        for check in ("create status 201", "get status 200", "update status 200", "delete status 204"):
            self.assertIn(check, done.stdout)
        self.assertNotIn("✗", done.stdout)
        record = self.report()
        self.assertEqual(record["run"]["status"], "finished")
        self.assertGreater(total(record, "iterations"), 100)
        self.assertEqual(total(record, "http_reqs"), 4 * total(record, "iterations"))

    def test_options_of_the_script_and_flags_over_them(self):
        port = self.nginx()
        base = ("-e", f"BASE=http://127.0.0.1:{port}")
        done = self.brunt("run", str(EXAMPLES / "first.js"), *base)
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertIn("✓ checks", done.stdout)
        done = self.brunt("run", str(EXAMPLES / "first.js"), *base, "--iterations", "7", "--vus", "2")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertEqual(total(self.report(), "iterations"), 7)

    def test_scenarios_setup_metrics_and_batches_also_in_two_processes_or_threads(self):
        port = self.nginx()
        for how in ((), ("--threads", "2"), ("--processes", "2")):
            done = self.brunt("run", str(EXAMPLES / "scenarios.js"), "-e", f"BASE=http://127.0.0.1:{port}", *how)
            self.assertIn(done.returncode, (0, 120), f"{how} {done.stderr}{done.stdout}")
            self.assertNotIn("warning", done.stderr, how)
            self.assertNotIn("✗", done.stdout, how)
            self.assertEqual(total(self.report(), "iterations"), 90, how)

    def test_the_examples_of_modules_hold_what_they_check(self):
        base = f"BASE=http://127.0.0.1:{self.nginx()}"
        for name in MODULE_EXAMPLES:
            done = self.brunt("run", str(EXAMPLES / name), "-e", base, "--threads", "2")
            self.assertIn(done.returncode, (0, 120), f"{name} {done.stderr}{done.stdout}")
            self.assertNotIn("✗", done.stdout, name)
            self.assertNotIn("step_errors", done.stdout, name)

    def test_secrets_come_from_files_and_are_not_shown(self):
        base = ("-e", f"BASE=http://127.0.0.1:{self.nginx()}")
        self.write("shop.secrets", "token=open sesame\n")
        for source in ("file=shop.secrets", "mock=token=open sesame"):
            for how in ((), ("--processes", "2")):
                done = self.brunt("run", str(EXAMPLES / "secrets.js"), *base, "--secret-source", source, *how)
                self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
                self.assertIn("with ***SECRET_REDACTED***", done.stderr + done.stdout)
                self.assertNotIn("open sesame", done.stderr + done.stdout)
        done = self.brunt("run", str(EXAMPLES / "secrets.js"), *base)
        self.assertIn("no secret sources are configured", done.stderr + done.stdout)
        done = self.brunt("run", str(EXAMPLES / "secrets.js"), *base, "--secret-source", "file=gone")
        self.assertEqual(done.returncode, 255, done.stderr + done.stdout)

    def test_two_scripts_of_a_plan_share_its_services_and_an_outage(self):
        for how in ((), ("--processes", "2")):
            done = self.brunt("run", str(EXAMPLES / "shop.yaml"), *how)
            self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
            self.assertIn("outage: web stopped", done.stdout)
            self.assertIn("bought{scenario:buyers}", done.stdout)
            report = self.report()
            names = {one["request"].rsplit("/", 1)[1] for one in report["errors"]}
            self.assertEqual(names, {"", "cart"}, report["errors"])
            self.assertEqual({one["name"] for one in report["scenarios"]}, {"buyers", "visitors"})

    def test_scripts_of_a_plan_have_links_data_of_their_setup_and_exit_codes(self):
        self.write("one.js", """import http from 'k6/http'; import { check } from 'k6'; import { Trend } from 'k6/metrics';
          const seen = new Trend('seen', true);
          export const options = { rps: 5, thresholds: { checks: ['rate==1'] } };
          export function setup() { return { base: __ENV.BASE, who: 'one' } }
          export function far(data) {
            const response = http.get(__ENV.BASE + '/');
            seen.add(response.timings.duration);
            check(data, { 'is of its own setup': (d) => d.who === 'one' && d.base === __ENV.BASE });
          }
          export function teardown(data) { console.log('down', data.who) }""")
        self.write("two.js", """export function setup() { return { who: 'two' } }
          export default (data) => { if (data.who !== 'two') throw new Error(data.who) };
          export function teardown(data) { console.log('down', data.who) }""")
        plan = """
services: { web: { engine: nginx } }
links: [ { from: a, to: web, rtt: 80ms } ]
scenarios:
  a: { script: one.js, exec: far, executor: per-vu-iterations, vus: 2, iterations: 3, env: { BASE: "${web.url}" } }
  b: { script: two.js }
expect:
  seen: "min > 70ms"
"""
        for how in ((), ("--processes", "2"), ("--threads", "2")):
            done = self.brunt("run", self.write("plan.yaml", plan), *how)
            self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
            self.assertIn("options.rps has no effect in a plan", done.stderr)
            self.assertIn("down one", done.stderr)
            self.assertIn("down two", done.stderr)
            self.assertNotIn("✗", done.stdout)
            self.assertEqual(total(self.report(), "iterations"), 7)
        self.write("two.js", "export function setup() { throw new Error('no') } export default () => {}")
        done = self.brunt("run", self.write("plan.yaml", plan))
        self.assertEqual(done.returncode, 107, done.stderr + done.stdout)
        done = self.brunt("run", self.write("plan.yaml", plan.replace("two.js", "gone.js")))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gone.js", done.stderr)

    def test_an_archive_runs_where_its_script_is_not(self):
        base = ("-e", f"BASE=http://127.0.0.1:{self.nginx()}")
        done = self.brunt("archive", str(EXAMPLES / "shared-data.js"), "-O", "shop.tar", *base)
        self.assertEqual(done.returncode, 0, done.stderr)
        with tarfile.open(self.folder / "shop.tar") as archive:
            names = archive.getnames()
            self.assertEqual(names[:2], ["metadata.json", "data"])
            self.assertTrue(any(name.endswith("/data/users.json") for name in names), names)
            metadata = json.load(archive.extractfile("metadata.json"))
        self.assertEqual((metadata["type"], metadata["options"]["vus"]), ("js", 3))
        for how in ((), ("--processes", "2")):
            done = self.brunt("run", "shop.tar", *how)
            self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
            self.assertEqual(total(self.report(), "iterations"), 9)
        done = self.brunt("run", "shop.tar", "--iterations", "4")
        self.assertEqual(total(self.report(), "iterations"), 4)
        self.write("no.tar", "text" * 200)
        done = self.brunt("run", "no.tar")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no.tar: this is no tar archive", done.stderr)

    def test_check_says_what_a_script_would_do(self):
        done = self.brunt("check", str(EXAMPLES / "mixed-operations.js"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Up to 200 looping VUs for 16m", done.stdout)
        self.assertIn("default() of the script", done.stdout)

    def test_inspect_and_explain_run_nothing(self):
        done = self.brunt("inspect", str(EXAMPLES / "network.js"), "-e", "PORT=8080", "--vus", "7", "--execution-requirements")
        self.assertEqual(done.returncode, 0, done.stderr)
        options = json.loads(done.stdout)
        self.assertEqual((options["vus"], options["rps"], options["maxVUs"]), (7, 100, 7))
        done = self.brunt("run", str(EXAMPLES / "mixed-operations.js"), "--explain")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("default() of the script", done.stdout)

    def test_exit_codes_are_k6s(self):
        port = self.nginx()
        base = f"BASE=http://127.0.0.1:{port}"
        nothing = "export default function () {}\n"
        cases = [
            ("export default function () { throw new Error('x') }", 0, "Error: x"),
            ("throw new Error('early');" + nothing, 107, "Error: early"),
            ("export default function () { let = ; }", 107, "script.js:1"),
            (nothing + "export function setup() { throw new Error('no setup') }", 107, "no setup"),
            (nothing + "export const options = { vus: 0, duration: '1s' }", 104, "vus"),
            (nothing + "export const options = { thresholds: { nope: ['rate<1'] } }", 104, "nope"),
            ("export const options = {}", 104, "no exported functions"),
            ("import tracing from 'k6/experimental/tracing';" + nothing, 107, "script.js:1: module k6/experimental/tracing"),
            ("import http from 'k6/http'; export const options = { thresholds: { http_reqs: ['count>5'] } };"
             "export default () => { http.get(__ENV.BASE) }", 99, "count>5"),
        ]
        for text, code, said in cases:
            self.write("script.js", text)
            done = self.brunt("run", "script.js", "-e", base)
            self.assertEqual(done.returncode, code, text + done.stderr + done.stdout)
            self.assertIn(said, done.stderr + done.stdout, text)
        self.assertEqual(self.brunt("run", "gone.js").returncode, 255)

    def test_examples_run_and_hold_what_they_expect(self):
        port = self.nginx(extra="location /missing { return 404; } location /cookie { return 200 $http_cookie; }")
        for name in ("async.js", "typed.ts", "commonjs.js", "requests.js", "network.js"):
            done = self.brunt("run", str(EXAMPLES / name), "-e", f"BASE=http://127.0.0.1:{port}", "-e", f"PORT={port}")
            self.assertIn(done.returncode, (0, 120), f"{name} {done.stderr}{done.stdout}")
            self.assertNotIn("warning", done.stderr, name)
            self.assertNotIn("✗", done.stdout, name)

    def test_a_summary_of_the_scripts_own_and_k6s_files(self):
        port = self.nginx()
        done = self.brunt("run", str(EXAMPLES / "summary.js"), "-e", f"BASE=http://127.0.0.1:{port}",
                          "--summary-export", "export.json")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertEqual(done.stdout, "5 requests, shop: is 200 5 times\n")
        self.assertIn("p(99) is there", done.stderr)
        data = json.loads((self.folder / "summary.json").read_text())
        self.assertEqual(data["setup_data"], {"token": "abc"})
        self.assertEqual(set(data["metrics"]["http_req_duration"]["values"]), {"avg", "p(99)"})
        self.assertEqual(data["metrics"]["http_reqs"]["thresholds"], {"count==5": {"ok": True}})
        exported = json.loads((self.folder / "export.json").read_text())
        self.assertEqual(exported["metrics"]["http_reqs"]["count"], 5)
        self.assertEqual(exported["metrics"]["http_reqs"]["thresholds"], {"count==5": False})
        done = self.brunt("run", str(EXAMPLES / "summary.js"), "-e", f"BASE=http://127.0.0.1:{port}",
                          "--summary-export", "export.json", "--new-machine-readable-summary")
        self.assertEqual(json.loads((self.folder / "export.json").read_text())["version"], "1.0.0")

    def test_options_come_from_a_file_variables_and_flags_as_in_k6(self):
        self.write("s.js", "export const options = { vus: 5, thresholds: { nope: ['p(95)<1'] } };\nexport default function () {}")
        self.write("options.json", '{"stages": [{"duration": "20s", "target": 10}], "tags": {"a": "file"}}')
        shown = self.brunt("inspect", "s.js", "--config", "options.json")
        self.assertEqual(shown.returncode, 104, shown.stdout)
        self.write("s.js", "export const options = { vus: 5 };\nexport default function () { console.log(typeof __ENV.PATH); }")
        shown = self.brunt("inspect", "s.js", env={"K6_CONFIG": "options.json", "K6_TAGS": "a:b"})
        self.assertEqual(json.loads(shown.stdout), {"stages": [{"duration": "20s", "target": 10}], "tags": {"a": "b"}, "vus": 5})
        done = self.brunt("run", "s.js", "-c", "options.json", "--vus", "1", "--iterations", "1", "--include-system-env-vars=false", "--no-thresholds",
                          "--compatibility-mode", "base", "--traces-output", "none")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("level=info msg=undefined source=console", done.stderr)
        self.assertIn("--traces-output has no effect", done.stderr)

    def test_what_a_script_says_has_a_level_and_goes_where_the_flags_say(self):
        self.write("s.js", "console.log('init'); export default () => { console.log('a b', { c: 1 }); console.debug('deep'); console.error('bad'); http }")
        done = self.brunt("run", "s.js")
        lines = [line.split(" ", 1)[1] for line in done.stderr.splitlines() if line.startswith("time=")]
        self.assertEqual(lines, ["level=info msg=init source=console", 'level=info msg="a b { c: 1 }" source=console', "level=error msg=bad source=console"])
        self.assertIn("warning: scenario default: ReferenceError", done.stderr)
        done = self.brunt("run", "s.js", "-v", "--log-format", "json", "--log-output", "stdout", "--summary-mode", "disabled")
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(entry["level"], entry.get("source")) for entry in entries],
                         [("info", "console")] * 2 + [("debug", "console"), ("error", "console"), ("warning", None)])
        done = self.brunt("run", "s.js", "-q", env={"K6_LOG_OUTPUT": "file=said.log,level=error", "K6_LOG_FORMAT": "raw"})
        self.assertEqual((self.folder / "said.log").read_text(), "bad\n")
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.brunt("run", "s.js", "--log-output", "syslog").returncode, 104)

    def test_samples_of_a_script_have_times_and_its_summary_has_what_was_sent(self):
        self.write("own.js", """
            import { check, group, sleep } from "k6";
            import { Counter } from "k6/metrics";
            const own = new Counter("own");
            export default function () {
              own.add(1);
              sleep(1.1);
              group("late", () => check(1, { one: (x) => x === 1 }));
            }""")
        done = self.brunt("run", "own.js", "-o", "csv=own.csv", env={"K6_SUMMARY_EXPORT": "own.json"})
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.folder / "own.csv") as file:
            times = {row["metric_name"]: int(row["timestamp"]) for row in csv.DictReader(file)}
        self.assertGreater(times["own"], 1_600_000_000)
        self.assertGreaterEqual(times["checks"], times["own"] + 1)
        metrics = json.loads((self.folder / "own.json").read_text())["metrics"]
        self.assertEqual(metrics["data_sent"]["count"], 0)

    def test_a_script_is_rehearsed(self):
        self.write("shop.js", """
            import http from "k6/http";
            import { sleep } from "k6";
            export const options = { scenarios: { shop: { executor: "constant-arrival-rate", rate: 2, duration: "1h", preAllocatedVUs: 5 } } };
            export default function () { http.get("https://shop.example/"); sleep(1); }""")
        done = self.brunt("rehearse", "shop.js")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("in all: 7,200 iterations, 7,200 requests", done.stdout)

    def test_requests_of_setup_and_teardown_are_among_the_samples(self):
        self.write("stages.cjs", f"""
            const http = require("k6/http"), url = "http://127.0.0.1:{self.nginx()}/";
            exports.options = {{ iterations: 2 }};
            exports.setup = () => {{ http.get(url + "s"); }};
            exports.default = () => {{ http.get(url); }};
            exports.teardown = () => {{ http.get(url + "t"); }};""")
        done = self.brunt("run", "stages.cjs", "--out", "csv=samples.csv")
        self.assertIn(done.returncode, (0, 120), done.stderr)
        with (self.folder / "samples.csv").open() as file:
            groups = sorted(row["group"] for row in csv.DictReader(file) if row["metric_name"] == "http_reqs")
        self.assertEqual(groups, ["", "", "::setup", "::teardown"])

    def test_a_verb_that_is_none_is_told(self):
        done = self.brunt("cloud", "script.js")
        self.assertEqual(done.returncode, 104)
        self.assertIn('there is no verb "cloud"', done.stderr)

    def test_a_rehearsal_without_an_end_is_ended(self):
        self.write("busy.js", """
            import http from "k6/http";
            export const options = { vus: 100, duration: "24h" };
            export default function () { http.get("http://shop.example/"); }""")
        done = self.brunt("rehearse", "busy.js", "--limit", "500ms")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"ended early: .+s of 24h00m00s were played\n  500ms of real time were over \(--limit\)")

    def test_a_summary_that_throws_leaves_brunts_own(self):
        self.write("script.js", "export default () => {}; export function handleSummary() { throw new Error('mine') }")
        done = self.brunt("run", "script.js")
        self.assertIn(done.returncode, (0, 120), done.stderr)
        self.assertIn("Error: mine", done.stderr)
        self.assertIn("iterations", done.stdout)

    def test_handle_summary_has_its_say_where_the_load_never_began(self):
        told = "export default () => {}; export function handleSummary(data) { return { stdout: `told ${data.root_group.name === ''}` } }"
        for text, code in ((told + "export function setup() { throw new Error('no') }", 107),
                           ("import exec from 'k6/execution';" + told + "export function setup() { exec.test.abort('no') }", 108),
                           ("if (__VU === 1) throw new Error('no');" + told, 107)):
            self.write("script.js", text)
            done = self.brunt("run", "script.js")
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(done.stdout, "told true", text)

    def test_the_end_of_a_run_may_have_k6s_layout(self):
        self.write("script.js", """
            import { check, group } from "k6"; import { Counter } from "k6/metrics";
            const own = new Counter("own");
            export const options = { thresholds: { own: ["count==2"], "own{a:b}": ["count>0"] } };
            export default () => { own.add(2); check(1, { yes: () => true, no: () => false }); group("Z", () => {}); group("A", () => group("B", () => {})) }""")
        done = self.brunt("run", "script.js", "--summary-mode", "full")
        self.assertEqual(done.returncode, 99, done.stderr)
        self.assertIn("    own\n    ✓ 'count==2' count=2\n\n      {a:b}\n      ✗ 'count>0' count=0\n", done.stdout)
        self.assertIn("    checks_succeeded...: 50.00% 1 out of 2\n    checks_failed......: 50.00% 1 out of 2\n\n    ✓ yes\n    ✗ no\n", done.stdout)
        self.assertLess(done.stdout.index("█ GROUP: Z"), done.stdout.index("█ GROUP: A \n\n    ↳ GROUP: B"))
        self.assertIn("thresholds on metrics 'own{a:b}' have been crossed", done.stderr)
        self.assertNotIn("█ GROUP", self.brunt("run", "script.js", env={"K6_SUMMARY_MODE": "compact"}).stdout)
        self.assertIn("   ✓ own", self.brunt("run", "script.js", "--summary-mode=legacy").stdout)

    def test_flags_that_k6_takes_before_its_verb_are_taken_there(self):
        self.write("script.js", "console.log('hello'); export default () => {}")
        done = self.brunt("--quiet", "--log-output", "file=said.log", "--log-format=raw", "run", "--summary-mode=disabled", "script.js")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual((self.folder / "said.log").read_text(), "hello\n")
        self.assertIn("brunt ", self.brunt("version").stdout)

    def test_a_script_on_standard_input(self):
        done = self.brunt("run", "-", "--iterations", "3", "--summary-export", "export.json",
                          stdin="export default (): void => { const n: number = 1; if (n !== 1) throw n };\n")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertEqual(json.loads((self.folder / "export.json").read_text())["metrics"]["iterations"]["count"], 3)

    def test_a_script_judges_its_own_run(self):
        nothing = "export default function () {}\n"
        cases = [
            ("import exec from 'k6/execution'; export default () => { exec.test.abort('enough') }", 108, "enough"),
            ("import exec from 'k6/execution'; export const options = { vus: 2, duration: '20s' };"
             "import { sleep } from 'k6'; export default () => { sleep(0.2); if (__VU === 1) exec.test.abort('now') }", 108, "now"),
            ("import exec from 'k6/execution'; export default () => { exec.test.fail('bad') }", 110, "bad"),
            ("import exec from 'k6/execution'; export function setup() { exec.test.abort('early') }" + nothing, 108, "early"),
            (nothing + "export function teardown() { throw new Error('late') }", 107, "Error: late"),
            ("import exec from 'k6/execution'; exec.test.abort('first');" + nothing, 108, "test aborted: first"),
            ("import exec from 'k6/execution'; export const options = { vus: 3, duration: '5s' }; if (__VU > 1) exec.test.abort('second');" + nothing,
             108, "test aborted: second"),
            ("export const options = { vus: 5, iterations: 10 }; if (__VU === 2) throw new Error('oops');" + nothing,
             107, "error while initializing VU #2: Error: oops"),
            (nothing + "import { sleep } from 'k6'; export const options = { setupTimeout: '200ms' };"
             "export function setup() { sleep(60) }", 100, "setup() execution timed out after 0.2 seconds"),
            (nothing + "import { sleep } from 'k6'; export const options = { teardownTimeout: '200ms' };"
             "export function teardown() { sleep(60) }", 101, "teardown() execution timed out after 0.2 seconds"),
        ]
        for text, code, said in cases:
            for how in ((), ("--threads", "2")):
                self.write("script.js", text)
                done = self.brunt("run", "script.js", *how, timeout=30)
                self.assertEqual(done.returncode, code, text + done.stderr + done.stdout)
                self.assertIn(said, done.stderr + done.stdout, text)

    def test_what_teardown_requests_is_in_the_summary(self):
        port = self.nginx()
        self.write("script.js", "import http from 'k6/http'; export default function () {}\n"
                                "export function teardown() { http.get(__ENV.BASE); }\n")
        done = self.brunt("run", "script.js", "-e", f"BASE=http://127.0.0.1:{port}")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertEqual(total(self.report(), "http_reqs"), 1)

    def test_requests_keep_to_a_pace_and_from_blocked_names(self):
        port = self.nginx()
        self.write("script.js", "import http from 'k6/http'; import { check } from 'k6';"
                                "export const options = { vus: 10, duration: '2s', rps: 20, blockHostnames: ['localhost'] };"
                                "export default () => { http.get(__ENV.BASE); check(http.get('http://localhost:1/'), { blocked: (r) => r.error_code === 1111 }) }")
        done = self.brunt("run", "script.js", "-e", f"BASE=http://127.0.0.1:{port}")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertLessEqual(total(self.report(), "http_reqs"), 60)
        self.assertNotIn("✗", done.stdout)

    def test_what_requests_show_of_themselves_goes_where_the_flags_say(self):
        port = self.nginx()
        self.write("s.js", f"""
            import http from 'k6/http';
            export const options = {{ blockHostnames: ['*.evil.test'] }};
            export default function () {{
              http.get('http://127.0.0.1:{port}/');
              const r = http.get('http://shop.evil.test/');
              console.warn(r.error_code, r.error);
            }}""")
        done = self.brunt("run", "s.js", "--console-output", "console.log", "--http-debug=full", "--system-tags", "status,method",
                          "--out", "csv=samples.csv")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        said = (self.folder / "console.log").read_text()
        self.assertIn('level=warning msg="1111 hostname is blocked"\n', said)
        self.assertNotIn("source=console", done.stderr)
        self.assertIn("source=http-debug", done.stderr)
        self.assertIn("hello world", done.stderr)
        header = (self.folder / "samples.csv").read_text().splitlines()[0]
        self.assertEqual(header, "metric_name,timestamp,metric_value,method,status,extra_tags,metadata")

    def test_an_endless_loop_ends_with_its_scenario_and_does_not_hold_up_others(self):
        self.nginx()
        self.write("script.js", """
          export const options = { scenarios: {
            loop: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '500ms', exec: 'loop' },
            other: { executor: 'constant-vus', vus: 1, duration: '1s', exec: 'other' } } };
          import { sleep } from 'k6';
          export function loop() { while (true) {} }
          export function other() { sleep(0.1) }""")
        done = self.brunt("run", "script.js", timeout=30)
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertGreaterEqual(total(self.report(), "iterations"), 3)

    def test_ctrl_c_ends_scripts_that_sleep(self):
        self.write("script.js", "import { sleep } from 'k6'; export const options = { vus: 3, duration: '1m' };"
                                "export default () => sleep(60)")
        process = self.brunt_started("run", "script.js")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 105)


if __name__ == "__main__":
    unittest.main()
