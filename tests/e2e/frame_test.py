"""Messages with an ACK each, against a small server of the test's own: figures of each client, over processes too, and the client by itself."""
import csv
import io
import os
import struct
import socketserver
import threading
import unittest

import harness

PLAN = """
scenarios:
  climb:
    target: localhost:{port}
    executor: per-vu-iterations
    vus: 9
    iterations: "${{2 * vu}}"
    subjects: client
    steps: [ {{ frame: {{ size: 32 }}, client_id: "${{vu_in_scenario}}", layout: {layout} }} ]
  descend:
    target: tcp://localhost:{port}
    executor: per-vu-iterations
    vus: 9
    iterations: "${{2 * (10 - vu)}}"
    subjects: client
    steps: [ {{ frame: "message ${{iteration}}", client_id: "${{10 + vu_in_scenario}}", layout: {layout} }} ]
expect:
  frame_req_failed: [ "rate == 0" ]
"""


class Server(socketserver.ThreadingTCPServer):
    """Acknowledges every message; keeps who sent which."""
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, header, pad):
        self.header, self.pad, self.seen, self.lock, self.lie = header, pad, [], threading.Lock(), False
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        header = struct.Struct(self.server.header)
        while len(head := self.rfile.read(header.size + self.server.pad)) == header.size + self.server.pad:
            client, number, length = header.unpack_from(head)
            payload = self.rfile.read(length)
            with self.server.lock:
                self.server.seen.append((client, number, payload))
            self.wfile.write(struct.pack(">II", client + self.server.lie, number))


class Frames(harness.Case):
    def server(self, header=">IIH", pad=0):
        server = Server(header, pad)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text)))

    def test_every_client_has_its_line_also_over_processes(self):
        for processes, layout, header, pad in ((1, "brunt", ">IIH", 0), (2, "original", "<IIH", 2)):
            with self.subTest(processes=processes, layout=layout):
                server = self.server(header, pad)
                plan = self.write("plan.yaml", PLAN.format(port=server.port, layout=layout))
                done = self.brunt("run", plan, "--processes", str(processes), "--out", "analysis=analysis.csv", "-q")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                sent = {client: 2 * client for client in range(1, 10)} | {10 + i: 2 * (10 - i) for i in range(1, 10)}
                for client, messages in sent.items():
                    self.assertEqual([n for c, n, _ in server.seen if c == client], list(range(1, messages + 1)))
                analysis = self.rows((self.folder / "analysis.csv").read_text())
                self.assertEqual([int(row["client_id"]) for row in analysis], sorted(sent))
                for row in analysis:
                    self.assertGreater(float(row["connect_time_us"]), 0)
                    self.assertGreater(float(row["median_rtt_us"]), 0)
                subjects = self.rows(self.brunt("report", "last", "--format", "subjects").stdout)
                self.assertEqual({int(row["subject"]): int(row["frame_req_duration.count"]) for row in subjects}, sent)

    def test_the_master_test_comes_out_of_one_command(self):
        done = self.brunt("run", str(harness.ROOT / "plans/messages/scale.yaml"), "--set", "clients=12", "--set", "spread=10ms", "--time-scale", "60",
                          "--out", "analysis=analysis.csv", "--out", "plot=profile.pdf", "-q")
        self.assertTrue((self.folder / "profile.pdf").read_bytes().startswith(b"%PDF"))
        self.assertIn(done.returncode, (0, 99, 120) if os.getloadavg()[0] > 3 else (0,), done.stdout + done.stderr)
        analysis = self.rows((self.folder / "analysis.csv").read_text())
        self.assertEqual([int(row["client_id"]) for row in analysis], [*range(1, 13), *range(14, 26)])
        sent = {v["subject"]: v["value"] for v in self.report()["subjects"] if v["metric"] == "frame_req_duration.count"}
        self.assertEqual((sent["1"], sent["12"], sent["14"], sent["25"]), (10, 120, 120, 10))

    def test_a_matrix_is_a_run_for_each_value_and_a_table(self):
        plan = str(harness.ROOT / "plans/messages/threads.yaml")
        done = self.brunt("run", plan, "--set", "client.duration=1s", "--set", "client.vus=4", "--out", "json=samples.json", "-q")
        self.assertIn(done.returncode, (0, 99, 120) if os.getloadavg()[0] > 3 else (0,), done.stdout + done.stderr)
        table = done.stdout.splitlines()[-4:]
        self.assertRegex(table[0], r"threads +requests/s +p50 +p95 +p99 +failed +outcome +run")
        self.assertEqual([line.split()[0] for line in table[1:]], ["1", "2", "4"])
        self.assertTrue(all((self.folder / f"samples-threads={n}.json").exists() for n in (1, 2, 4)))
        self.assertEqual(self.brunt("run", plan, "--matrix", "threads=3", "-q").returncode, 104)

    def test_an_ack_for_another_client_fails_the_expectation_and_is_named(self):
        server = self.server()
        server.lie = True
        plan = self.write("plan.yaml", PLAN.format(port=server.port, layout="brunt"))
        done = self.brunt("run", plan, "-q")
        self.assertEqual(done.returncode, 99, done.stdout + done.stderr)
        self.assertIn("wrong ACK: another client", done.stdout)

    def test_one_client_by_itself_prints_the_line_of_its_figures(self):
        server = self.server()
        at = f"localhost:{server.port}"
        done = self.brunt("tool", "messages-client", "--server", at, "--client-id", "7", "--messages", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        client, connect, rtt = done.stdout.strip().split(",")
        self.assertEqual(client, "7")
        self.assertGreater(float(connect), 0)
        self.assertGreater(float(rtt), 0)
        self.assertEqual([(c, n, len(p)) for c, n, p in server.seen], [(7, n, 32) for n in range(1, 6)])
        server.lie = True
        lied = self.brunt("tool", "messages-client", "--server", at, "--client-id", "7")
        self.assertNotEqual(lied.returncode, 0)
        self.assertIn("wrong ACK: another client: it is for client 8", lied.stderr)
        nobody = self.brunt("tool", "messages-client", "--server", f"localhost:{harness.free_port()}")
        self.assertNotEqual(nobody.returncode, 0)
        self.assertIn("refused", nobody.stderr)


if __name__ == "__main__":
    unittest.main()
