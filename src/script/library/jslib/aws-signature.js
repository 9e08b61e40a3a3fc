// What https://jslib.k6.io/aws has in common: where and as whom (AWSConfig), and AWS's signature, version 4, by its specification.
import crypto from 'k6/crypto';

export const AMZ_CONTENT_SHA256_HEADER = 'x-amz-content-sha256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
const algorithm = 'AWS4-HMAC-SHA256';
const presigned_seconds_max = 7 * 24 * 3600;
const never_signed = new Set(['authorization', 'cache-control', 'connection', 'expect', 'from', 'keep-alive', 'max-forwards', 'pragma', 'referer',
  'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'x-amzn-trace-id']);

export class AWSError extends Error {
  constructor(message, code) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}
export class InvalidAWSConfigError extends AWSError {}
export class InvalidSignatureError extends AWSError {}

// scheme://host:port
export class Endpoint {
  constructor(url) {
    const parts = /^(\w+):\/\/([^/:?#]+)(?::(\d+))?/.exec(String(url));
    if (!parts) throw new AWSError(`invalid endpoint "${url}": it has to be like https://host:port`);
    this.protocol = parts[1];
    this.hostname = parts[2];
    this.port = parts[3] === undefined ? undefined : Number(parts[3]);
  }
  get host() { return this.port === undefined ? this.hostname : `${this.hostname}:${this.port}`; }
  get href() { return `${this.protocol}://${this.host}`; }
  toString() { return this.href; }
}

export class AWSConfig {
  constructor({ region, accessKeyId, secretAccessKey, sessionToken, endpoint } = {}) {
    for (const [name, value] of Object.entries({ region, accessKeyId, secretAccessKey }))
      if (typeof value !== 'string' || value === '') throw new InvalidAWSConfigError(`invalid AWS ${name}; reason: expected a text, got \`${value}\``);
    Object.assign(this, { region, accessKeyId, secretAccessKey, sessionToken });
    if (endpoint !== undefined) this.endpoint = endpoint instanceof Endpoint ? endpoint : new Endpoint(endpoint);
  }
  static fromEnvironment(options) {
    return new AWSConfig({
      region: __ENV.AWS_REGION, accessKeyId: __ENV.AWS_ACCESS_KEY_ID, secretAccessKey: __ENV.AWS_SECRET_ACCESS_KEY,
      sessionToken: __ENV.AWS_SESSION_TOKEN, ...options,
    });
  }
}

export const escapeUri = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
const queryText = (query) => Object.entries(query)
  .flatMap(([name, value]) => [value].flat().map((one) => [escapeUri(name), escapeUri(one)]))
  .sort((a, b) => byName(a, b) || (a[1] < b[1] ? -1 : 1)).map((pair) => pair.join('=')).join('&');
// "." and ".." are gone, and what is escaped is escaped again.
const twiceEscaped = (path) => {
  const parts = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(escapeUri(part));
  }
  return `/${parts.join('/')}${parts.length > 0 && path.endsWith('/') ? '/' : ''}`;
};
const withEndpoint = (request) => (request.endpoint ? request : { ...request, endpoint: new Endpoint(`${request.protocol ?? 'https'}://${request.hostname}`) });
const hexHash = (data) => crypto.sha256(data, 'hex');

export class SignatureV4 {
  constructor({ service, region, credentials, uriEscapePath = true, applyChecksum = true }) {
    if (!credentials?.accessKeyId || !credentials?.secretAccessKey) throw new InvalidSignatureError('credentials need accessKeyId and secretAccessKey');
    Object.assign(this, { service, region, credentials, uriEscapePath, applyChecksum });
  }

  // { url, headers } of the request { method, endpoint, path, query, headers, body }, for k6/http. Older scripts say protocol and hostname
  // instead of the endpoint.
  sign(request, options = {}) {
    request = withEndpoint(request);
    const { headers, scope, time } = this.#prepared(request, options);
    headers['x-amz-date'] = time;
    if (this.credentials.sessionToken) headers['x-amz-security-token'] = this.credentials.sessionToken;
    const hash = this.#hash(headers, request.body);
    if (this.applyChecksum) headers[AMZ_CONTENT_SHA256_HEADER] ??= hash;
    const { names, signature } = this.#signed(request, headers, request.query ?? {}, hash, { scope, time, options });
    headers.authorization = `${algorithm} Credential=${this.credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return this.#result(request, headers, request.query ?? {});
  }

  // The same in the URL, for those who have no key.
  presign(request, options = {}) {
    request = withEndpoint(request);
    const { expiresIn = 3600 } = options;
    if (expiresIn > presigned_seconds_max) throw new InvalidSignatureError('a presigned URL is good for a week at most');
    const { headers, scope, time } = this.#prepared(request, options);
    const query = {
      ...request.query, 'X-Amz-Algorithm': algorithm, 'X-Amz-Credential': `${this.credentials.accessKeyId}/${scope}`,
      'X-Amz-Date': time, 'X-Amz-Expires': String(expiresIn),
    };
    if (this.credentials.sessionToken) query['X-Amz-Security-Token'] = this.credentials.sessionToken;
    const hash = this.#hash(headers, request.body);
    query['X-Amz-SignedHeaders'] = this.#names(headers, options);
    query['X-Amz-Signature'] = this.#signed(request, headers, query, hash, { scope, time, options }).signature;
    return this.#result(request, headers, query);
  }

  #prepared(request, { signingDate = new Date(), signingService = this.service, signingRegion = this.region }) {
    const headers = {};
    for (const [name, value] of Object.entries(request.headers ?? {})) if (name.toLowerCase() !== 'host') headers[name.toLowerCase()] = value;
    headers.host = request.endpoint.host;
    const time = new Date(signingDate).toISOString().replace(/[-:]|\.\d+/g, '');
    return { headers, time, scope: `${time.slice(0, 8)}/${signingRegion}/${signingService}/aws4_request` };
  }
  #hash(headers, body) {
    return headers[AMZ_CONTENT_SHA256_HEADER] ?? hexHash(body ?? '');
  }
  #names(headers, { unsignableHeaders, signableHeaders }) {
    return Object.keys(headers).filter((name) => signableHeaders?.has(name) || !(never_signed.has(name) || /^(proxy|sec)-/.test(name) || unsignableHeaders?.has(name)))
      .sort().join(';');
  }
  #signed(request, headers, query, hash, { scope, time, options }) {
    const names = this.#names(headers, options);
    const path = request.path || '/';
    const canonical = [
      request.method.toUpperCase(), this.uriEscapePath ? twiceEscaped(path) : path, queryText(query),
      ...names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}`), '', names, hash,
    ].join('\n');
    const text = [algorithm, time, scope, hexHash(canonical)].join('\n');
    const key = scope.split('/').reduce((last, part) => crypto.hmac('sha256', last, part, 'binary'), `AWS4${this.credentials.secretAccessKey}`);
    return { names, signature: crypto.hmac('sha256', key, text, 'hex') };
  }
  #result(request, headers, query) {
    const text = queryText(query);
    return { headers, url: `${request.endpoint.href}${request.path || '/'}${text === '' ? '' : '?' + text}` };
  }
}
