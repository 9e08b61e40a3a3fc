#!/usr/bin/env python3
"""The message server as users run it: killed, full, out of descriptors, in several processes, in a plan."""
import contextlib
import json
import os
import random
import re
import resource
import selectors
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest
import urllib.request

from harness import BRUNT, Case


def frame(client, number, text=b"thirty-two bytes of text for you"):
    return struct.pack(">IIH", client, number, len(text)) + text


class Client:
    """One connection that sends messages one after the other, each after the last one's ACK."""

    def __init__(self, port, client):
        self.client, self.acked = client, 0
        self.socket = socket.create_connection(("127.0.0.1", port), 10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, number):
        self.socket.sendall(frame(self.client, number))
        ack = b""
        while len(ack) < 8:
            part = self.socket.recv(8 - len(ack))
            if not part:
                raise ConnectionError("closed")
            ack += part
        if ack != struct.pack(">II", self.client, number):
            raise AssertionError(f"an ACK for another: {ack.hex()}")
        self.acked = number


class Messages(Case):
    def serve(self, *args, limit=None, output="messages.dat"):
        """Starts the server; sets self.port and self.metrics_url."""
        options = {}
        if limit:
            options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        self.server = self.brunt_started("serve", "messages", "--listen", "127.0.0.1:0", "--output", output, *args, **options)
        line = self.server.stdout.readline()
        if not line:
            return self.server.stderr.read()
        self.port = int(re.search(r"listens at 127\.0\.0\.1:(\d+)", line).group(1))
        self.metrics_url = re.search(r"(http://\S+/metrics)", self.server.stdout.readline()).group(1)
        return line

    def metric(self, name):
        with urllib.request.urlopen(self.metrics_url, timeout=10) as reply:
            text = reply.read().decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def stop(self):
        self.server.terminate()
        code = self.server.wait(30)
        self.errors = self.server.stderr.read()
        self.assertEqual(code, 0, self.errors)

    def verify(self, *args, output="messages.dat"):
        done = self.brunt("tool", "messages-verify", output, "--format", "json", *args)
        return json.loads(done.stdout), done.returncode

    def left(self, output="messages.dat"):
        return sorted(p.name for p in (self.folder / f"{output}.segments").iterdir() if p.name != "lock")

    def load_until(self, stop, clients, acked):
        """Clients in threads that send until `stop` is set or the server is gone; acked[client] is its last ACK."""
        def drive(client):
            try:
                with Client(self.port, client) as connection:
                    while not stop.is_set():
                        connection.send(acked[client] + 1)
                        acked[client] = connection.acked
            except (OSError, ConnectionError):
                pass
        threads = [threading.Thread(target=drive, args=(c,)) for c in clients]
        for thread in threads:
            thread.start()
        return threads


class Storage(Messages):
    def test_killed_at_its_peak_it_has_lost_nothing_that_it_acknowledged(self):
        acked = {client: 0 for client in range(1, 13)}
        chance = random.Random(4)
        for life in range(6):
            durability = ("ack-after-write", "ack-after-fsync")[life % 2]
            self.serve("--threads", "2", "--durability", durability, "--segment-age", "50ms", "--accumulate-every", "20ms",
                       "--segment-size", "64KiB")
            threads = self.load_until(threading.Event(), acked, acked)
            time.sleep(0.3 + chance.random() * 0.4)
            self.server.kill()
            self.server.wait()
            for thread in threads:
                thread.join()
            # What was sent and not acknowledged may be there or not; a client that sends it again makes a duplicate.
            for client in acked:
                acked[client] += 1000
        self.serve()
        self.stop()
        self.assertEqual(self.left(), [])
        report, _ = self.verify()
        self.assertEqual((report["duplicated"], report["reordered"], report["damaged_bytes"]), (0, 0, 0), report)
        self.assertGreater(report["messages"], 1000)
        # Gaps may only lie between one life and the next.
        for finding in report["findings"]:
            for low, high in finding["missing"]:
                self.assertGreaterEqual(high - low, 900, finding)

    def test_verify_finds_what_clients_had_acknowledged_and_is_not_there(self):
        self.serve()
        connection = Client(self.port, 7)
        for number in range(1, 101):
            connection.send(number)
        self.stop()
        acked = self.write("acked.csv", "client_id,last_acked\n7,100\n")
        report, code = self.verify("--first", "1", "--acked", acked)
        self.assertEqual((report["sound"], report["messages"], code), (True, 100, 0))
        self.write("acked.csv", "client_id,last_acked\n7,103\n9,1\n")
        done = self.brunt("tool", "messages-verify", "messages.dat", "--acked", acked)
        self.assertEqual(done.returncode, 99)
        self.assertIn("client 7: 3 lost (101 to 103)", done.stdout)
        self.assertIn("client 9: 1 lost (1)", done.stdout)
        path = self.folder / "messages.dat"
        damaged = bytearray(path.read_bytes())
        damaged[1000] ^= 1
        path.write_bytes(damaged)
        report, code = self.verify()
        self.assertEqual((report["damaged_places"], report["lost"], code), (1, 1, 99))

    def test_folders_that_cannot_be_used_are_told_at_the_start(self):
        self.assertIn("does not exist: make it first", self.serve(output="nowhere/messages.dat"))
        self.assertEqual(self.server.wait(10), 255)
        if os.geteuid() == 0 and os.path.isdir("/proc/self"):
            self.assertIn("cannot", self.serve(output="/proc/self/messages.dat"))
        self.serve()
        again = self.brunt("serve", "messages", "--listen", "127.0.0.1:0", "--output", "messages.dat")
        self.assertIn("in use by another message server", again.stderr)
        same_port = self.brunt("serve", "messages", "--listen", f"127.0.0.1:{self.port}", "--output", "other.dat")
        self.assertIn("Address already in use", same_port.stderr)

    def test_on_a_full_disk_it_stays_up_and_goes_on_when_there_is_room(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no right to mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], capture_output=True)
        self.serve(output="disk/messages.dat")
        ballast = disk / "ballast"
        connection = Client(self.port, 1)
        connection.send(1)
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(file, b"x" * 4096):
                pass
        os.close(file)
        connection.socket.settimeout(1)
        acked = 1
        with self.assertRaises(TimeoutError):
            while True:  # The last page has room for some.
                connection.send(acked + 1)
                acked += 1
        self.assertEqual(self.metric("messages_refusing"), 1)
        self.assertIsNone(self.server.poll())
        ballast.unlink()
        connection.socket.settimeout(20)
        self.assertEqual(connection.socket.recv(8, socket.MSG_WAITALL), struct.pack(">II", 1, acked + 1))
        connection.send(acked + 2)
        self.stop()
        report, code = self.verify(output="disk/messages.dat")
        self.assertEqual((code, report["messages"]), (0, acked + 2))


class Limits(Messages):
    def test_out_of_descriptors_it_refuses_politely_counts_it_and_serves_on(self):
        self.serve("--threads", "2", "--processes", "1", limit=160)
        held, refused = [], 0
        for client in range(1, 201):
            connection = Client(self.port, client)
            try:
                connection.send(1)
                held.append(connection)
            except (ConnectionError, OSError):
                refused += 1
        self.assertGreater(len(held), 40)
        self.assertGreater(refused, 20)
        self.assertEqual(self.metric("messages_sessions_refused_total"), refused)
        for connection in held[:20]:
            connection.socket.close()
        deadline = time.monotonic() + 10
        while self.metric("messages_sessions") > len(held) - 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        Client(self.port, 999).send(1)
        for connection in held[20:]:
            connection.send(2)
        self.stop()
        self.assertEqual(self.verify()[1], 0)

    def test_ten_thousand_connects_at_once_with_a_short_backlog_are_served_as_the_kernel_lets_them_in(self):
        count = 10_000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 500:
            self.skipTest("this machine allows too few descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.serve("--backlog", "5", "--clients", str(count))
        selector = selectors.DefaultSelector()

        def connect(client):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            selector.register(one, selectors.EVENT_WRITE, client)

        for client in range(1, count + 1):
            connect(client)
        acked, end = 0, time.monotonic() + 10
        while acked < count and time.monotonic() < end:
            for key, events in selector.select(1):
                try:
                    if events & selectors.EVENT_WRITE:
                        key.fileobj.send(frame(key.data, 1))
                        selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                        continue
                    self.assertEqual(key.fileobj.recv(8), struct.pack(">II", key.data, 1))
                    acked += 1
                    selector.unregister(key.fileobj)
                except ConnectionError:  # The kernel forgot one that waited too long for its place: it comes again.
                    selector.unregister(key.fileobj)
                    connect(key.data)
                key.fileobj.close()
        # The kernel drops who finds the queue full, and asks again after 1, 3, 7 s: not all are through by now.
        self.assertGreater(acked, 500)
        for key in list(selector.get_map().values()):
            key.fileobj.close()
        selector.close()
        with Client(self.port, count + 1) as late:
            late.send(1)
        self.stop()
        report, code = self.verify("--first", "1")
        self.assertEqual(code, 0)
        self.assertGreaterEqual(report["messages"], acked + 1)

    def test_a_backlog_beyond_what_the_kernel_allows_is_told(self):
        self.serve("--backlog", "1000000")
        self.stop()
        self.assertRegex(self.errors, r"a backlog of 1000000 is cut to \d+ by the kernel: sysctl -w net\.core\.somaxconn")

    def test_several_processes_share_the_port_and_the_output_and_one_may_be_lost(self):
        self.assertIn("3 x 1 threads", self.serve("--processes", "3"))
        acked = {client: 0 for client in range(1, 61)}
        stop = threading.Event()
        threads = self.load_until(stop, acked, acked)
        time.sleep(0.5)
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True).stdout.split()
        self.assertEqual(len(children), 2)
        self.assertEqual(self.metric("messages_processes"), 3)
        os.kill(int(children[0]), signal.SIGKILL)
        time.sleep(0.5)
        self.assertEqual(self.metric("messages_processes_lost_total"), 1)
        stop.set()
        for thread in threads:
            thread.join()
        Client(self.port, 1000).send(1)
        self.stop()
        self.assertIn("killed by SIGKILL", self.errors)
        told = self.write("acked.csv", "".join(f"{c},{n}\n" for c, n in acked.items() if n))
        report, code = self.verify("--first", "1", "--acked", told)
        self.assertEqual((code, report["sound"]), (0, True), report)
        self.assertEqual(self.left(), [])

    def test_its_processes_die_with_the_first_one(self):
        self.serve("--processes", "3")
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True).stdout.split()
        self.server.kill()
        self.server.wait()
        deadline = time.monotonic() + 5
        while any(os.path.exists(f"/proc/{c}/fd/0") for c in children) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.serve()
        self.stop()


class InAPlan(Messages):
    def test_a_plan_starts_it_and_names_its_addresses(self):
        self.write("plan.yaml", f"""
            services:
              server: {{ builtin: messages, with: {{ threads: 2, durability: ack-after-write, output: {self.folder}/all.dat }} }}
            scenarios:
              look:
                executor: shared-iterations
                iterations: 2
                vus: 1
                steps:
                  - GET: "${{server.metrics}}"
                    check: {{ status: 200 }}
            """)
        done = self.brunt("run", "plan.yaml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue((self.folder / "all.dat").exists())


if __name__ == "__main__":
    unittest.main()
