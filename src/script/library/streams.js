// k6/experimental/streams. Source: the Streams Standard (streams.spec.whatwg.org), of which default controllers, readers and writers.
() => {
  const states = new WeakMap(); // Of a stream, and of its controller, reader or writer.
  const stateOf = (object, kind) => {
    const state = states.get(object);
    if (!state || !(object instanceof kind)) throw new TypeError(`a ${kind.name} is wanted`);
    return state;
  };
  const deferred = () => {
    const one = {};
    one.promise = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
    one.promise.catch(() => {}); // Whether somebody looks at it is theirs.
    return one;
  };
  const strategyOf = (given) => {
    const { highWaterMark = 1, size = () => 1 } = given ?? {};
    const mark = Number(highWaterMark);
    if (Number.isNaN(mark) || mark < 0) throw new RangeError('streams: highWaterMark is a number from 0 on');
    if (typeof size !== 'function') throw new TypeError('streams: size is a function');
    return { mark, size };
  };
  const sizeOf = (state, chunk) => {
    const size = Number(state.size(chunk));
    if (Number.isNaN(size) || size < 0 || size === Infinity) throw new RangeError('streams: a chunk has a size from 0 on');
    return size;
  };
  const methodsOf = (object, names) => {
    const given = object ?? {};
    for (const name of names)
      if (given[name] !== undefined && typeof given[name] !== 'function') throw new TypeError(`streams: ${name} is a function`);
    return given;
  };
  // Makes the stream known and starts what it was given; then `next(state)`, or `failed(state, error)`.
  const begin = (stream, state, given, next, failed) => {
    states.set(stream, state);
    states.set(state.controller, state);
    Promise.resolve(given.start?.(state.controller)).then(
      () => {
        state.started = true;
        next(state);
      },
      (error) => failed(state, error),
    );
  };

  class CountQueuingStrategy {
    constructor({ highWaterMark }) { this.highWaterMark = highWaterMark; }
    get size() { return () => 1; }
  }

  // --- To read.
  const wakeReaders = (state) => {
    const { reader } = state;
    if (!reader) return;
    if (state.stage === 'errored') {
      reader.closed.reject(state.error);
      for (const wish of reader.wishes.splice(0)) wish.reject(state.error);
    } else {
      reader.closed.resolve();
      for (const wish of reader.wishes.splice(0)) wish.resolve({ value: undefined, done: true });
    }
  };
  const failStream = (state, error) => {
    if (state.stage !== 'readable') return;
    Object.assign(state, { stage: 'errored', error, queue: [], queued: 0 });
    wakeReaders(state);
  };
  const closeStream = (state) => {
    state.stage = 'closed';
    wakeReaders(state);
  };
  const desired = (state) => (state.stage === 'errored' ? null : state.stage === 'closed' ? 0 : state.mark - state.queued);
  const pull = (state) => {
    const wanted = state.stage === 'readable' && !state.closing && state.started && (state.reader?.wishes.length > 0 || desired(state) > 0);
    if (!wanted || !state.source.pull) return;
    if (state.pulling) {
      state.pullAgain = true;
      return;
    }
    state.pulling = true;
    new Promise((resolve) => resolve(state.source.pull(state.controller))).then(
      () => {
        state.pulling = false;
        if (!state.pullAgain) return;
        state.pullAgain = false;
        pull(state);
      },
      (error) => failStream(state, error),
    );
  };
  class ReadableStreamDefaultController {
    get desiredSize() { return desired(stateOf(this, ReadableStreamDefaultController)); }
    enqueue(value) {
      const state = stateOf(this, ReadableStreamDefaultController);
      if (state.closing || state.stage !== 'readable') throw new TypeError('enqueue: the stream is closed or has failed');
      if (state.reader?.wishes.length > 0) {
        state.reader.wishes.shift().resolve({ value, done: false });
      } else {
        try {
          const size = sizeOf(state, value);
          state.queue.push({ value, size });
          state.queued += size;
        } catch (error) {
          failStream(state, error);
          throw error;
        }
      }
      pull(state);
    }
    close() {
      const state = stateOf(this, ReadableStreamDefaultController);
      if (state.closing || state.stage !== 'readable') throw new TypeError('close: the stream is closed or has failed');
      state.closing = true;
      if (state.queue.length === 0) closeStream(state);
    }
    error(error) { failStream(stateOf(this, ReadableStreamDefaultController), error); }
  }
  const cancelStream = async (state, reason) => {
    if (state.stage === 'closed') return;
    if (state.stage === 'errored') throw state.error;
    Object.assign(state, { queue: [], queued: 0 });
    closeStream(state);
    await state.source.cancel?.(reason);
  };
  class ReadableStreamDefaultReader {
    #stream;
    constructor(stream) {
      const state = stateOf(stream, ReadableStream);
      if (state.reader) throw new TypeError('the stream is locked: another reader has it');
      state.reader = { closed: deferred(), wishes: [] };
      this.#stream = state;
      this.closedPromise = state.reader.closed.promise;
      Object.defineProperty(this, 'closedPromise', { enumerable: false });
      if (state.stage !== 'readable') wakeReaders(state);
    }
    get closed() { return this.closedPromise; }
    async read() {
      const state = this.#stream;
      if (!state) throw new TypeError('read: the reader has let go of its stream');
      if (state.stage === 'closed') return { value: undefined, done: true };
      if (state.stage === 'errored') throw state.error;
      if (state.queue.length === 0) {
        const wish = deferred();
        state.reader.wishes.push(wish);
        pull(state);
        return wish.promise;
      }
      const { value, size } = state.queue.shift();
      state.queued = Math.max(0, state.queued - size);
      if (state.closing && state.queue.length === 0) closeStream(state);
      else pull(state);
      return { value, done: false };
    }
    async cancel(reason) {
      if (!this.#stream) throw new TypeError('cancel: the reader has let go of its stream');
      return cancelStream(this.#stream, reason);
    }
    releaseLock() {
      const state = this.#stream;
      if (!state) return;
      const error = new TypeError('the reader has let go of its stream');
      for (const wish of state.reader.wishes.splice(0)) wish.reject(error);
      if (state.stage === 'readable') state.reader.closed.reject(error);
      else this.closedPromise = Promise.reject(error);
      this.closedPromise.catch(() => {});
      state.reader = undefined;
      this.#stream = undefined;
    }
  }
  class ReadableStream {
    constructor(source, strategy) {
      if (source === null) throw new TypeError('ReadableStream: the source is an object');
      const given = methodsOf(source, ['start', 'pull', 'cancel']);
      if (given.type === 'bytes') throw new RangeError(`ReadableStream: the type ${given.type} is not supported: there are default streams`);
      const controller = new ReadableStreamDefaultController();
      const { mark, size } = strategyOf(strategy);
      const state = { stage: 'readable', source: given, controller, mark, size, queue: [], queued: 0, started: false, closing: false };
      begin(this, state, given, pull, failStream);
    }
    get locked() { return stateOf(this, ReadableStream).reader !== undefined; }
    async cancel(reason) {
      if (this.locked) throw new TypeError('cancel: the stream is locked: its reader can cancel it');
      return cancelStream(stateOf(this, ReadableStream), reason);
    }
    getReader(options) {
      if (options?.mode !== undefined) throw new TypeError(`getReader: the mode ${options.mode} is not supported`);
      return new ReadableStreamDefaultReader(this);
    }
    values({ preventCancel = false } = {}) {
      const reader = this.getReader();
      let over = false;
      const finish = () => {
        over = true;
        reader.releaseLock();
      };
      return {
        async next() {
          if (over) return { value: undefined, done: true };
          try {
            const one = await reader.read();
            if (one.done) finish();
            return one;
          } catch (error) {
            finish();
            throw error;
          }
        },
        async return(value) {
          if (over) return { value, done: true };
          const cancelled = preventCancel ? undefined : reader.cancel(value);
          finish();
          await cancelled;
          return { value, done: true };
        },
        [Symbol.asyncIterator]() { return this; },
      };
    }
    [Symbol.asyncIterator](options) { return this.values(options); }
  }

  // --- To write.
  const refresh = (state) => { // ready waits while there is more than is wanted.
    const full = state.stage === 'writable' && !state.closing && state.mark - state.queued <= 0;
    if (full && state.ready.settled) state.ready = { ...deferred(), settled: false };
    if (!full && !state.ready.settled) {
      state.ready.settled = true;
      state.ready.resolve();
    }
  };
  const failSink = (state, error) => {
    if (state.stage !== 'writable') return;
    Object.assign(state, { stage: 'errored', error });
    for (const job of state.jobs.splice(0)) job.done.reject(error);
    state.ready.reject(error);
    if (state.ready.settled) state.ready = { promise: Promise.reject(error), settled: true };
    state.ready.promise.catch(() => {});
    state.closed.reject(error);
  };
  const work = async (state) => {
    if (state.working || !state.started) return;
    state.working = true;
    while (state.jobs.length > 0) {
      const job = state.jobs.shift();
      try {
        if (job.closes) {
          await state.sink.close?.();
          if (state.stage === 'writable') state.stage = 'closed';
          state.closed.resolve();
        } else {
          await state.sink.write?.(job.chunk, state.controller);
          state.queued -= job.size;
        }
        refresh(state);
        job.done.resolve();
      } catch (error) {
        job.done.reject(error);
        failSink(state, error);
      }
    }
    state.working = false;
  };
  const abortSink = async (state, reason) => {
    if (state.stage !== 'writable') return;
    failSink(state, reason);
    await state.sink.abort?.(reason);
  };
  const addJob = (state, job) => {
    if (state.stage === 'errored') throw state.error;
    if (state.stage === 'closed' || state.closing) throw new TypeError('the stream is closed');
    job.done = deferred();
    if (job.closes) state.closing = true;
    else state.queued += job.size;
    state.jobs.push(job);
    refresh(state);
    work(state);
    return job.done.promise;
  };
  class WritableStreamDefaultController {
    error(error) { failSink(stateOf(this, WritableStreamDefaultController), error); }
  }
  class WritableStreamDefaultWriter {
    #stream;
    constructor(stream) {
      const state = stateOf(stream, WritableStream);
      if (state.writer) throw new TypeError('the stream is locked: another writer has it');
      state.writer = this;
      this.#stream = state;
    }
    #open() {
      if (!this.#stream) throw new TypeError('the writer has let go of its stream');
      return this.#stream;
    }
    get closed() { return this.#open().closed.promise; }
    get ready() { return this.#open().ready.promise; }
    get desiredSize() {
      const state = this.#open();
      return state.stage === 'errored' ? null : state.stage === 'closed' ? 0 : state.mark - state.queued;
    }
    async write(chunk) {
      const state = this.#open();
      return addJob(state, { chunk, size: sizeOf(state, chunk) });
    }
    async close() { return addJob(this.#open(), { closes: true }); }
    async abort(reason) { return abortSink(this.#open(), reason); }
    releaseLock() {
      if (this.#stream) this.#stream.writer = undefined;
      this.#stream = undefined;
    }
  }
  class WritableStream {
    constructor(sink, strategy) {
      const given = methodsOf(sink, ['start', 'write', 'close', 'abort']);
      const controller = new WritableStreamDefaultController();
      const { mark, size } = strategyOf(strategy);
      const state = { stage: 'writable', sink: given, controller, mark, size, queued: 0, jobs: [], started: false, closed: deferred() };
      state.ready = { ...deferred(), settled: true };
      state.ready.resolve();
      begin(this, state, given, work, failSink);
    }
    get locked() { return stateOf(this, WritableStream).writer !== undefined; }
    async abort(reason) {
      if (this.locked) throw new TypeError('abort: the stream is locked: its writer can abort it');
      return abortSink(stateOf(this, WritableStream), reason);
    }
    async close() {
      if (this.locked) throw new TypeError('close: the stream is locked: its writer can close it');
      return addJob(stateOf(this, WritableStream), { closes: true });
    }
    getWriter() { return new WritableStreamDefaultWriter(this); }
  }
  return {
    CountQueuingStrategy, ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader,
    WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter,
  };
}
