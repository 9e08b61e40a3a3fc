#!/usr/bin/env python3
"""HTTP/2 as k6 scripts speak it, against a real nginx with a certificate of its own making."""
import csv
import subprocess
import unittest

from harness import Case, free_port, wait_for_port

LOCATIONS = """
  location / { return 200 "$server_protocol $connection $http_cookie"; }
  location /cookie { add_header Set-Cookie "seen=yes"; return 200 ""; }
  location /away { return 302 https://localhost:%(old)d/; }
  location /size { proxy_pass http://127.0.0.1:%(sink)d; proxy_set_header X-Size $content_length; }
  location /large { alias large; }
"""
SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
export const options = { insecureSkipTLSVerify: true, vus: 1, iterations: 1, thresholds: { checks: ['rate==1'] }, %s };
const at = 'https://localhost:%d';
const connection = (r) => r.body.split(' ')[1];
const is = (name, got, wanted) => check(got, { [`${name}: ${got} is ${wanted}`]: (v) => v === wanted });
export default function () {
%s
}
"""


class Http2(Case):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)  # A worker of nginx's may be another user.
        folder = self.folder / "nginx"
        folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"],
                       check=True, capture_output=True, cwd=folder)
        (folder / "large").write_bytes(b"0123456789" * 500_000)
        self.port, self.old, self.sink = free_port(), free_port(), free_port()
        secured = "ssl_certificate cert.pem; ssl_certificate_key key.pem; client_max_body_size 100m;"
        self.nginx(location='return 200 "plain";', extra=f"""}}
            server {{ listen 127.0.0.1:{self.port} ssl http2; {secured} gzip on; gzip_types *;
              {LOCATIONS % {"old": self.old, "sink": self.sink}} }}
            server {{ listen 127.0.0.1:{self.old} ssl; {secured} location / {{ return 200 "$server_protocol $connection"; }} }}
            server {{ listen 127.0.0.1:{self.sink}; client_max_body_size 100m; location / {{ return 200 "$http_x_size"; }}""")
        wait_for_port(self.port)

    def run_script(self, body, options="", *args):
        done = self.brunt("run", self.write("script.js", SCRIPT % (options, self.port, body)), *args)
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertNotIn("✗", done.stdout)
        return done

    def test_what_the_server_chooses_is_spoken_and_told(self):
        self.run_script(f"""
          const first = http.get(at);
          is('proto', first.proto, 'HTTP/2.0');
          is('status text', first.status_text, '200 OK');
          is('header', first.headers['Content-Type'], 'text/plain');
          is('connection', connection(http.get(at)), connection(first));
          http.get(at + '/cookie');
          is('cookie', http.get(at).body.split(' ')[2], 'seen=yes');
          const away = http.get(at + '/away');
          is('redirected to', away.url, 'https://localhost:{self.old}/');
          is('proto there', away.proto, 'HTTP/1.1');
          is('proto without TLS', http.get('http://localhost:{self.sink}/').proto, 'HTTP/1.1');
        """, "", "--out", "csv=out.csv")
        with open(self.folder / "out.csv", encoding="utf-8") as file:
            protocols = [(row["proto"], row["status"]) for row in csv.DictReader(file) if row["metric_name"] == "http_reqs"]
        self.assertEqual(protocols, [("HTTP/2.0", "200")] * 4 + [("HTTP/2.0", "302")] + [("HTTP/1.1", "200")] * 2)

    def test_a_batch_shares_one_connection_and_options_end_it(self):
        batch = "const ids = (n) => new Set(http.batch(Array(n).fill(at)).map(connection)).size;"
        self.run_script(f"{batch} is('connections', ids(6), 1); is('connections', ids(20), 1);", "batch: 20, batchPerHost: 20")
        self.run_script(f"{batch} is('connections', ids(4), 4);", "noConnectionReuse: true")
        self.run_script("if (__ITER === 0) globalThis.first = connection(http.get(at));"
                        "else is('a new one', connection(http.get(at)) !== globalThis.first, true);",
                        "iterations: 2, noVUConnectionReuse: true")

    def test_the_older_version_can_be_asked_for(self):
        path = self.write("script.js", SCRIPT % ("", self.port, "is('proto', http.get(at).proto, 'HTTP/1.1');"))
        for how in ((), ("--processes", "2")):
            done = self.brunt("run", path, *how, env={"GODEBUG": "gctrace=0,http2client=0"})
            self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
            self.assertNotIn("✗", done.stdout)

    def test_a_plan_speaks_it_where_it_says_so(self):
        for tls, proto in (("{ insecure: true }", "HTTP/1.1"), ("{ insecure: true, http2: true }", "HTTP/2.0")):
            plan = self.write("plan.yaml", f"name: p\ntls: {tls}\nscenarios:\n  s:\n    target: https://localhost:{self.port}\n"
                              "    executor: shared-iterations\n    vus: 2\n    iterations: 10\n"
                              f"    steps: [ {{ GET: /, check: {{ contains: '{proto} ' }} }} ]\n"
                              "expect: { checks: ['rate == 1'] }\n")
            done = self.brunt("run", plan)
            self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)

    def test_large_bodies_pass_in_both_directions(self):
        self.run_script("""
          is('sent', http.post(at + '/size', 'x'.repeat(3000000)).body, '3000000');
          is('received', http.get(at + '/large').body.length, 5000000);
          is('decoded', http.get(at + '/large', { headers: { 'Accept-Encoding': 'gzip' } }).body.length, 5000000);
          is('not kept', http.get(at + '/large', { responseType: 'none' }).body, null);
        """)


if __name__ == "__main__":
    unittest.main(verbosity=2)
