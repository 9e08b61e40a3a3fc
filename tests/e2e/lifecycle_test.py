#!/usr/bin/env python3
"""The life of a k6 script's run: what Ctrl-C ends and what it lets run, warm-up, vuSetup(), rows that are used once."""
import re
import signal
import socket
import time
import unittest

from harness import ROOT, Case

EXAMPLES = ROOT / "examples/k6"


class Lifecycle(Case):
    def started(self, script, *options):
        return self.brunt_started("run", self.write("script.js", "import { sleep } from 'k6'; import http from 'k6/http';" + script), *options)

    def hear(self, run, text):
        """Reads what the run says until `text` comes."""
        heard = ""
        for line in run.stderr:
            heard += line
            if text in line:
                return
        self.fail(f"the run ended and did not say {text}: {heard}{run.stdout.read()}")

    def assert_ends(self, run, code, within=8):
        began = time.monotonic()
        run.wait(20)
        said = run.stderr.read() + run.stdout.read()
        self.assertEqual(run.returncode, code, said)
        self.assertLess(time.monotonic() - began, within, said)
        return said

    def test_ctrl_c_breaks_setup_off_and_there_is_no_load_and_no_teardown(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        port = silent.getsockname()[1]
        for held_by in ("sleep(30)", "while (true) {}", f"http.get('http://127.0.0.1:{port}/')",
                        "return new Promise((done) => setTimeout(done, 30000))"):
            for sent in (signal.SIGINT, signal.SIGTERM):
                run = self.started(f"""
                  export function setup() {{ console.log('in setup'); {held_by} }}
                  export default function () {{ console.log('LOAD') }}
                  export function teardown() {{ console.log('TEARDOWN') }}""")
                self.hear(run, "in setup")
                run.send_signal(sent)
                said = self.assert_ends(run, 105)
                self.assertNotIn("LOAD", said)
                self.assertNotIn("TEARDOWN", said)
                self.assertIn("interrupted before the load began", said)

    def test_teardown_runs_after_ctrl_c_of_the_load_with_what_setup_returned(self):
        for how in ((), ("--processes", "2")):
            for sent in (signal.SIGINT, signal.SIGTERM):
                run = self.started("""
                  export const options = { vus: 2, duration: '1m' };
                  export function setup() { return { a: 1 } }
                  export default function () { console.log('load'); sleep(0.1) }
                  export function teardown(data) { console.log('down with', JSON.stringify(data)) }
                  export function handleSummary(data) { return { stdout: 'summary of ' + JSON.stringify(data.setup_data) } }""", *how)
                self.hear(run, "load")
                run.send_signal(sent)
                said = self.assert_ends(run, 105)
                self.assertIn('down with {"a":1}', said.replace('\\', ''))
                self.assertIn('summary of {"a":1}', said)

    def test_teardown_goes_on_after_one_ctrl_c_and_ends_after_two(self):
        run = self.started("""
          export const options = { iterations: 1 };
          export default function () {}
          export function teardown() { console.log('in teardown'); sleep(1.5); console.log('DONE'); sleep(30) }""")
        self.hear(run, "in teardown")
        run.send_signal(signal.SIGINT)
        self.hear(run, "DONE")
        run.send_signal(signal.SIGINT)
        self.assert_ends(run, 105)

    def test_a_second_ctrl_c_leaves_teardown_out(self):
        run = self.started("""
          export const options = { vus: 1, duration: '1m' };
          export default function () { console.log('load'); sleep(60) }
          export function teardown() { console.log('TEARDOWN') }""")
        self.hear(run, "load")
        run.send_signal(signal.SIGINT)
        self.hear(run, "stopping")
        run.send_signal(signal.SIGINT)
        self.assertNotIn("TEARDOWN", self.assert_ends(run, 105))

    def test_teardown_has_its_time_limit_after_ctrl_c_too(self):
        run = self.started("""
          export const options = { vus: 1, duration: '1m', teardownTimeout: '500ms' };
          export default function () { console.log('load'); sleep(0.1) }
          export function teardown() { sleep(30) }""")
        self.hear(run, "load")
        run.send_signal(signal.SIGINT)
        self.assertIn("teardown() execution timed out after 0.5 seconds", self.assert_ends(run, 105))

    def test_ctrl_c_ends_a_summary_that_does_not_end(self):
        run = self.started("""
          export const options = { iterations: 1 };
          export default function () {}
          export function handleSummary() { console.log('summing up'); while (true) {} }""")
        self.hear(run, "summing up")
        run.send_signal(signal.SIGINT)
        self.assertIn("the summary is brunt's own", self.assert_ends(run, 0))

    def test_each_row_is_taken_once_over_all_users_threads_and_processes(self):
        self.write("script.js", """
          import { takeRow } from 'brunt/data'; import { SharedArray } from 'k6/data'; import { sleep } from 'k6';
          new SharedArray('rows', () => [...Array(30).keys()].map((id) => ({ id })));
          export const options = { vus: 4, duration: '1m' };
          export default function () { console.log(`row ${takeRow('rows').id} of`); sleep(0.01) }""")
        for how in ((), ("--threads", "2"), ("--processes", "2")):
            began = time.monotonic()
            done = self.brunt("run", "script.js", *how)
            self.assert_passed(done)
            taken = re.findall(r"row (\d+) of", done.stderr)
            self.assertEqual(sorted(map(int, taken)), list(range(30)), done.stderr)
            self.assertIn("every row of its data was used once; it ends", done.stderr)
            self.assertLess(time.monotonic() - began, 30, "it did not end with its rows")

    def test_users_of_the_example_log_in_once_each_with_an_account_of_their_own(self):
        port = self.nginx(extra="location /login { add_header Set-Cookie session=$request_id; return 200 '{}'; }")
        for how in ((), ("--threads", "2")):
            done = self.brunt("run", str(EXAMPLES / "accounts.js"), "-e", f"BASE=http://127.0.0.1:{port}", *how)
            self.assert_passed(done)
            self.assertNotIn("✗", done.stdout)
            logins = next(one for one in self.report()["requests"] if one["name"].endswith("/login"))
            self.assertEqual(logins["latency_ms"]["count"], 3, logins)

    def test_a_vu_setup_that_throws_ends_the_run_before_its_load(self):
        self.write("script.js", "export function vuSetup() { throw new Error('no account') } export default () => console.log('LOAD')")
        done = self.brunt("run", "script.js")
        self.assertEqual(done.returncode, 107, done.stderr)
        self.assertIn("vuSetup() of VU #1: Error: no account", done.stderr)
        self.assertNotIn("LOAD", done.stderr)

    def test_thresholds_leave_the_warm_up_out_that_the_script_or_a_flag_says(self):
        script = """
          import { Trend } from 'k6/metrics'; import { sleep } from 'k6';
          const slow_at_first = new Trend('slow_at_first', true), started = Date.now();
          export const options = { OWN vus: 1, duration: '3s', thresholds: { slow_at_first: ['max<150 after warm-up'] } };
          export default function () { slow_at_first.add(Date.now() - started < 1000 ? 500 : 10); sleep(0.05) }"""
        self.write("script.js", script.replace("OWN", ""))
        self.write("own.js", script.replace("OWN", "ext: { brunt: { warmUp: '2s' } },"))
        done = self.brunt("run", "script.js")
        self.assertEqual(done.returncode, 104, done.stderr)
        self.assertIn("say --warm-up 30s", done.stderr)
        for words, env in ((("script.js", "--warm-up", "2s"), {}), (("own.js",), {}), (("script.js",), {"BRUNT_WARM_UP": "2s"})):
            self.assert_passed(self.brunt("run", *words, env=env))
            self.assertEqual(self.report()["run"]["warm_up_ms"], 2000)
        done = self.brunt("run", "own.js", "--warm-up", "0s")
        self.assertEqual(done.returncode, 99, done.stderr)
        self.assertIn("the first 2.00s are warm-up", self.brunt("check", "own.js").stdout)


if __name__ == "__main__":
    unittest.main()
