#!/usr/bin/env python3
"""The life of a k6 script's run: what Ctrl-C ends and what it lets run, warm-up, vuSetup(), rows that are used once."""
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


if __name__ == "__main__":
    unittest.main()
