// One of two scripts that a plan runs together (examples/k6/shop.yaml): it logs in, then buys.
//
//   brunt run examples/k6/buyer.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const bought = new Counter('bought');

export const options = {
  vus: 2,
  duration: '3s',
  thresholds: { bought: ['count>0'] },
};

export function setup() {
  return { shop: http.get(`${__ENV.BASE}/name`).status };
}

export default function (data) {
  const response = http.post(`${__ENV.BASE}/cart`, { item: data.shop });
  if (check(response, { 'is bought': (r) => r.status === 200 })) bought.add(1);
  sleep(0.05);
}
