// What a request may be: expected statuses, a jar of its own, files, compression.
//
//   brunt run examples/k6/requests.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';

export const options = { iterations: 2, thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] } };

export default function () {
  exec.vu.metrics.tags.round = exec.scenario.iterationInTest;
  http.get(`${__ENV.BASE}/missing`, { responseCallback: http.expectedStatuses(404, { min: 200, max: 299 }) });

  const jar = new http.CookieJar();
  jar.set(`${__ENV.BASE}/`, 'session', 'mine');
  const seen = http.get(`${__ENV.BASE}/cookie`, { jar });
  check(seen, { 'cookie was sent': (r) => r.body.includes('session=mine') });

  const form = http.post(`${__ENV.BASE}/`, { note: 'x', photo: http.file('bytes', 'a.png', 'image/png') });
  check(form, {
    'sent as parts': (r) => r.request.body.includes('filename="a.png"'),
    'form is taken': (r) => r.status === 200,
  });
  const packed = http.post(`${__ENV.BASE}/`, 'a'.repeat(1000), { compression: 'gzip' });
  check(packed, { 'body is compressed': (r) => r.request.headers['Content-Encoding'][0] === 'gzip' });
  check(exec.instance, { 'knows the instance': (i) => i.vusActive >= 1 && i.currentTestRunDuration >= 0 });
}
