// Two scenarios side by side, with setup and teardown, modules, metrics of one's own, tags and batches.
//
//   brunt run examples/k6/scenarios.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { greeting } from './lib/words.js';

const bytes = new Counter('body_bytes');
const waiting = new Trend('first_byte', true);

export const options = {
  scenarios: {
    browse: { executor: 'shared-iterations', vus: 4, iterations: 40, exec: 'browse' },
    arrive: {
      executor: 'constant-arrival-rate',
      rate: 50,
      duration: '1s',
      preAllocatedVUs: 5,
      exec: 'arrive',
      tags: { kind: 'open' },
    },
  },
  thresholds: {
    'http_reqs{scenario:browse}': ['count==120'],
    'checks{kind:open}': ['rate==1'],
    body_bytes: ['count>0'],
  },
};

export function setup() {
  return { name: greeting('world'), first: http.get(`${__ENV.BASE}/`).status };
}

export function browse(data) {
  group('pages', () => {
    const pages = http.batch([`${__ENV.BASE}/a`, `${__ENV.BASE}/b`, ['POST', `${__ENV.BASE}/c`, { q: data.name }]]);
    for (const page of pages) {
      bytes.add(page.body.length);
      waiting.add(page.timings.waiting, { page: 'any' });
    }
    check(pages, { 'all are there': (all) => all.every((page) => page.status === 200) });
  });
}

export function arrive(data) {
  const response = http.get(`${__ENV.BASE}/d`, { tags: { name: 'D' }, timeout: '5s' });
  check(response, { 'setup went before': () => data.first === 200 && data.name === 'hello world' });
}

export function teardown(data) {
  http.get(`${__ENV.BASE}/bye?${data.first}`);
}
