// Requests that carry a signature and a token, and URLs built from parts.
//
//   brunt run examples/k6/signed.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import { hmac, sha256 } from 'k6/crypto';
import { b64encode, b64decode } from 'k6/encoding';

export const options = { iterations: 3, thresholds: { checks: ['rate==1'] } };

// A JSON web token of RFC 7519, signed with HMAC and SHA-256.
function token(claims, secret) {
  const part = (value) => b64encode(JSON.stringify(value), 'rawurl');
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${hmac('sha256', secret, head, 'base64rawurl')}`;
}

export default async function () {
  const url = new URL('/orders', __ENV.BASE);
  url.searchParams.set('id', crypto.randomUUID());
  const body = JSON.stringify({ amount: 7 });
  const bearer = token({ sub: `user-${__VU}` }, 'secret');
  const response = http.post(url.href, body, {
    headers: { Authorization: `Bearer ${bearer}`, Digest: `SHA-256=${sha256(body, 'base64')}` },
    tags: { name: '/orders' },
  });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  check(response, {
    'is answered': (r) => r.status > 0,
    'both ways to a digest agree': () => b64encode(digest) === sha256(body, 'base64'),
    'the token says who it is': () => JSON.parse(b64decode(bearer.split('.')[1], 'rawurl', 's')).sub === `user-${__VU}`,
  });
}
