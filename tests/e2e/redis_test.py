#!/usr/bin/env python3
"""The `redis` step against a real Redis."""
import signal
import subprocess
import threading
import time
import unittest

from harness import ROOT, Case, free_port, wait_for_port

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

COMMANDS = """
import redis from 'k6/experimental/redis';
import { check } from 'k6';
const client = new redis.Client({ socket: { host: '127.0.0.1', port: Number(__ENV.PORT) }, database: 1 });
export const options = { thresholds: { checks: ['rate==1'] } };
const rejected = (promise) => promise.then((value) => `fulfilled ${value}`, (error) => error.message);
export default async function () {
  const is = (name, value, wanted) =>
    check(JSON.stringify(value), { [`${name} ${JSON.stringify(value)}`]: (got) => got === JSON.stringify(wanted) });
  is('set', await client.set('k', 'v'), 'OK');
  is('get', await client.get('k'), 'v');
  is('getSet', await client.getSet('k', 7), 'v');
  is('incr', await client.incr('k'), 8);
  is('incrBy', await client.incrBy('k', 2), 10);
  is('decr', await client.decr('k'), 9);
  is('decrBy', await client.decrBy('k', 9), 0);
  is('exists', await client.exists('k', 'none'), 1);
  is('mget', await client.mget('k', 'none'), ['0', null]);
  is('expire', await client.expire('k', 100), true);
  is('ttl', (await client.ttl('k')) > 90, true);
  is('persist', await client.persist('k'), true);
  is('randomKey', await client.randomKey(), 'k');
  is('getDel', await client.getDel('k'), '0');
  is('del', await client.del('k'), 0);
  is('set for seconds', [await client.set('t', true, 50), (await client.ttl('t')) > 40], ['OK', true]);
  is('rpush', await client.rpush('l', 'b', 'c'), 2);
  is('lpush', await client.lpush('l', 'a', 1.5), 4);
  is('lrange', await client.lrange('l', 0, -1), ['1.5', 'a', 'b', 'c']);
  is('lindex', await client.lindex('l', 1), 'a');
  is('lset', await client.lset('l', 1, 'A'), 'OK');
  is('lrem', await client.lrem('l', 1, 'A'), 1);
  is('llen', await client.llen('l'), 3);
  is('lpop', await client.lpop('l'), '1.5');
  is('rpop', await client.rpop('l'), 'c');
  is('hset', await client.hset('h', 'f', 'é'), 1);
  is('hsetnx', await client.hsetnx('h', 'f', 'w'), false);
  is('hget', await client.hget('h', 'f'), 'é');
  is('hincrby', await client.hincrby('h', 'n', 5), 5);
  is('hgetall', await client.hgetall('h'), { f: 'é', n: '5' });
  is('hkeys', await client.hkeys('h'), ['f', 'n']);
  is('hvals', await client.hvals('h'), ['é', '5']);
  is('hlen', await client.hlen('h'), 2);
  is('hdel', await client.hdel('h', 'f'), 1);
  is('sadd', await client.sadd('s', 'x', 'y'), 2);
  is('srem', await client.srem('s', 'y'), 1);
  is('sismember', [await client.sismember('s', 'x'), await client.sismember('s', 'y')], [true, false]);
  is('smembers', await client.smembers('s'), ['x']);
  is('srandmember', await client.srandmember('s'), 'x');
  is('spop', await client.spop('s'), 'x');
  is('sendCommand', await client.sendCommand('ECHO', 'hello'), 'hello');
  is('nil', await rejected(client.get('none')), 'redis: nil');
  is('error', (await rejected(client.incr('h'))).startsWith('WRONGTYPE'), true);
  is('in order', await Promise.all([client.rpush('o', 1), client.rpush('o', 2), client.lrange('o', 0, -1)]), [1, 2, ['1', '2']]);
}
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

    def certificate(self):
        pem = str(self.folder / "server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out", pem + ".crt"],
                       check=True, capture_output=True, timeout=20)
        with open(pem, "a") as out:
            out.write((self.folder / "server.pem.crt").read_text())
        return pem

    def test_scripts_have_a_client_of_redis(self):
        port, _ = self.server("--requirepass", "secret")
        url = f"redis://:secret@127.0.0.1:{port}/4"
        done = self.brunt("run", str(ROOT / "examples/k6/redis.js"), "-e", f"REDIS={url}", "--threads", "2")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertNotIn("✗", done.stdout)
        self.assertEqual(self.cli(port, "-a", "secret", "-n", "4", "SCARD", "users"), "3")

    def test_every_command_of_a_scripts_client_means_what_redis_means(self):
        port, _ = self.server()
        self.write("script.js", COMMANDS)
        done = self.brunt("run", "script.js", "-e", f"PORT={port}")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertNotIn("Error:", done.stderr + done.stdout)
        self.assertRegex(done.stdout, r"1 +redis: WRONGTYPE .* INCR")
        self.assertNotIn("✗", done.stdout)

    def test_a_scripts_client_of_redis_over_tls(self):
        pem = self.certificate()
        port = free_port()
        self.start(["redis-server", "--port", "0", "--tls-port", str(port), "--tls-cert-file", pem, "--tls-key-file", pem,
                    "--tls-auth-clients", "no", "--save", "", "--dir", str(self.folder)])
        wait_for_port(port)
        self.write("script.js", f"""import redis from 'k6/experimental/redis';
          const own = new redis.Client({{ socket: {{ host: 'localhost', port: {port}, tls: {{ ca: [open({pem!r})] }} }} }});
          const any = new redis.Client('rediss://localhost:{port}');
          export default async () => {{ console.log('own', await own.sendCommand('PING'));
            try {{ await any.get('k') }} catch (error) {{ console.log(error.message) }} }}""")
        done = self.brunt("run", "script.js")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertIn("own PONG", done.stderr + done.stdout)
        self.assertIn("unknown authority", done.stderr + done.stdout)

    def test_a_scripts_client_finds_the_nodes_of_a_cluster(self):
        # The nodes speak to each other 10,000 ports higher.
        ports = [next(port for port in iter(free_port, None) if port < 55_000) for _ in range(3)]
        for port in ports:
            folder = self.folder / str(port)
            folder.mkdir()
            self.start(["redis-server", "--port", str(port), "--cluster-enabled", "yes", "--save", "", "--dir", str(folder)])
        for port in ports:
            wait_for_port(port)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        subprocess.run(["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"], check=True, capture_output=True, timeout=60)
        self.write("script.js", f"""import redis from 'k6/x/redis';
          const client = new redis.Client({{ cluster: {{ nodes: ['redis://{addresses[0]}', 'redis://{addresses[1]}'] }} }});
          export default async () => {{
            for (let i = 0; i < 60; i++) await client.set(`key${{i}}`, i);
            let sum = 0;
            for (let i = 0; i < 60; i++) sum += Number(await client.get(`key${{i}}`));
            console.log('sum', sum, await client.get('{{key7}}x').catch((error) => error.message));
          }}""")
        deadline = time.monotonic() + 30
        while self.cli(ports[0], "CLUSTER", "INFO").count("cluster_state:ok") == 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        done = self.brunt("run", "script.js")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertIn("sum 1770 redis: nil", done.stderr + done.stdout)
        self.assertEqual(sum(int(self.cli(port, "DBSIZE")) for port in ports), 60)
        self.assertGreater(min(int(self.cli(port, "DBSIZE")) for port in ports), 0)

    def test_a_scripts_client_asks_a_sentinel_for_the_master(self):
        port, _ = self.server("--requirepass", "secret")
        sentinel = free_port()
        conf = self.write("sentinel.conf", f"port {sentinel}\nsentinel monitor shop 127.0.0.1 {port} 1\nsentinel auth-pass shop secret\n")
        self.start(["redis-server", conf, "--sentinel"])
        wait_for_port(sentinel)
        self.write("script.js", f"""import redis from 'k6/x/redis';
          const options = {{ socket: {{ host: '127.0.0.1', port: {sentinel} }}, password: 'secret', database: 3 }};
          const client = new redis.Client({{ ...options, masterName: 'shop' }}), none = new redis.Client({{ ...options, masterName: 'none' }});
          export default async () => console.log(await client.set('k', 'v'), await none.get('k').catch((error) => error.message));""")
        done = self.brunt("run", "script.js")
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertIn("OK redis: the sentinel knows no master none", done.stderr + done.stdout)
        self.assertEqual(self.cli(port, "-a", "secret", "-n", "3", "GET", "k"), "v")

    def test_a_plan_with_redis_can_be_rehearsed(self):
        done = self.brunt("rehearse", self.write("plan.yaml", PLAN.split("expect:")[0]))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertNotIn("rror", done.stderr)


if __name__ == "__main__":
    unittest.main()
