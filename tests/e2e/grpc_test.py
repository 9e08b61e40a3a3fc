#!/usr/bin/env python3
"""k6 scripts with gRPC against a real server, npm's @grpc/grpc-js."""
import subprocess
import unittest

from harness import ROOT, Case, free_port, npm_folder, wait_for_port

EXAMPLES = ROOT / "examples/k6"
PROTO = EXAMPLES / "greeter.proto"


def values(record, metric):
    return next(one for one in record["metrics"] if one["name"] == metric)["values"]


class Grpc(Case):
    def server(self, *tls, proto=PROTO):
        port = free_port()
        self.start(["node", str(npm_folder() / "grpc.mjs"), str(port), str(proto), *tls])
        wait_for_port(port, seconds=60)
        return f"127.0.0.1:{port}"

    def run_script(self, text, server, *args):
        self.write("script.js", "import grpc from 'k6/net/grpc'; import { check } from 'k6';\n"
                                "export const options = { thresholds: { checks: ['rate==1'] } };\n"
                                f"const client = new grpc.Client();\n{text}")
        done = self.brunt("run", "script.js", "-e", f"SERVER={server}", "-e", f"PROTOS={EXAMPLES}", *args)
        self.assertIn(done.returncode, (0, 120), done.stderr + done.stdout)
        self.assertNotIn("✗", done.stdout)
        self.assertNotIn("step_errors", done.stdout, done.stderr)
        return done

    def test_the_example_holds_what_it_checks_also_on_two_threads(self):
        server = self.server()
        for how in ((), ("--threads", "2"), ("--processes", "2")):
            done = self.brunt("run", str(EXAMPLES / "grpc.js"), "-e", f"SERVER={server}", *how)
            self.assertIn(done.returncode, (0, 120), f"{how} {done.stderr}{done.stdout}")
            self.assertNotIn("✗", done.stdout, how)
            record = self.report()
            self.assertEqual(values(record, "grpc_req_duration")["count"], 50 * 6)
            self.assertEqual(values(record, "grpc_streams")["count"], 100)
            self.assertEqual(values(record, "grpc_streams_msgs_sent")["count"], 250)
            self.assertGreater(values(record, "data_received")["sum"], 10_000)

    def test_a_timeout_ends_its_call_only(self):
        self.run_script("""
          client.load([__ENV.PROTOS], 'greeter.proto');
          export default () => {
            client.connect(__ENV.SERVER, { plaintext: true });
            const late = client.invoke('greeter.v1.Greeter/SayHello', { name: 'slow' }, { timeout: '200ms' });
            check(late, { late: (r) => r.status === grpc.StatusDeadlineExceeded });
            check(client.invoke('greeter.v1.Greeter/SayHello', { name: 'x' }), { next: (r) => r.status === grpc.StatusOK });
            client.close();
          }""", self.server())

    def test_messages_beyond_a_limit_and_large_ones(self):
        self.run_script("""
          client.load([__ENV.PROTOS], 'greeter.proto');
          export default () => {
            const name = 'n'.repeat(1000000);
            client.connect(__ENV.SERVER, { plaintext: true });
            check(client.invoke('greeter.v1.Greeter/SayHello', { name }), { large: (r) => r.message.text.length === 1000006 });
            client.connect(__ENV.SERVER, { plaintext: true, maxReceiveSize: 1000 });
            check(client.invoke('greeter.v1.Greeter/SayHello', { name }), { refused: (r) => r.status === grpc.StatusResourceExhausted });
          }""", self.server())

    def test_reflection_and_health_of_a_real_server(self):
        # The descriptors that this server makes do not say what they import.
        proto = self.write("plain.proto", "".join(line for line in PROTO.read_text().splitlines(True) if "google" not in line))
        self.run_script("""
          export default () => {
            client.connect(__ENV.SERVER, { plaintext: true, reflect: true });
            check(client.invoke('greeter.v1.Greeter/SayHello', { name: 'x' }), { 'no file is needed': (r) => r.message.text === 'hello x' });
            check(client.healthCheck(), { serving: (r) => r.status === grpc.HealthCheckServing });
            check(client.healthCheck('asleep'), { asleep: (r) => r.status === grpc.HealthCheckNotServing });
            let message = '';
            try { client.healthCheck('nobody') } catch (error) { message = error.message }
            check(message, { 'an unknown service throws': (m) => m.includes('code = NotFound') });
          }""", self.server(proto=proto), "--vus", "3", "--iterations", "9")

    def test_tls_with_an_authority_of_its_own_and_without(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=test",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.folder, check=True, capture_output=True)
        server = self.server(str(self.folder / "cert.pem"), str(self.folder / "key.pem"))
        self.run_script("""
          client.load([__ENV.PROTOS], 'greeter.proto');
          const cacerts = [open('cert.pem')];
          export default () => {
            client.connect(__ENV.SERVER, { tls: { cacerts } });
            check(client.invoke('greeter.v1.Greeter/SayHello', { name: 'x' }), { 'is OK': (r) => r.status === grpc.StatusOK });
            let message = '';
            try { client.connect(__ENV.SERVER) } catch (error) { message = error.message }
            check(message, { 'nobody vouches for it': (m) => m.includes('unknown authority') });
          }""", server)


if __name__ == "__main__":
    unittest.main()
