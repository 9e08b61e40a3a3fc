// The other script of examples/k6/shop.yaml: it looks, and never buys.
import http from 'k6/http';
import { sleep } from 'k6';

export function look() {
  http.get(`${__ENV.BASE}/`);
  sleep(Number(__ENV.PAUSE || 0.1));
}
