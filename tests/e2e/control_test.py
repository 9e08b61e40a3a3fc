#!/usr/bin/env python3
"""A run that is led from outside: k6's REST API, and the commands that speak it."""
import json
import signal
import socket
import time
import unittest
import urllib.request

from harness import Case, free_port, wait_for_port


class Control(Case):
    def wait_until(self, holds, seconds=15):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"not so after {seconds} s")
            time.sleep(0.1)

    def test_a_run_is_paused_scaled_and_stopped_over_its_rest_api(self):
        address = f"127.0.0.1:{free_port()}"
        self.write("led.js", """
            import { check, group, sleep } from "k6";
            export const options = {
              paused: true,
              scenarios: { led: { executor: "externally-controlled", vus: 1, maxVUs: 5, duration: "0s" } },
            };
            export function setup() { return { from: "setup" }; }
            export default function (data) {
              group("inside", () => check(data, { "has data": (d) => d.from === "setup" }));
              sleep(0.02);
            }""")
        for processes in ("1", "2"):
            run = self.brunt_started("run", "led.js", "--address", address, "--processes", processes)
            wait_for_port(int(address.split(":")[1]))

            def ask(*words, code=0):
                done = self.brunt(*words, "--address", address)
                self.assertEqual(done.returncode, code, done.stderr)
                return done.stdout + done.stderr

            self.assertIn("paused: true\n", ask("status"))
            self.assertIn("vus: 3\n", ask("scale", "--vus", "3"))
            self.assertIn("paused: false\n", ask("resume"))
            self.wait_until(lambda: "name: vus\n  type: gauge\n  contains: default\n  tainted: null\n  sample:\n    value: 3\n" in ask("stats"))
            self.assertIn("6 VUs are more than the 5", ask("scale", "--vus", "6", code=104))
            self.assertIn("give --vus or --max", ask("scale", code=104))
            self.assertIn("vus: 2\nvus-max: 9\n", ask("scale", "--vus", "2", "--max", "9"))
            self.assertIn("paused: true\n", ask("pause"))
            groups = json.load(urllib.request.urlopen(f"http://{address}/v1/groups"))["data"]
            self.assertEqual([group["attributes"]["path"] for group in groups], ["", "::inside"])
            self.assertGreater(groups[1]["attributes"]["checks"][0]["passes"], 0)
            stop = urllib.request.Request(f"http://{address}/v1/status", method="PATCH", data=b'{"data": {"attributes": {"stopped": true}}}')
            self.assertTrue(json.load(urllib.request.urlopen(stop))["data"]["attributes"]["stopped"])
            self.assertEqual(run.wait(20), 103, run.stderr.read())
            self.assertIn("stopped over the REST API", run.stdout.read())
        self.assertIn("no run answers at", ask("status", code=255))

    def test_an_api_that_cannot_be_served_ends_the_run_before_it_begins(self):
        self.write("idle.js", "export default function () {}")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.brunt("run", "idle.js", env={"K6_ADDRESS": f"127.0.0.1:{taken.getsockname()[1]}"})
        self.assertEqual(done.returncode, 106, done.stderr)
        self.assertIn("--address gives another", done.stderr)

    def test_a_run_lingers_until_ctrl_c_and_keeps_its_exit_code(self):
        address = f"127.0.0.1:{free_port()}"
        self.write("short.js", "export default function () {}")
        run = self.brunt_started("run", "short.js", "--linger", "--address", address)
        wait_for_port(int(address.split(":")[1]))
        self.wait_until(lambda: "status: 9\n" in self.brunt("status", "-a", address).stdout)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(20), 0, run.stderr.read())


if __name__ == "__main__":
    unittest.main()
