// One request and one check, again and again.
//
//   brunt run examples/k6/first.js -e BASE=http://localhost:8080 --vus 20 --duration 30s
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  vus: 5,
  duration: '2s',
  thresholds: {
    checks: ['rate>0.99'],
    http_req_duration: ['p(95)<500'],
  },
};

export default function () {
  const response = http.get(`${__ENV.BASE}/`);
  check(response, { 'status is 200': (r) => r.status === 200 });
  sleep(0.1);
}
