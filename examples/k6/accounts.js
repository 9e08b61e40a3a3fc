// Every user has an account of its own and logs in once: vuSetup() and takeRow() are brunt's, see
// docs/reference/k6.md, "Beyond k6".
//
//   brunt run examples/k6/accounts.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import { SharedArray } from 'k6/data';
import { takeRow } from 'brunt/data';

new SharedArray('accounts', () => JSON.parse(open('./data/users.json')));

export const options = {
  vus: 3,
  iterations: 9,
  thresholds: { checks: ['rate==1'] },
};

// Once for each user, before its first iteration; cookies that it gets stay.
export function vuSetup() {
  const account = takeRow('accounts');
  const response = http.post(`${__ENV.BASE}/login`, { name: account.name, password: account.password });
  check(response, { 'is logged in': (r) => r.status === 200 });
  return { name: account.name };
}

export default function (data, user) {
  const response = http.get(`${__ENV.BASE}/home?of=${user.name}`, { tags: { name: '/home' } });
  check(response, {
    'is answered': (r) => r.status > 0,
    'has an account': () => user.name.length > 0,
    'is logged in still': () => 'session' in http.cookieJar().cookiesForURL(__ENV.BASE),
  });
}
