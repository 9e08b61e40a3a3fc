// Names that lead elsewhere, a pace for all requests, and networks that may not be asked.
//
//   brunt run examples/k6/network.js -e PORT=8080
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  vus: 5,
  iterations: 20,
  hosts: { 'shop.test': '127.0.0.1', '*.shop.test:80': `127.0.0.1:${__ENV.PORT}` },
  blacklistIPs: ['10.0.0.0/8'],
  blockHostnames: ['*.evil.test'],
  localIPs: '127.0.0.7',
  dns: { ttl: '1m', select: 'first', policy: 'preferIPv4' },
  rps: 100,
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  check(http.get(`http://shop.test:${__ENV.PORT}/`), { 'by port': (r) => r.status === 200 });
  check(http.get('http://www.shop.test/'), { 'by wildcard': (r) => r.status === 200 });
}
