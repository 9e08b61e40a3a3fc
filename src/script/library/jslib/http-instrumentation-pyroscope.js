// https://jslib.k6.io/http-instrumentation-pyroscope: requests carry a baggage header (W3C Baggage) with what made them, by which profiles can be told apart.
import exec from 'k6/execution';
import { InstrumentedClient, instrument } from 'https://jslib.k6.io/http-instrumentation-tempo/1/index.js';

const of = (read) => {
  try {
    return read();
  } catch {
    return undefined;  // Not in an iteration.
  }
};
const baggage = (method, body, params) => {
  const facts = { 'k6.test_run_id': __ENV.K6_CLOUD_TEST_RUN_ID, 'k6.scenario': of(() => exec.scenario.name), 'k6.name': params?.tags?.name };
  const written = Object.entries(facts).filter(([, value]) => value !== undefined && value !== '').map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return written.length > 0 ? { Baggage: written.join(',') } : {};
};

export class Client extends InstrumentedClient {
  // `generateHeaders(method, body, params)` gives the headers to add.
  constructor(generateHeaders = baggage) {
    super();
    this.generateHeaders = generateHeaders;
  }
  send(how, method, url, body, params) {
    return super.send(how, method, url, body, { ...params, headers: { ...params?.headers, ...this.generateHeaders(method, body, params) } });
  }
}

export function instrumentHTTP(generateHeaders) {
  instrument(new Client(generateHeaders));
}
export default { Client, instrumentHTTP };
