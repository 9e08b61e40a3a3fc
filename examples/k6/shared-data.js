// Users out of a file that all VUs share: parsed once, however many VUs there are.
//
//   brunt run examples/k6/shared-data.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';

const users = new SharedArray('users', () => JSON.parse(open('./data/users.json')));

export const options = {
  vus: 3,
  iterations: 9,
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  const user = users[exec.scenario.iterationInTest % users.length];
  const response = http.post(`${__ENV.BASE}/login`, { name: user.name, password: user.password });
  check(response, {
    'is answered': (r) => r.status > 0,
    'has a user of the three': () => ['ada', 'grace', 'barbara'].includes(user.name),
  });
}
