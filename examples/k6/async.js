// Requests that go on at once, timers, and an iteration that ends when all of it has.
//
//   brunt run examples/k6/async.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import { clearInterval, setInterval, setTimeout } from 'k6/timers'; // They are global too.

export const options = { vus: 2, iterations: 6, thresholds: { checks: ['rate==1'] } };

const nap = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export default async function () {
  const [first, second] = await Promise.all([
    http.asyncRequest('GET', `${__ENV.BASE}/`),
    http.asyncRequest('POST', `${__ENV.BASE}/`, 'body', { tags: { name: 'post' } }),
  ]);
  check(first, { 'first is 200': (r) => r.status === 200 });
  check(second, { 'second is 200': (r) => r.status === 200 });
  await nap(20);
  let ticks = 0;
  await new Promise((done) => {
    const interval = setInterval(() => {
      if (++ticks < 3) return;
      clearInterval(interval);
      done();
    }, 5);
  });
  check(ticks, { 'three ticks': (n) => n === 3 });
}
