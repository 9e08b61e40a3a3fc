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
    return JSON.stringify(request, finite);
  };
  const pathOf = (method) => {
    if (!method) throw new Error('method to invoke cannot be empty');
    return String(method)[0] === '/' ? String(method) : `/${method}`;
  };
  const check = (params, kinds, what) => {
    for (const [name, value] of Object.entries(params ?? {})) {
      const kind = kinds[name];
      if (kind === undefined) throw new Error(`unknown ${what}: "${name}"`);
      if (kind !== 'any' && typeof value !== kind) throw new Error(`invalid ${name} value: '${value}', it needs to be a ${kind}`);
    }
    return params ?? {};
  };
  const callKinds = { metadata: 'object', tags: 'object', timeout: 'any', discardResponseMessage: 'any' };
  const connectKinds = {
    plaintext: 'boolean', reflect: 'boolean', reflectMetadata: 'object', timeout: 'any', maxReceiveSize: 'number', maxSendSize: 'number',
    tls: 'object', authority: 'string', connectionSharing: 'boolean',
  };
  const within = (where, work) => {
    try {
      return work();
    } catch (error) {
      throw new Error(`${where}: ${error.message}`);
    }
  };
  const listOf = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

  const callOf = (method, request, params) => {
    const checked = within("invalid GRPC's client.invoke() parameters", () => check(params, callKinds, 'param'));
    return [pathOf(method), messageOf(request), checked];
  };

  class Client {
    #handle = native.make();
    load(importPaths, ...files) { return native.load(this.#handle, listOf(importPaths).map(String), files.map(String)); }
    loadProtoset(path) { return native.loadProtoset(this.#handle, String(path)); }
    connect(address, params) {
      const checked = within('invalid grpc.connect() parameters', () => check(params, connectKinds, 'connect param'));
      return native.connect(this.#handle, String(address), { ...checked, cacerts: listOf(checked.tls?.cacerts).join('\n') });
    }
    invoke(method, request, params) { return native.invoke(this.#handle, ...callOf(method, request, params)); }
    async asyncInvoke(method, request, params) { return native.asyncInvoke(this.#handle, ...callOf(method, request, params)); }
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
      const checked = within("invalid GRPC Stream's parameters", () => check(params, callKinds, 'param'));
      this.#stream = native.openStream(handle, path, checked, (event, value, seconds) => this.#tell(event, value, seconds));
    }
    #tell(event, value, seconds) {
      if (event === 'error' && this.#listeners.error.length === 0)
        console.warn(`no handlers for error registered, but an error happened: code: ${value.code}, message: ${value.message}`);
      for (const listener of this.#listeners[event]) listener(value, { ts: seconds });
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
