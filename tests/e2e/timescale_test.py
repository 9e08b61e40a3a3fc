#!/usr/bin/env python3
"""The ledger and the IoT service on a real TimescaleDB: their tables are hypertables, and hold what was measured."""
import json
import os
import subprocess
import unittest
import urllib.request

from harness import BRUNT, Case, free_port, npm_folder, wait_for_port


class Timescale(Case):
    def setUp(self):
        super().setUp()
        port = free_port()
        self.start(["node", str(npm_folder() / "timescale.mjs"), str(port)])
        wait_for_port(port, seconds=60)
        self.database = f"postgres://postgres:any@127.0.0.1:{port}/postgres?sslmode=disable"

    def sql(self, statement):
        done = subprocess.run(["psql", self.database, "-At", "-c", statement], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def hypertables(self):
        return self.sql("select hypertable_name from timescaledb_information.hypertables order by 1")

    def test_a_run_is_kept_in_hypertables_and_read_from_them(self):
        port = self.nginx()
        done = self.brunt("run", f"http://127.0.0.1:{port}/", "--vus", "2", "--iterations", "200", "--ledger", self.database, "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.hypertables(), ["logs", "seconds"])
        self.assertGreater(int(self.sql("select count(*) from seconds")[0]), 10)
        again = self.brunt("report", "last", "--ledger", self.database, "--format", "json")
        self.assertEqual(json.loads(again.stdout)["metrics"], json.loads(done.stdout)["metrics"])

    def test_the_iot_service_keeps_measurements_in_a_hypertable(self):
        port = free_port()
        service = self.start([BRUNT, "serve", "iot", "--listen", f"127.0.0.1:{port}", "--store", self.database])
        wait_for_port(port)
        device = self.post(port, "/login", {"username": "a"})["username"]
        for day in (20, 21, 22):
            self.post(port, "/measurement", {"time": f"2026-11-{day}T00:00:00Z", "charge_now": day}, {"servant-auth-cookie": device})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            self.assertIn('store="timescale"', answer.read().decode())
        self.end(service)
        self.assertEqual(self.hypertables(), ["measurement"])
        self.assertEqual(self.sql("select charge_now from measurement order by time"), ["20", "21", "22"])

    @staticmethod
    def post(port, path, document, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(document).encode(),
                                         {"content-type": "application/json", **(headers or {})})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "{}")


if __name__ == "__main__":
    unittest.main()
