// Secrets that no log shows.
//
//   brunt run examples/k6/secrets.js -e BASE=http://localhost:8080 --secret-source mock=token=abc
import http from 'k6/http';
import { check } from 'k6';
import secrets from 'k6/secrets';

export const options = { thresholds: { checks: ['rate==1'] } };

export default async function () {
  const token = await secrets.get('token');
  console.log(`with ${token}`); // with ***SECRET_REDACTED***
  const response = http.get(__ENV.BASE, { headers: { Authorization: `Bearer ${token}` } });
  check(response, { 'is 200': (r) => r.status === 200 });
}
