// TypeScript: types are taken out, nothing is checked. The module that it imports is CommonJS.
//
//   brunt run examples/k6/typed.ts -e BASE=http://localhost:8080
import http, { type Response } from 'k6/http';
import { check } from 'k6';
import type { Options } from 'k6/options';
import { pick } from './lib/pick.js';

interface Step {
  path: string;
  status?: number;
}

const first = await Promise.resolve('/');
const steps: Step[] = [{ path: first, status: 200 }, { path: '/?x=1' }];

export const options: Options = { vus: 2, iterations: 4, thresholds: { checks: ['rate==1'] } };

export default function (): void {
  const step = pick(steps, __ITER);
  const response: Response = http.get(`${__ENV.BASE}${step.path}`);
  check(response, { 'as expected': (r: Response) => r.status === (step.status ?? 200) });
}
