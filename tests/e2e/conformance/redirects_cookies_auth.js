import http from 'k6/http';
import encoding from 'k6/encoding';
import { base, holds, is } from './lib.js';

export default async function () {
  const followed = http.get(`${base}/redirect/3`);
  is('followed', [followed.status, followed.url], [200, `${base}/get`]);
  const stays = http.get(`${base}/redirect/3`, { redirects: 0 });
  is('not followed', [stays.status, stays.headers.Location], [302, '/redirect/2']);
  is('too many', http.get(`${base}/redirect/5`, { redirects: 2 }).status, 302);
  is('307 keeps the method', http.post(`${base}/redirect-to?url=%2Fanything&status_code=307`, 'x').json('method'), 'POST');
  is('302 does not', http.post(`${base}/redirect-to?url=%2Fanything&status_code=302`, 'x').json('method'), 'GET');

  const jar = http.cookieJar();
  is('set', http.get(`${base}/cookies/set?a=1&b=2`).json('cookies'), { a: '1', b: '2' });
  is('jar', [jar.cookiesForURL(base).a, jar.cookiesForURL(base).b], [['1'], ['2']]);
  is('delete', http.get(`${base}/cookies/delete?a`).json('cookies'), { b: '2' });
  jar.set(base, 'c', '3');
  is('jar.set', http.get(`${base}/cookies`).json('cookies'), { b: '2', c: '3' });
  is('of a request', http.get(`${base}/cookies`, { cookies: { d: '4', c: { value: '5', replace: true } } }).json('cookies'), { d: '4', c: '5', b: '2' });
  is('response', http.get(`${base}/cookies/set/e/6`, { redirects: 0 }).cookies.e[0].value, '6');
  is('another jar', http.get(`${base}/cookies`, { jar: new http.CookieJar() }).json('cookies'), {});
  jar.clear(base);
  is('cleared', http.get(`${base}/cookies`).json('cookies'), {});

  const host = base.replace('http://', '');
  is('basic', http.get(`http://ann:pw@${host}/basic-auth/ann/pw`).json('authenticated'), true);
  is('basic by header', http.get(`${base}/basic-auth/ann/pw`, { headers: { Authorization: `Basic ${encoding.b64encode('ann:pw')}` } }).status, 200);
  is('no basic', http.get(`${base}/basic-auth/ann/pw`).status, 401);
  is('digest', http.get(`http://ann:pw@${host}/digest-auth/auth/ann/pw`, { auth: 'digest' }).json('user'), 'ann');
  is('wrong digest', http.get(`http://ann:no@${host}/digest-auth/auth/ann/pw`, { auth: 'digest' }).status, 401);
  is('bearer', http.get(`${base}/bearer`, { headers: { Authorization: 'Bearer t' } }).json('token'), 't');

  for (const [path, coding] of Object.entries({ gzip: 'gzip', deflate: 'deflate', brotli: 'br', zstd: 'zstd' }))
    is(path, http.get(`${base}/${path}`).json('coding'), coding);
  const sent = http.post(`${base}/anything`, 'x'.repeat(999), { compression: 'gzip' });
  holds('compressed', sent.json('headers.Content-Encoding') === 'gzip' && Number(sent.json('headers.Content-Length')) < 200);

  http.setResponseCallback(http.expectedStatuses(418, { min: 200, max: 299 }));
  http.get(`${base}/status/418`);
  http.setResponseCallback(http.expectedStatuses({ min: 200, max: 399 }));
  const answers = await Promise.all([http.asyncRequest('GET', `${base}/get`), http.asyncRequest('POST', `${base}/post`, 'x')]);
  is('async', answers.map((one) => one.status), [200, 200]);
}
