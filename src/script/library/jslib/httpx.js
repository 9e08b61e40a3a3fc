// https://jslib.k6.io/httpx: a session with a base URL, headers and tags of its own.
import http from 'k6/http';

export class Request {
  constructor(method, url, body, params) {
    Object.assign(this, { method, url, body, params });
  }
}
const requestClass = (method) =>
  class extends Request {
    constructor(url, body, params) {
      super(method, url, body, params);
    }
  };
export const Get = requestClass('GET');
export const Post = requestClass('POST');
export const Put = requestClass('PUT');
export const Patch = requestClass('PATCH');
export const Delete = requestClass('DELETE');
export const Head = requestClass('HEAD');
export const Options = requestClass('OPTIONS');
export const Trace = requestClass('TRACE');

export class Httpx {
  constructor({ baseURL = '', headers = {}, tags = {}, timeout } = {}) {
    this.baseURL = baseURL;
    this.headers = { ...headers };
    this.tags = { ...tags };
    this.timeout = timeout;
  }
  setBaseUrl(url) { this.baseURL = url; }
  addHeader(name, value) { this.headers[name] = value; }
  addHeaders(headers) { Object.assign(this.headers, headers); }
  clearHeader(name) { delete this.headers[name]; }
  addTag(name, value) { this.tags[name] = value; }
  addTags(tags) { Object.assign(this.tags, tags); }
  clearTag(name) { delete this.tags[name]; }
  #url(url) { return /^[a-z]+:\/\//i.test(url) ? url : this.baseURL + url; }
  #params(params = {}, more = {}) {
    const all = {
      ...params, ...more,
      headers: { ...this.headers, ...(params ?? {}).headers, ...more.headers },
      tags: { ...this.tags, ...(params ?? {}).tags, ...more.tags },
    };
    if (all.timeout === undefined && this.timeout !== undefined) all.timeout = this.timeout;
    return all;
  }
  request(method, url, body, params) {
    return http.request(method, this.#url(url), body, this.#params(params ?? {}));
  }
  async asyncRequest(method, url, body, params) {
    return http.asyncRequest(method, this.#url(url), body, this.#params(params ?? {}));
  }
  // The requests at once, each with what it says and what all are given.
  batch(requests, params) {
    return http.batch(requests.map((one) => ({
      method: one.method, url: this.#url(one.url), body: one.body, params: this.#params(one.params ?? {}, params ?? {}),
    })));
  }
}
for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE']) {
  const name = method.toLowerCase();
  Httpx.prototype[name] = function (url, body, params) { return this.request(method, url, body, params); };
  Httpx.prototype['async' + method[0] + name.slice(1)] = function (url, body, params) { return this.asyncRequest(method, url, body, params); };
}
Httpx.prototype.del = Httpx.prototype.delete;

export default new Httpx();
