// https://jslib.k6.io/http-instrumentation-tempo: requests carry a trace context, so that traces can be found by what made them.
import http from 'k6/http';

const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((one) => one.toString(16).padStart(2, '0')).join('');
// k6's ids: a mark of k6 (0xDC, 0x07, 18 for local runs), the time in nanoseconds, random bytes.
const traceId = () => 'dc0712' + (BigInt(Date.now()) * 1000000n).toString(16).padStart(16, '0') + hex(5);

const propagators = {
  // W3C Trace Context, section 3.2.
  w3c: (id, sampled) => ({ traceparent: `00-${id}-${hex(8)}-${sampled ? '01' : '00'}` }),
  // Jaeger's propagation format: trace, span, parent, flags.
  jaeger: (id, sampled) => ({ 'uber-trace-id': `${id}:${hex(8)}:0:${sampled ? 1 : 0}` }),
};

// The functions of k6/http by way of send(), as they were when it was made: instrument() puts others
// in their place. Also pyroscope's.
export class InstrumentedClient {
  #http = { ...http };
  send(how, method, url, body, params) { return this.#http[how](method, url, body, params); }
  request(...call) { return this.send('request', ...call); }
  asyncRequest(...call) { return this.send('asyncRequest', ...call); }
  get(url, params) { return this.request('GET', url, null, params); }
  head(url, params) { return this.request('HEAD', url, null, params); }
  del(url, body, params) { return this.request('DELETE', url, body, params); }
  options(url, body, params) { return this.request('OPTIONS', url, body, params); }
  patch(url, body, params) { return this.request('PATCH', url, body, params); }
  post(url, body, params) { return this.request('POST', url, body, params); }
  put(url, body, params) { return this.request('PUT', url, body, params); }
}
// All requests of k6/http from here on; batches go as they are.
export const instrument = (client) => {
  for (const name of ['asyncRequest', 'del', 'get', 'head', 'options', 'patch', 'post', 'put', 'request']) http[name] = client[name].bind(client);
};

export class Client extends InstrumentedClient {
  #options;
  constructor(options) {
    super();
    this.configure(options);
  }
  configure({ propagator = 'w3c', sampling = 1 } = {}) {
    if (!Object.hasOwn(propagators, propagator)) throw new Error(`unknown propagator: ${propagator}: write w3c or jaeger`);
    if (!(sampling >= 0 && sampling <= 1)) throw new Error('sampling: write a number from 0 to 1');
    this.#options = { propagator, sampling };
  }
  send(how, method, url, body, params) {
    const { propagator, sampling } = this.#options;
    const headers = propagators[propagator](traceId(), Math.random() < sampling);
    return super.send(how, method, url, body, { ...params, headers: { ...params?.headers, ...headers } });
  }
}

export function instrumentHTTP(options) {
  instrument(new Client(options));
}
export default { Client, instrumentHTTP };
