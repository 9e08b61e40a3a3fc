#!/usr/bin/env python3
"""What k6 scripts may rely on, member by member, against brunt serve echo: each script throws where an answer is not k6's."""
import json
import re
import unittest

from harness import ROOT, Case, free_port, wait_for_port

SCRIPTS = ROOT / "tests/e2e/conformance"


class Conformance(Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.brunt_started("serve", "echo", "--listen", f"127.0.0.1:{self.port}")
        wait_for_port(self.port)

    def holds(self, script, *how):
        done = self.brunt("run", str(SCRIPTS / script), "-e", f"BASE=http://127.0.0.1:{self.port}", *how)
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertNotIn("Error", done.stderr)
        self.assertNotIn("step_errors", done.stdout, done.stderr)

    def test_requests_and_responses(self):
        self.holds("requests.js")

    def test_redirects_cookies_authentication_and_codings(self):
        self.holds("redirects_cookies_auth.js")

    def test_pages_and_forms(self):
        self.holds("pages.js")

    def test_both_modules_of_web_sockets(self):
        self.holds("sockets.js")

    def test_life_cycle_metrics_data_and_what_is_computed(self):
        for how in ((), ("--threads", "2"), ("--processes", "2")):
            self.holds("measures.js", *how)

    def test_each_member_that_the_reference_names(self):
        rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \| (.*?) \|$", (ROOT / "docs/reference/k6-members.md").read_text(), re.M)
        names = [[name, *(re.findall(r"`([^`]+)`", cell) for cell in (yes + partly, no))] for name, yes, partly, no in rows]
        self.assertGreater(len(names), 40)
        self.holds("members.js", "-e", f"MEMBERS={json.dumps(names)}")

    def test_a_difference_is_seen(self):
        self.write("wrong.js", "import http from 'k6/http'; export default () => {"
                               " if (http.get(`${__ENV.BASE}/status/404`).status !== 200) throw new Error('404') }")
        with self.assertRaises(AssertionError):
            self.holds(self.folder / "wrong.js")


if __name__ == "__main__":
    unittest.main()
