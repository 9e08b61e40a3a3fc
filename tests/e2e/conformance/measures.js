import http from 'k6/http';
import exec from 'k6/execution';
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { SharedArray } from 'k6/data';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
import { check, fail, group, sleep } from 'k6';
import { base, is, throws } from './lib.js';

const rows = new SharedArray('rows', () => [{ id: 1 }, { id: 2 }]);
const [counter, gauge, rate, trend] = [new Counter('coins'), new Gauge('depth'), new Rate('wins'), new Trend('took', true)];

export const options = {
  scenarios: { main: { executor: 'per-vu-iterations', vus: 2, iterations: 3, tags: { kind: 'm' }, env: { HERE: 'yes' } } },
  thresholds: {
    coins: ['count==12'], depth: ['value==7'], wins: ['rate==0.5'], 'took{kind:m}': ['max==20', 'count==6'], checks: ['rate==1'],
    'http_reqs{name:mine}': ['count==6'], 'http_req_failed{expected_response:true}': ['rate==0'], 'group_duration{group:::outer::inner}': ['count==6'],
    iterations: ['count==6'],
  },
};

export function setup() {
  return { token: http.get(`${base}/get?t=9`).json('args.t') };
}

export default function (data) {
  is('setup', [data.token, __ENV.HERE, exec.scenario.name, exec.vu.iterationInScenario === __ITER], ['9', 'yes', 'main', true]);
  is('rows', [rows.length, rows[1].id, [...rows].length], [2, 2, 2]);
  throws('rows are shared', 'read', () => { rows[0].id = 3; });
  counter.add(2);
  gauge.add(7);
  rate.add(true);
  rate.add(false);
  trend.add(10 + 10 * (__ITER % 2));
  group('outer', () => group('inner', () => check(http.get(`${base}/get`, { tags: { name: 'mine' } }), {
    'is 200': (r) => r.status === 200,
    'has its header': (r) => r.json().headers.Host !== undefined,
  })));
  is('group gives', group('g', () => 5), 5);
  throws('fail', 'because', () => fail('because'));
  is('sha256', crypto.sha256('a', 'hex').slice(0, 8), 'ca978112');
  is('hmac', crypto.hmac('md5', 'k', 'a', 'base64'), encoding.b64encode(crypto.hmac('md5', 'k', 'a', 'binary')));
  is('base64', [encoding.b64encode('hi?', 'rawurl'), encoding.b64decode('aGk_', 'rawurl', 's')], ['aGk_', 'hi?']);
  sleep(0.01);
}

export function teardown(data) {
  is('teardown', data.token, '9');
}
