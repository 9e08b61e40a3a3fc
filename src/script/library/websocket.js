// k6/ws and k6/websockets over sockets that are native: who listens, and what they hear.
// Source: k6's documentation of both; the WebSocket and Blob of the WHATWG, as far as k6 has them.
(native) => {
  const GOING_AWAY = 1001, NORMAL = 1000;
  const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3; // readyState

  // As scripts ask for it: e.error().
  const goError = (text) => {
    const error = new Error(text);
    Object.defineProperty(error, 'error', { value: () => text });
    return error;
  };

  // What ws.connect() hands to its function. An exception of a handler ends the socket, then connect().
  class Socket {
    #socket;
    #handlers = {};
    #closed = false;
    failure = undefined;

    // The socket is there once it connects.
    begin(socket) {
      this.#socket = socket;
    }
    // Runs what is the script's own.
    run(code) {
      try {
        code();
      } catch (error) {
        this.failure ??= { error };
        if (!this.#closed) native.close(this.#socket, GOING_AWAY, '');
        this.#closed = true;
      }
    }
    emit(event, ...values) {
      for (const handler of this.#handlers[event] ?? []) handler(...values);
    }
    dispatch(kind, value, code) {
      if (this.#closed) return;
      this.run(() => {
        if (kind === 'message') this.emit(typeof value === 'string' ? kind : 'binaryMessage', value);
        else if (kind === 'error') this.emit(kind, goError(value));
        else if (kind === 'close') this.#end(code);
        else this.emit(kind);
      });
    }
    #end(code) {
      this.#closed = true;
      this.emit('close', code);
    }
    #did(failure) {
      if (failure !== undefined) this.emit('error', goError(failure));
    }
    #later(name, code, milliseconds, repeats) {
      if (!(milliseconds > 0)) throw new Error(`${name} requires a >0 timeout parameter, received ${Number(milliseconds).toFixed(2)}`);
      if (typeof code !== 'function') throw new Error(`${name} takes a function and milliseconds`);
      if (!this.#closed) native.timer(this.#socket, () => this.#closed || this.run(code), milliseconds, repeats);
    }

    on(event, handler) {
      if (typeof handler === 'function') (this.#handlers[event] ??= []).push(handler);
    }
    send(message) {
      this.#did(native.send(this.#socket, String(message), false));
    }
    sendBinary(message) {
      if (arguments.length === 0) throw new Error('missing argument, expected ArrayBuffer');
      if (!(message instanceof ArrayBuffer))
        throw new Error(`expected ArrayBuffer as argument, received: ${message === null || message === undefined ? message : message.constructor.name}`);
      this.#did(native.send(this.#socket, message, true));
    }
    ping() {
      this.#did(native.ping(this.#socket));
    }
    setTimeout(code, milliseconds) {
      this.#later('setTimeout', code, milliseconds, false);
    }
    setInterval(code, milliseconds) {
      this.#later('setInterval', code, milliseconds, true);
    }
    close(code = GOING_AWAY) {
      if (this.#closed) return;
      native.close(this.#socket, code, '');
      this.#end(Number(code));
    }
  }

  const connect = (url, ...rest) => {
    if (rest.length < 1 || rest.length > 2) throw new Error('invalid number of arguments to ws.connect');
    const setup = rest[rest.length - 1];
    if (typeof setup !== 'function') throw new Error('last argument to ws.connect must be a function');
    const shown = new Socket();
    const socket = native.open(url, undefined, rest.length === 2 ? rest[0] : undefined,
      (kind, value, code) => shown.dispatch(kind, value, code), true);
    const answer = { url: '', ...native.answer(socket) };
    if (answer.error !== '') {
      if (native.throws()) throw new Error(answer.error);
      return answer.status === 0 ? answer : { ...answer, error: '' }; // As k6: a status says enough.
    }
    answer.url = String(url);
    shown.begin(socket);
    shown.run(() => {
      setup(shown);
      shown.emit('open');
    });
    native.run(socket);
    if (shown.failure) throw shown.failure.error;
    return answer;
  };

  const bytesOf = (part) => {
    if (part instanceof ArrayBuffer) return new Uint8Array(part);
    if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    return undefined;
  };

  class Blob {
    #bytes;
    #type = '';
    constructor(parts = [], options = undefined) {
      if (parts === null || typeof parts !== 'object' || typeof parts[Symbol.iterator] !== 'function')
        throw new Error('failed to process [blobParts]: a list is wanted');
      if (options !== undefined && (options === null || typeof options !== 'object')) throw new Error('[options] must be an object');
      if (options?.type !== undefined) this.#type = String(options.type);
      const all = [...parts].map((part) => {
        if (typeof part === 'string') return new TextEncoder().encode(part);
        const bytes = part instanceof Blob ? part.#bytes : bytesOf(part);
        if (bytes === undefined) throw new Error(`failed to process [blobParts]: unsupported type: ${typeof part}`);
        return bytes;
      });
      this.#bytes = new Uint8Array(all.reduce((size, bytes) => size + bytes.length, 0));
      let at = 0;
      for (const bytes of all) {
        this.#bytes.set(bytes, at);
        at += bytes.length;
      }
    }
    get size() {
      return this.#bytes.length;
    }
    get type() {
      return this.#type;
    }
    async arrayBuffer() {
      return this.#bytes.slice().buffer;
    }
    async bytes() {
      return this.#bytes.slice();
    }
    async text() {
      return new TextDecoder().decode(this.#bytes);
    }
    slice(from = 0, to = this.size, type = '') {
      return new Blob([this.#bytes.slice(from, to)], { type });
    }
    stream() {
      const bytes = this.#bytes.slice();
      const { ReadableStream } = native.streams();
      return new ReadableStream({
        start(controller) {
          if (bytes.length > 0) controller.enqueue(bytes);
          controller.close();
        },
      });
    }
    toString() {
      return '[object Blob]';
    }
    static inside(blob) {
      return blob.#bytes;
    }
  }
  const insideOf = Blob.inside;
  delete Blob.inside;

  const EVENTS = ['open', 'message', 'error', 'close', 'ping', 'pong'];

  class WebSocket {
    #socket;
    #url;
    #state = CONNECTING;
    #protocol = '';
    #extensions = [];
    #binaryType = 'blob';
    #on = {};
    #listeners = {};

    constructor(url, protocols, params) {
      if (url === undefined || url === null) throw new Error('WebSocket requires a url');
      this.#url = String(url);
      const [, scheme] = /^([^:/?#]*):/.exec(this.#url) ?? [undefined, ''];
      if (!/^wss?$/i.test(scheme)) throw new Error(`WebSocket requires url with scheme ws or wss, but got "${scheme}"`);
      const [, fragment] = this.#url.split('#');
      if (fragment) throw new Error(`WebSocket requires no url fragment, but got "${fragment}"`);
      this.#socket = native.open(this.#url, protocols ?? undefined, params ?? undefined, (kind, value, code) => this.#hear(kind, value, code), false);
    }

    #hear(kind, value, code) {
      switch (kind) {
        case 'open':
          if (this.#state !== CONNECTING) return;
          this.#state = OPEN;
          [this.#protocol, ...this.#extensions] = value.split('\n');
          return this.#tellOrFail('open');
        case 'message':
          if (this.#state === OPEN) this.#tellOrFail('message', { data: this.#dataOf(value), origin: this.#url });
          return;
        case 'error':
          this.#state = CLOSED;
          return this.#tell('error', { error: value });
        case 'close':
          this.#state = CLOSED;
          return this.#tell('close', code === 0 ? { reason: value } : { code, reason: value });
        default:
          return this.#tell(kind);
      }
    }
    #dataOf(value) {
      return typeof value === 'string' || this.#binaryType === 'arraybuffer' ? value : new Blob([value]);
    }
    #tell(type, more) {
      const event = { type, target: this, timestamp: Date.now(), ...more };
      this.#on[type]?.(event);
      for (const listener of [...(this.#listeners[type] ?? [])]) listener(event);
    }
    // A listener's exception ends the socket, which says so, and then the iteration.
    #tellOrFail(type, more) {
      try {
        this.#tell(type, more);
      } catch (error) {
        this.#state = CLOSED;
        try {
          this.#tell('error', { error: String(error) });
          this.#tell('close', { reason: '' });
        } catch {} // The first counts.
        throw error;
      }
    }
    #mustBeOpen() {
      if (this.#state !== OPEN) throw new Error('InvalidStateError');
    }
    static #handle(type) {
      return {
        get() {
          return this.#on[type] ?? null;
        },
        set(handler) {
          if (handler !== undefined && handler !== null && typeof handler !== 'function')
            throw new Error(`a value for 'on${type}' should be callable`);
          this.#on[type] = handler ?? undefined;
        },
        enumerable: true,
        configurable: true,
      };
    }
    static accessors() {
      return Object.fromEntries(EVENTS.map((type) => [`on${type}`, WebSocket.#handle(type)]));
    }

    get url() {
      return this.#url;
    }
    get readyState() {
      return this.#state;
    }
    get bufferedAmount() {
      return native.buffered(this.#socket);
    }
    get extensions() {
      return this.#extensions;
    }
    get protocol() {
      return this.#protocol;
    }
    get binaryType() {
      return this.#binaryType;
    }
    set binaryType(type) {
      if (type !== 'blob' && type !== 'arraybuffer')
        throw new Error(`unknown binaryType ${type}, the supported ones are "blob" and "arraybuffer"`);
      this.#binaryType = type;
    }
    addEventListener(type, listener) {
      if (typeof listener !== 'function') throw new Error(`handler for event type "${type}" isn't a callable function`);
      if (EVENTS.includes(type)) (this.#listeners[type] ??= []).push(listener);
      else console.warn(`can't add event handler: unknown event type: ${type}`);
    }
    send(data) {
      this.#mustBeOpen();
      const bytes = typeof data === 'string' ? data : data instanceof Blob ? insideOf(data) : bytesOf(data);
      if (bytes === undefined) throw new Error(`unsupported send type ${data === null ? 'null' : typeof data}`);
      const failure = native.send(this.#socket, bytes, typeof data !== 'string');
      if (failure !== undefined) this.#tell('error', { error: failure });
    }
    ping() {
      this.#mustBeOpen();
      const failure = native.ping(this.#socket);
      if (failure !== undefined) this.#tell('error', { error: failure });
    }
    close(code, reason = '') {
      if (this.#state === CLOSED || this.#state === CLOSING) return;
      const wanted = code === undefined || code === null ? 0 : Math.trunc(Number(code));
      if (wanted !== 0 && wanted !== NORMAL && !(wanted >= 3000 && wanted <= 4999))
        throw new Error(`InvalidAccessError: Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between 3000 and 4999. ${code} is neither`);
      if (new TextEncoder().encode(String(reason)).length > 123)
        throw new Error("SyntaxError: Failed to execute 'close' on 'WebSocket': The message must not be greater than 123 bytes");
      this.#state = CLOSING;
      native.close(this.#socket, wanted === 0 ? NORMAL : wanted, String(reason));
    }
  }
  Object.defineProperties(WebSocket.prototype, WebSocket.accessors());
  delete WebSocket.accessors;
  Object.assign(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });

  return { connect, WebSocket, Blob };
}
