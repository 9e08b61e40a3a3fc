#!/usr/bin/env python3
"""The `redis` step against a real Redis."""
import signal
import subprocess
import threading
import time
import unittest

from harness import Case, free_port, wait_for_port

PLAN = """
services: { queue: { engine: redis } }
scenarios:
  writers:
    target: queue
    executor: per-vu-iterations
    vus: 5
    iterations: 40
    steps:
      - redis: [LPUSH, jobs, "job ${vu}-${iteration}"]
      - redis: [[INCR, counter], [GET, counter]]
        name: count
        check: { "$[0]": "> 0" }
        capture: { seen: "$[1]" }
      - redis: [SET, "k${vu}", "${seen}"]
        check: { equals: OK }
expect:
  redis_req_failed: "rate == 0"
  checks: "rate == 1"
  redis_req_duration{name:LPUSH}: "p(95) < 1s"
"""


class Redis(Case):
    def server(self, *options):
        port = free_port()
        process = self.start(["redis-server", "--port", str(port), "--save", "", "--dir", str(self.folder), *options])
        wait_for_port(port)
        return port, process

    def cli(self, port, *words):
        done = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def test_a_plan_starts_a_redis_and_loads_it(self):
        done = self.brunt("run", self.write("plan.yaml", PLAN), "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        record = self.report()
        counts = {one["name"]: one["latency_ms"]["count"] for one in record["requests"]}
        self.assertEqual(counts, {"LPUSH": 200, "count": 200, "SET": 200})
        self.assertEqual([one["name"] for one in record["services"]], ["queue"])

    def test_what_was_written_is_there_in_the_database_that_was_chosen(self):
        port, _ = self.server("--requirepass", "secret")
        plan = self.write("plan.yaml", PLAN.replace("services: { queue: { engine: redis } }", "")
                          .replace("target: queue", f'target: "redis://:secret@127.0.0.1:{port}/3?protocol=3"'))
        done = self.brunt("run", plan, "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(self.cli(port, "-a", "secret", "-n", "3", "LLEN", "jobs"), "200")
        self.assertEqual(self.cli(port, "-a", "secret", "-n", "3", "GET", "counter"), "200")

    def test_errors_of_redis_are_told_by_their_word(self):
        port, _ = self.server()
        plan = self.write("plan.yaml", f"""
scenarios:
  s:
    target: redis://127.0.0.1:{port}
    executor: per-vu-iterations
    vus: 1
    iterations: 3
    steps: [ {{ redis: [SET, a, text] }}, {{ redis: [INCR, a] }}, {{ redis: [LPUSH, a, b] }} ]
""")
        done = self.brunt("run", plan, "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        causes = {one["request"]: one["words"] for one in self.report()["errors"]}
        self.assertIn("WRONGTYPE", causes["LPUSH"])
        self.assertIn("redis: ERR", causes["INCR"])

    def test_a_redis_that_goes_and_comes_back_is_connected_to_again(self):
        port, process = self.server()
        plan = self.write("plan.yaml", f"""
scenarios:
  s:
    target: redis://127.0.0.1:{port}
    executor: constant-vus
    vus: 4
    duration: 4s
    timeout: 500ms
    steps: [ {{ redis: [PING] }}, {{ think: 20ms }} ]
""")

        def outage():
            time.sleep(1)
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.7)
            self.start(["redis-server", "--port", str(port), "--save", "", "--dir", str(self.folder)])

        thread = threading.Thread(target=outage)
        thread.start()
        done = self.brunt("run", plan, "-q")
        thread.join()
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        rows = [row.split(",") for row in self.brunt("report", "--format", "csv").stdout.splitlines()[1:]]
        record = self.report()
        self.assertTrue(any("refused" in one["words"] for one in record["errors"]), record["errors"])
        last = max(int(row[0]) for row in rows if row[3] == "redis_reqs")
        self.assertGreaterEqual(last, 3)
        self.assertLess(record["all_requests"]["failed_share"], 0.9)
        self.assertGreater(record["all_requests"]["latency_ms"]["count"] - record["all_requests"]["failed"], 100)

    def test_a_plan_with_redis_can_be_rehearsed(self):
        done = self.brunt("rehearse", self.write("plan.yaml", PLAN.split("expect:")[0]))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertNotIn("rror", done.stderr)


if __name__ == "__main__":
    unittest.main()
