import http from 'k6/http';
import { base, holds, is } from './lib.js';

export default function () {
  const get = http.get(`${base}/get?a=1&b=x%20y`, { headers: { 'X-Own': 'v' }, tags: { name: 'get' } });
  is('status', [get.status, get.status_text, get.proto, get.error, get.error_code], [200, '200 OK', 'HTTP/1.1', '', 0]);
  is('args', get.json('args'), { a: '1', b: 'x y' });
  is('header', get.json('headers.X-Own'), 'v');
  is('type', get.headers['Content-Type'], 'application/json');
  holds('timings', get.timings.duration > 0 && get.timings.waiting >= 0 && get.timings.blocked >= 0);
  is('request', [get.request.method, get.request.url, get.request.headers['X-Own']], ['GET', `${base}/get?a=1&b=x%20y`, ['v']]);

  for (const [name, call] of Object.entries({ post: http.post, put: http.put, patch: http.patch, delete: http.del })) {
    const answer = call(`${base}/${name}`, JSON.stringify({ n: 7 }), { headers: { 'Content-Type': 'application/json' } });
    is(name, [answer.status, answer.json('json'), answer.json('method')], [200, { n: 7 }, name.toUpperCase()]);
  }
  is('form', http.post(`${base}/post`, { k: 'v w', l: ['1', '2'] }).json('form'), { k: 'v w', l: ['1', '2'] });
  is('head', [http.head(`${base}/get`).status, http.head(`${base}/get`).body], [200, '']);
  is('options', http.options(`${base}/anything`).json('method'), 'OPTIONS');
  is('request', http.request('REPORT', `${base}/anything/x`).json('method'), 'REPORT');
  is('bytes', new Uint8Array(http.post(`${base}/anything`, new Uint8Array([1, 2, 3]).buffer).json('data').length), new Uint8Array(3));

  const file = http.post(`${base}/post`, { file: http.file('content', 'a.txt', 'text/plain'), field: 'f' });
  holds('multipart', file.json('data').includes('filename="a.txt"') && file.json('headers.Content-Type').startsWith('multipart/form-data; boundary='));

  is('binary', [...new Uint8Array(http.get(`${base}/bytes/3`, { responseType: 'binary' }).body)], [0, 131, 6]);
  is('none', http.get(`${base}/bytes/3`, { responseType: 'none' }).body, null);
  is('stream', http.get(`${base}/stream/5`).body.trim().split('\n').map((line) => JSON.parse(line).id), [0, 1, 2, 3, 4]);
  is('user agent', http.get(`${base}/user-agent`, { headers: { 'User-Agent': 'mine' } }).json('user-agent'), 'mine');
  is('404', http.get(`${base}/status/404`).status, 404);
  is('delay', http.get(`${base}/delay/0.1`).timings.waiting >= 100, true);
  is('timeout', http.get(`${base}/delay/5`, { timeout: '50ms' }).error_code, 1050);

  const batch = http.batch([['GET', `${base}/get?n=0`], ['POST', `${base}/post`, { a: '1' }], `${base}/get?n=2`]);
  is('batch', [batch[0].json('args.n'), batch[1].json('form.a'), batch[2].json('args.n')], ['0', '1', '2']);
  const named = http.batch({ one: `${base}/status/201`, two: { method: 'GET', url: `${base}/status/202` } });
  is('named batch', [named.one.status, named.two.status], [201, 202]);
  const begun = Date.now();
  http.batch(Array.from({ length: 4 }, () => `${base}/delay/0.2`));
  holds('a batch goes on at once', Date.now() - begun < 700);
}
