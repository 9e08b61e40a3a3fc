// A summary of one's own: on standard output, and as a file.
//
//   brunt run examples/k6/summary.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check, group } from 'k6';

export const options = {
  iterations: 5,
  summaryTrendStats: ['avg', 'p(99)'],
  thresholds: { http_reqs: ['count==5'], 'http_req_duration{name:front}': ['p(99)<60000'] },
};

export function setup() {
  return { token: 'abc' };
}

export default function () {
  group('shop', () => {
    const response = http.get(`${__ENV.BASE}/`, { tags: { name: 'front' } });
    check(response, { 'is 200': (r) => r.status === 200 });
  });
}

export function handleSummary(data) {
  const { metrics, root_group: root } = data;
  const check = root.groups[0].checks[0];
  return {
    stdout: `${metrics.http_reqs.values.count} requests, ${root.groups[0].name}: ${check.name} ${check.passes} times\n`,
    stderr: `p(99) ${metrics['http_req_duration{name:front}'].values['p(99)'] > 0 ? 'is there' : 'is missing'}\n`,
    'summary.json': JSON.stringify(data, null, 2),
  };
}
