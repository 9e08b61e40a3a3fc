"""`brunt tool proxy` and links, with real sockets, TLS, and Toxiproxy's own client."""
import contextlib
import json
import os
import re
import resource
import select
import selectors
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from harness import BRUNT, Case, free_port, wait_for_port


class Echo:
    """A TCP server that sends back what comes, until the client's end; with `wrap` it speaks TLS."""

    def __init__(self, wrap=None):
        self.wrap = wrap
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError, ssl.SSLError):
            with self.wrap(client) if self.wrap else client as stream:
                while data := stream.recv(65536):
                    stream.sendall(data)

    def close(self):
        self.listener.close()


def receive(stream, size):
    data = b""
    while len(data) < size and (part := stream.recv(65536)):
        data += part
    return data


class Proxied(Case):
    def echo(self, wrap=None):
        server = Echo(wrap)
        self.addCleanup(server.close)
        return server.port

    def proxy(self, upstream, *options):
        port = free_port()
        self.process = self.brunt_started("tool", "proxy", f"localhost:{port}", str(upstream), *options)
        wait_for_port(port)
        return port

    def api(self, port, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class Passes(Proxied):
    def test_bytes_half_close_and_totals(self):
        port = self.proxy(f"localhost:{self.echo()}")
        payload = os.urandom(3_000_000)
        with socket.create_connection(("127.0.0.1", port)) as stream:
            threading.Thread(target=lambda: (stream.sendall(payload), stream.shutdown(socket.SHUT_WR))).start()
            self.assertEqual(receive(stream, len(payload) + 1), payload)
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=20)
        self.assertEqual((self.process.returncode, err), (0, ""))
        self.assertRegex(out, r"\d+ connections, 3\.0 MB up, 3\.0 MB down; 0 refused, 0 broken, upstream not reached 0 times")

    def test_thousands_of_connections_at_once_each_get_their_own_bytes(self):
        wanted = 4000
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit[1] < 2 * wanted + 500:
            self.skipTest(f"a process may have no more than {limit[1]} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        upstream = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.addCleanup(upstream.close)
        port = self.proxy(f"localhost:{upstream.getsockname()[1]}", "--latency", "20ms")
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as waiting:
            clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(wanted)]
            upstream.settimeout(20)
            # The first to connect was wait_for_port(), which has gone again.
            servers = [stack.enter_context(upstream.accept()[0]) for _ in range(wanted + 1)]
            for number, client in enumerate(clients):
                client.sendall(b"%08d" % number)
                waiting.register(client, selectors.EVENT_READ, number)
            for server in servers:
                server.settimeout(20)
                if text := receive(server, 8):
                    server.sendall(text)
            unanswered = set(range(wanted))
            while unanswered and (ready := waiting.select(20)):
                for key, _ in ready:
                    self.assertEqual(receive(key.fileobj, 8), b"%08d" % key.data)
                    waiting.unregister(key.fileobj)
                    unanswered.remove(key.data)
            self.assertEqual(len(unanswered), 0)
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=20)
        self.assertEqual((self.process.returncode, err), (0, ""))
        self.assertRegex(out, r"4,00\d connections, 32\.0 kB up, 32\.0 kB down; 0 refused, 0 broken, upstream not reached 0 times")

    def test_at_its_limit_of_descriptors_it_says_what_would_help_and_serves_whom_it_has(self):
        port = free_port()
        # An owner of the whole machine may raise even the hard limit: then there is nothing to reach.
        self.process = self.brunt_started("tool", "proxy", f"localhost:{port}", f"localhost:{self.echo()}",
                                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        wait_for_port(port)
        with open(f"/proc/{self.process.pid}/limits") as limits:
            if not re.search(r"Max open files +64 +64", limits.read()):
                self.skipTest("this user may raise hard limits")
        answered = 0
        with contextlib.ExitStack() as stack:
            clients = []
            for _ in range(60):
                with contextlib.suppress(ConnectionResetError):
                    clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)))
            self.assertTrue(select.select([self.process.stderr], [], [], 20)[0], "nothing was said")
            self.assertIn("at the limit with ", self.process.stderr.readline())
            self.assertIn("start each with --share-port", self.process.stderr.readline())
            for client in clients:
                with contextlib.suppress(OSError):
                    client.settimeout(0.2)
                    client.sendall(b"x")
                    answered += client.recv(1) == b"x"
        self.assertGreater(answered, 10)
        self.assertLess(answered, 32)
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=20)
        self.assertRegex(out, r"upstream not reached 0 times, at the limit \d+ times")

    def test_several_proxies_share_an_address(self):
        port, upstream = free_port(), self.echo()
        processes = [self.brunt_started("tool", "proxy", f"localhost:{port}", f"localhost:{upstream}", "--share-port") for _ in range(2)]
        for process in processes:
            self.assertIn("leads to", process.stdout.readline())
        for _ in range(40):
            with socket.create_connection(("127.0.0.1", port), 20) as client:
                client.sendall(b"x")
                self.assertEqual(client.recv(1), b"x")
        counts = []
        for process in processes:
            process.send_signal(signal.SIGINT)
            counts.append(int(re.match(r"(\d+) connections", process.communicate(timeout=20)[0])[1]))
        self.assertEqual(sum(counts), 40)
        self.assertGreater(min(counts), 0)

    def test_tls_passes_through(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / "key.pem", "-out",
                        self.folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        port = self.proxy(f"localhost:{self.echo(lambda client: server.wrap_socket(client, server_side=True))}")
        client = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        with socket.create_connection(("127.0.0.1", port)) as plain:
            with client.wrap_socket(plain, server_hostname="localhost") as stream:
                stream.sendall(b"secret")
                self.assertEqual(receive(stream, 6), b"secret")

    def test_unix_sockets_on_both_sides(self):
        upstream, listen = self.folder / "up.sock", self.folder / "listen.sock"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(upstream))
            server.listen()
            process = self.brunt_started("tool", "proxy", f"unix:{listen}", f"unix:{upstream}")
            end = time.monotonic() + 15
            while not listen.exists() and time.monotonic() < end:
                time.sleep(0.02)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(listen))
                client.sendall(b"through")
                accepted, _ = server.accept()
                with accepted:
                    self.assertEqual(accepted.recv(100), b"through")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.assertFalse(listen.exists())

    def test_an_upstream_that_refuses_resets_the_client(self):
        port = self.proxy(f"localhost:{free_port()}")
        with socket.create_connection(("127.0.0.1", port)) as stream:
            with self.assertRaises(ConnectionResetError):
                stream.recv(1)

    def test_a_client_that_resets_is_passed_on(self):
        seen = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = self.proxy(f"localhost:{server.getsockname()[1]}")
            server.accept()[0].close()  # Of wait_for_port().
            client = socket.create_connection(("127.0.0.1", port))
            accepted, _ = server.accept()
            with accepted:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                with self.assertRaises(ConnectionResetError):
                    accepted.recv(1)
        self.assertEqual(seen, [])


class Toxics(Proxied):
    def test_latency_of_a_round_trip_and_of_connecting(self):
        port = self.proxy(f"localhost:{self.echo()}", "--latency", "200ms")
        with socket.create_connection(("127.0.0.1", port)) as stream:
            for least in (0.4, 0.2):
                started = time.monotonic()
                stream.sendall(b"x")
                stream.recv(1)
                self.assertGreaterEqual(time.monotonic() - started, least)

    def test_down_refuses_by_the_kernel_and_keeps_the_port(self):
        control = free_port()
        port = self.proxy(f"localhost:{self.echo()}", "--control", f"localhost:{control}")
        wait_for_port(control)
        status, _ = self.api(control, "POST", "/proxies/proxy/toxics", {"type": "down"})
        self.assertEqual(status, 200)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.socket() as taker, self.assertRaises(OSError):
            taker.bind(("127.0.0.1", port))
        self.assertEqual(self.api(control, "DELETE", "/proxies/proxy/toxics/down_downstream")[0], 204)
        socket.create_connection(("127.0.0.1", port)).close()

    def test_garbage_gets_a_clear_answer_and_the_api_lives_on(self):
        control = free_port()
        self.brunt_started("tool", "proxy", "--control", f"localhost:{control}")
        wait_for_port(control)
        for raw in (b"\x00\xff" * 500 + b"\r\n\r\n", b"POST /proxies HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{{{"):
            with socket.create_connection(("127.0.0.1", control)) as stream:
                stream.sendall(raw)
                self.assertIn(b" 400 ", stream.recv(65536).split(b"\r\n")[0] + b" ")
        self.assertEqual(self.api(control, "GET", "/proxies"), (200, "{}"))

    def test_the_client_of_toxiproxy_drives_it(self):
        from harness import npm_folder
        control, listen = free_port(), free_port()
        self.brunt_started("tool", "proxy", "--control", f"localhost:{control}")
        wait_for_port(control)
        done = subprocess.run(["node", npm_folder() / "toxiproxy.mjs", f"http://127.0.0.1:{control}", f"127.0.0.1:{listen}",
                               f"127.0.0.1:{self.echo()}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["left"], 0)

    def test_what_cannot_be_is_said(self):
        for arguments, text in (
                (["localhost:0", "nowhere"], r'"nowhere" is no address; give host:port or unix:/path'),
                (["localhost:0"], r"give UPSTREAM too"),
                ([], r"give LISTEN and UPSTREAM, or --control"),
                (["localhost:0", "h:1", "--latency", "fast"], r"--latency: .*fast"),
                (["localhost:0", "h:1", "--jitter", "1ms"], r"--jitter needs --latency"),
                (["localhost:0", "h:1", "--toxic", "sloth"], r'invalid toxic type "sloth"'),
                (["localhost:0", "h:1", "--toxic", "latency,latency=-3"], r"latency: -3 is negative"),
                (["localhost:0", "h:1", "--toxic", "latency,latncy=3"], r'no attribute "latncy"; did you mean "latency"'),
                (["localhost:0", "h:1", "--loss", "1%"], r"need --driver netem"),
                (["localhost:0", "h:1", "--driver", "magic"], r"--driver magic: give proxy or netem"),
                (["--control", "localhost:0", "--driver", "netem", "--loss", "1%"], r"give LISTEN and UPSTREAM"),
                (["localhost:0", "h:1", "--driver", "netem"], r"--driver netem: a road of the kernel needs a shape"),
                (["localhost:0", "h:1", "--driver", "netem", "--loss", "101%"], r"0 to 100%"),
                (["--control", "0.0.0.0:1"], r"asks for no password")):
            done = self.brunt("tool", "proxy", *arguments)
            self.assertEqual(done.returncode, 104, done.stderr)
            self.assertTrue(re.search(text, done.stderr), done.stderr)


PLAN = """
name: far
services:
  collector: {{ builtin: iot, with: {{ store: "sqlite:iot.db" }} }}
links:
  - {{ from: device, to: collector, rtt: 100ms }}
scenarios:
  device: {{ target: collector, executor: constant-vus, vus: 2, duration: {duration}, steps: [ {{ GET: /health }} ] }}
  near: {{ target: collector, executor: constant-vus, vus: 1, duration: {duration}, steps: [ {{ GET: /health }}, {{ think: 10ms }} ] }}
"""


def children_of(pid):
    """All processes below it, by /proc."""
    parents = {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{int(entry)}/stat") as stat:
                parents[int(entry)] = int(stat.read().rsplit(")", 1)[1].split()[1])
    found, todo = [], [pid]
    while todo:
        below = [child for child, parent in parents.items() if parent == todo[0]]
        todo = todo[1:] + below
        found += below
    return found


def kernel_roads():
    """Which roads this machine's kernel makes: "", "tbf", or "netem"; and what the doctor says of them."""
    text = subprocess.run([BRUNT, "tool", "doctor"], capture_output=True, text=True, timeout=60).stdout
    told = next(line for line in text.splitlines() if line.startswith("driver: netem"))
    return ("tbf" if "only bandwidth" in told else "" if "not here" in told else "netem"), told


def network_cards():
    """The queues of all interfaces, by interface."""
    lines = subprocess.run(["tc", "qdisc", "show"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {re.search(r" dev (\S+)", line)[1]: line for line in lines}


class KernelRoads(Proxied):
    def setUp(self):
        super().setUp()
        self.kind, told = kernel_roads()
        if not self.kind:
            self.skipTest(told)

    def road(self, *options):
        """A proxy with a road to an echo server: its process, port and network card."""
        before = network_cards()
        process = self.brunt_started("tool", "proxy", "localhost:0", f"localhost:{self.echo()}", "--driver", "netem", *options)
        line = process.stdout.readline()
        found = re.match(r"127\.0\.0\.1:(\d+) leads to .* over a road of the kernel", line)
        self.assertTrue(found, line + (process.stderr.read() if not line else ""))
        self.assertEqual(network_cards()["lo"], before["lo"])
        # Its number is its process's unless that was taken.
        self.assertIn(f"brunt{process.pid % 32768}", network_cards())
        return process, int(found[1]), f"brunt{process.pid % 32768}"

    def assert_gone(self, card):
        end = time.monotonic() + 20
        while card in network_cards() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertNotIn(card, network_cards())

    def test_a_road_of_the_kernel_is_narrow_and_gone_when_it_is_killed(self):
        process, port, card = self.road("--bandwidth", "500kB/s")
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as stream:
            threading.Thread(target=lambda: stream.sendall(bytes(300_000))).start()
            self.assertEqual(len(receive(stream, 300_000)), 300_000)
        self.assertGreater(time.monotonic() - started, 0.5)
        process.kill()
        process.wait()
        self.assert_gone(card)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))

    def plan(self, port, *options):
        return self.write("road.yaml", f"""
services:
  shop: {{ builtin: iot, with: {{ store: "sqlite:iot.db" }} }}
  road: {{ command: [{BRUNT}, tool, proxy, "localhost:{port}", "${{shop.address}}", --driver, netem, {", ".join(options)}], address: "localhost:{port}" }}
scenarios:
  get: {{ target: road, executor: constant-vus, vus: 2, duration: 2s, steps: [ {{ GET: /health }} ] }}
""")

    def test_a_plan_has_a_road_as_a_service(self):
        done = self.brunt("run", self.plan(free_port(), "--bandwidth", "100kB/s"), "--quiet")
        self.assert_passed(done)
        figures = self.report()["all_requests"]
        self.assertEqual(figures["failed"], 0, done.stdout)
        self.assertGreater(figures["latency_ms"]["count"], 100)

    def test_what_this_kernel_cannot_do_is_said_and_no_load_begins(self):
        if self.kind == "netem":
            self.skipTest("this kernel has netem")
        done = self.brunt("run", self.plan(free_port(), "--loss", "1%"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("services.road: ", done.stderr)
        self.assertIn("this kernel has no netem", done.stderr)
        self.assertIn("CONFIG_NET_SCH_NETEM", done.stderr)
        self.assertNotIn("running", done.stderr)

    def test_netem_loses_packets_and_tcp_brings_all_bytes(self):
        if self.kind != "netem":
            self.skipTest("this kernel has no netem")
        process, port, card = self.road("--latency", "20ms", "--loss", "10%", "--duplicate", "1%", "--reorder", "1%")
        payload = os.urandom(500_000)
        with socket.create_connection(("127.0.0.1", port)) as stream:
            threading.Thread(target=lambda: stream.sendall(payload)).start()
            self.assertEqual(receive(stream, len(payload)), payload)
        process.kill()
        process.wait()
        self.assert_gone(card)


class Links(Proxied):
    def test_ten_thousand_connections_go_through_one_link(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 14_000:
            self.skipTest(f"a process may have no more than {hard} descriptors")
        plan = self.write("ten.yaml", PLAN.replace("executor: constant-vus, vus: 2, duration: {duration}",
                                                   "executor: per-vu-iterations, vus: 10000, iterations: 2, ramp_up: 3s")
                          .replace("steps: [ {{ GET: /health }} ] }}\n  near", "steps: [ {{ GET: /health }}, {{ think: 5s }} ] }}\n  near")
                          .format(duration="1s") + """
faults:
  far: { slow: device->collector, rtt: 400ms, at: 5s, for: 1s }
""")
        check = self.brunt("check", plan)
        if hard <= 20_000:
            self.assertIn("links' proxies in 2 processes", check.stdout)
        done = self.brunt("run", plan, "--quiet")
        self.assert_passed(done)
        figures = self.report()["all_requests"]
        self.assertEqual(figures["failed"], 0, done.stdout)
        self.assertGreaterEqual(figures["latency_ms"]["count"], 20_000)
        # The second answers, to those whose connections are open, pass a link that is longer for a while, in each process.
        self.assertGreaterEqual(figures["latency_ms"]["max"], 500)

    def test_a_link_is_as_long_as_it_says_for_who_is_linked(self):
        plan = self.write("far.yaml", PLAN.format(duration="3s"))
        done = self.brunt("run", plan, "--quiet", "--out", "csv=samples.csv")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        durations = {"device": [], "near": []}
        connecting = {"device": [], "near": []}
        with open(self.folder / "samples.csv") as file:
            rows = [line.rstrip("\n").split(",") for line in file]
        head = rows[0]
        for row in rows[1:]:
            sample = dict(zip(head, row))
            kept = {"http_req_duration": durations, "http_req_connecting": connecting}.get(sample["metric_name"])
            if kept is not None:
                kept[sample["scenario"]].append(float(sample["metric_value"]))
        self.assertGreaterEqual(min(durations["device"]), 100)
        self.assertGreaterEqual(max(connecting["device"]), 100)
        self.assertLess(sorted(durations["near"])[len(durations["near"]) // 2], 100)

    def test_nothing_of_the_links_survives_a_killed_run(self):
        plan = self.write("far.yaml", PLAN.format(duration="60s"))
        process = self.brunt_started("run", plan, "--quiet")
        end = time.monotonic() + 30
        proxies = []
        while not proxies and time.monotonic() < end:
            time.sleep(0.1)
            for pid in children_of(process.pid):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as file:
                    if "--control" in file.read():
                        proxies.append(pid)
        self.assertTrue(proxies, "no links' proxy was started")
        process.kill()
        process.wait()
        end = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{pid}") for pid in proxies) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse([pid for pid in proxies if os.path.exists(f"/proc/{pid}")])

    def test_check_shows_links(self):
        done = self.brunt("check", self.write("far.yaml", PLAN.format(duration="1s")))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("device->collector", done.stdout)
        self.assertIn("round trip 100ms", done.stdout)


if __name__ == "__main__":
    unittest.main()
