// k6/net/grpc: arguments as k6 takes them, over brunt's client.
(native) => {
  const codes = [
    'OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied',
    'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss',
    'Unauthenticated',
  ];
  const constants = {
    ...Object.fromEntries(codes.map((name, code) => [`Status${name}`, code])),
    // k6 spells the last one so.
    HealthCheckUnknown: 0, HealthCheckServing: 1, HealthCheckNotServing: 2, HealthCheckServiceUnknown: 3, HealthCheckServiceUnkown: 3,
  };
  // ProtoJSON has texts for the numbers that JSON has none for.
  const finite = (key, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
  const messageOf = (request) => {
    if (request === undefined || request === null) throw new Error('request cannot be nil');
    try {
      const text = JSON.stringify(request);
      if (text === undefined) throw new Error(`request cannot be a ${typeof request}`);
      // What is not finite was written as null.
      return text.includes('null') ? JSON.stringify(request, finite) : text;
    } catch (error) {
      throw new Error(/circular/.test(error.message) ? 'cyclic reference to an object found' : error.message);
    }
  };
  const pathOf = (method) => {
    if (!method) throw new Error('method to invoke cannot be empty');
    return String(method)[0] === '/' ? String(method) : `/${method}`;
  };
  // A value as k6's errors show it.
  const shown = (value) => {
    if (value === undefined || value === null) return '<nil>';
    if (Array.isArray(value)) return `[]interface {}{${value.map(shown).join(', ')}}`;
    if (typeof value !== 'object') return JSON.stringify(value);
    const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${shown(value[key])}`);
    return `map[string]interface {}{${members.join(', ')}}`;
  };
  const refuse = (name, value, wanted) => {
    throw new Error(`invalid ${name} value: '${shown(value)}', it needs to be ${wanted}`);
  };
  const anything = () => {};
  const aBoolean = (name, value) => typeof value === 'boolean' || refuse(name, value, 'boolean');
  const aText = (name, value) => typeof value === 'string' || refuse(name, value, 'a string');
  const anObject = (name, value) => {
    if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value)))
      throw new Error(`invalid ${name} param: must be an object with key-value pairs`);
  };
  const aSize = (name, value) => {
    if (!Number.isInteger(value)) refuse(name, value, 'an integer');
    if (value < 0) throw new Error(`invalid ${name} value: '${value}, it needs to be a positive integer`);
  };
  const aTls = (name, value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw new Error(`invalid tls value: '${shown(value)}', expected (optional) keys: cert, key, password, and cacerts`);
    for (const [key, wanted] of [['cert', 'a PEM formatted string'], ['key', 'a PEM formatted string'], ['password', 'a string']])
      if (key in value && typeof value[key] !== 'string') refuse(`tls ${key}`, value, wanted);
    if ('cacerts' in value && [value.cacerts].flat().some((one) => typeof one !== 'string'))
      refuse('tls cacerts', value, 'a string or an array of PEM formatted strings');
  };
  const check = (params, checks, what) => {
    for (const [name, value] of Object.entries(params ?? {})) {
      if (checks[name] === undefined) throw new Error(`unknown ${what}: "${name}"`);
      checks[name](name, value);
    }
    return params ?? {};
  };
  const callChecks = { metadata: anObject, tags: anObject, timeout: anything, discardResponseMessage: anything };
  const connectChecks = {
    plaintext: aBoolean, reflect: aBoolean, reflectMetadata: anObject, timeout: anything, maxReceiveSize: aSize, maxSendSize: aSize,
    tls: aTls, authority: aText, connectionSharing: anything,
  };
  const within = (where, work) => {
    try {
      return work();
    } catch (error) {
      throw new Error(`${where}: ${error.message}`);
    }
  };
  const listOf = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

  const pathOfCall = (handle, method, params) => {
    native.ready(handle);
    const path = pathOf(method);
    if (params !== undefined) within("invalid GRPC's client.invoke() parameters", () => check(params, callChecks, 'param'));
    return path;
  };

  class Client {
    #handle = native.make();
    load(importPaths, ...files) { return native.load(this.#handle, listOf(importPaths).map(String), files.map(String)); }
    loadProtoset(path) { return native.loadProtoset(this.#handle, String(path)); }
    connect(address, params) {
      const checked = within('invalid grpc.connect() parameters', () => check(params, connectChecks, 'connect param'));
      return native.connect(this.#handle, String(address), { ...checked, cacerts: listOf(checked.tls?.cacerts).join('\n') });
    }
    invoke(method, request, params) {
      return native.invoke(this.#handle, pathOfCall(this.#handle, method, params), messageOf(request), params);
    }
    async asyncInvoke(method, request, params) {
      return native.asyncInvoke(this.#handle, pathOfCall(this.#handle, method, params), messageOf(request), params);
    }
    healthCheck(service) { return native.healthCheck(this.#handle, String(service ?? '')); }
    close() { native.close(this.#handle); }
    static handleOf(client) {
      if (client === undefined || client === null) throw new Error('empty gRPC client');
      if (!(client instanceof Client)) throw new Error('not a gRPC client');
      return client.#handle;
    }
  }
  const { handleOf } = Client;
  delete Client.handleOf;

  class Stream {
    #listeners = { data: [], error: [], end: [], metadata: [] };
    #stream;
    constructor(client, method, params) {
      const handle = within("invalid GRPC Stream's client", () => handleOf(client));
      const path = within("invalid GRPC Stream's method", () => pathOf(method));
      const checked = within("invalid GRPC Stream's parameters", () => check(params, callChecks, 'param'));
      this.#stream = native.openStream(handle, path, checked, (event, value, seconds) => this.#tell(event, value, seconds));
    }
    #tell(event, value, seconds) {
      if (event === 'error' && this.#listeners.error.length === 0)
        console.warn(`no handlers for error registered, but an error happened: code: ${value.code}, message: ${value.message}`);
      const meta = { ts: seconds };
      try {
        for (const listener of this.#listeners[event]) listener(value, meta);
      } catch (error) {
        // Of a message: the other listeners hear of it before the iteration ends.
        if (event === 'data') this.#listeners.error.forEach((listener) => listener({ code: constants.StatusUnknown, details: [], message: String(error) }, meta));
        throw error;
      }
    }
    on(event, handler) {
      if (typeof handler !== 'function') throw new TypeError(`handler for "${event}" event isn't a callable function`);
      if (this.#listeners[event] === undefined) console.warn(`can't register ${event} event handler: unknown GRPC stream's event type: ${event}`);
      else this.#listeners[event].push(handler);
    }
    write(message) {
      if (message === undefined || message === null) console.warn("can't send empty message");
      else native.write(this.#stream, messageOf(message));
    }
    end() { native.end(this.#stream); }
  }
  return { Client, Stream, ...constants };
}
