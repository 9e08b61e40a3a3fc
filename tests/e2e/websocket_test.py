#!/usr/bin/env python3
"""Scripts with k6/ws and k6/websockets against a real server: npm's ws."""
import signal
import subprocess
import time
import unittest

from harness import ROOT, Case, free_port, npm_folder, wait_for_port

EXAMPLES = ROOT / "examples/k6"


def total(record, metric):
    return next(one for one in record["metrics"] if one["name"] == metric)["values"]["sum"]


class WebSockets(Case):
    def serve(self, *more):
        port = free_port()
        self.server = self.start(["node", str(npm_folder() / "websocket.mjs"), str(port), *more])
        wait_for_port(port)
        return port

    def closes(self):
        """Ends the server; gives the close codes that it saw."""
        self.server.terminate()
        return self.server.communicate(timeout=10)[0].split()

    def run_script(self, *args, code=(0, 120), **options):
        done = self.brunt("run", *args, **options)
        # 120: this machine was busy with something else, which is no matter here.
        self.assertIn(done.returncode, code, done.stderr + done.stdout)
        return done

    def test_the_examples_hold_what_they_check(self):
        for name, sent in (("ws.js", 60), ("websockets.js", 120)):
            port = self.serve()
            done = self.run_script(str(EXAMPLES / name), "-e", f"WS=ws://127.0.0.1:{port}", "--threads", "2")
            self.assertNotIn("✗", done.stdout, name)
            self.assertNotIn("warning", done.stderr, name)
            self.assertIn("ws_session_duration", done.stdout)
            record = self.report()
            self.assertEqual(total(record, "ws_msgs_sent"), sent, name)
            self.assertEqual(total(record, "ws_msgs_received"), sent, name)
            self.assertGreater(total(record, "data_sent"), 1000, name)
            self.assertEqual(set(self.closes()), {"1001" if name == "ws.js" else "1000"})

    def test_a_socket_over_tls(self):
        pem = self.folder / "server.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", str(pem), "-out", str(self.folder / "certificate.pem")], check=True, capture_output=True)
        pem.write_text(pem.read_text() + (self.folder / "certificate.pem").read_text())
        port = self.serve(str(pem))
        self.write("script.js", """
          import ws from 'k6/ws'; import { check } from 'k6';
          export const options = { insecureSkipTLSVerify: true, thresholds: { checks: ['rate==1'] } };
          export default () => {
            let got;
            ws.connect(__ENV.WS, (s) => {
              s.on('open', () => s.send('x'.repeat(200000)));
              s.on('message', (m) => { got = m; s.close(); });
            });
            check(got, { 'came back whole': (m) => m.length === 200002 });
          }""")
        done = self.run_script("script.js", "-e", f"WS=wss://127.0.0.1:{port}/")
        self.assertNotIn("✗", done.stdout)

    def test_a_threshold_on_messages_fails_the_run(self):
        port = self.serve()
        self.write("script.js", """
          import ws from 'k6/ws';
          export const options = { thresholds: { ws_msgs_received: ['count>1'] } };
          export default () => {
            ws.connect(__ENV.WS, (s) => {
              s.on('open', () => s.send('x'));
              s.on('message', () => s.close());
            });
          }""")
        done = self.run_script("script.js", "-e", f"WS=ws://127.0.0.1:{port}/", code=(99,))
        self.assertIn("count>1", done.stdout + done.stderr)

    def test_the_end_of_a_scenario_and_of_the_run_close_sockets_in_order(self):
        scripts = ("""import ws from 'k6/ws';
          export default () => { ws.connect(__ENV.WS, (s) => s.on('message', () => {})) }""",
                   """import { WebSocket } from 'k6/websockets';
          export default () => { new WebSocket(__ENV.WS).onopen = () => {} }""")
        for text in scripts:
            port = self.serve()
            self.write("script.js", text + """
              export const options = { scenarios: { a: { executor: 'constant-vus', vus: 20, duration: '1s', gracefulStop: '200ms' } } };""")
            self.run_script("script.js", "-e", f"WS=ws://127.0.0.1:{port}/", timeout=30)
            self.assertEqual(self.closes(), ["1001"] * 20, text)
        port = self.serve()
        process = self.brunt_started("run", "script.js", "-e", f"WS=ws://127.0.0.1:{port}/", "--duration", "1m", "--vus", "3")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 105)
        self.assertEqual(self.closes(), ["1001"] * 3)


if __name__ == "__main__":
    unittest.main()
