// What QuickJS of 2021 lacks and people write. Small on purpose: every VU has it.
(() => {
  const define = (target, name, value) => {
    if (!(name in target))
      Object.defineProperty(target, name, { value, writable: true, configurable: true });
  };
  const place = (list, index) => {
    const n = Math.trunc(index) || 0;
    return n < 0 ? n + list.length : n;
  };
  function at(index) { return this[place(this, index)]; }
  const bytes = Object.getPrototypeOf(Uint8Array.prototype);
  for (const target of [Array.prototype, String.prototype, bytes]) define(target, 'at', at);
  for (const target of [Array.prototype, bytes]) {
    define(target, 'findLastIndex', function findLastIndex(test, self) {
      for (let i = this.length - 1; i >= 0; i--) if (test.call(self, this[i], i, this)) return i;
      return -1;
    });
    define(target, 'findLast', function findLast(test, self) {
      return this[this.findLastIndex(test, self)];
    });
  }
  // The methods that give a changed copy.
  for (const target of [Array.prototype, bytes]) {
    const copy = (list) => (target === bytes ? list.slice() : Array.from(list));
    define(target, 'toReversed', function toReversed() { return copy(this).reverse(); });
    define(target, 'toSorted', function toSorted(compare) { return copy(this).sort(compare); });
    define(target, 'with', function (index, value) {
      const at = place(this, index);
      if (at < 0 || at >= this.length) throw new RangeError(`with(): there is no index ${index}`);
      const made = copy(this);
      made[at] = value;
      return made;
    });
  }
  define(Array.prototype, 'toSpliced', function toSpliced(...given) {
    const made = Array.from(this);
    made.splice(...given);
    return made;
  });
  define(Object, 'hasOwn', (object, key) => Object.prototype.hasOwnProperty.call(object, key));
  define(Object, 'groupBy', (items, key) => {
    const groups = Object.create(null);
    let i = 0;
    for (const item of items) (groups[key(item, i++)] ??= []).push(item);
    return groups;
  });
  // `new Error(text, { cause })`. A proxy, so that classes and `instanceof` see no difference; its own frame is taken out of the stack.
  for (const name of ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError']) {
    const Native = globalThis[name];
    const make = (target, given, made) => {
      const error = Reflect.construct(target, given, made);
      const options = given[name === 'AggregateError' ? 2 : 1];
      if (typeof options === 'object' && options !== null && 'cause' in options)
        Object.defineProperty(error, 'cause', { value: options.cause, writable: true, configurable: true });
      error.stack = error.stack.replace(/^(.*(<polyfills>|construct \(native\)).*\n)+/, '');
      return error;
    };
    const Known = new Proxy(Native, { construct: make, apply: (target, _, given) => make(target, given, Known) });
    Object.defineProperty(Native.prototype, 'constructor', { value: Known, writable: true, configurable: true });
    if (name !== 'Error') Object.setPrototypeOf(Native, globalThis.Error);
    Object.defineProperty(globalThis, name, { value: Known, writable: true, configurable: true });
  }
  // Dates in words and with a blank before the time, which the engine does not read; as k6 writes them for people.
  const NativeDate = Date;
  const parse = (text) => {
    const time = NativeDate.parse(text);
    if (!Number.isNaN(time)) return time;
    const iso = text.replace(/^(\d{4}-\d\d-\d\d) +(\d\d:\d\d)/, '$1T$2');
    if (iso !== text) return NativeDate.parse(iso);
    const words = /^(?:[a-z]+,? +)?([a-z]{3})[a-z]* +(\d{1,2}),? +(\d{4})(?:,? +(\d\d?):(\d\d)(?::(\d\d))?)?$/i.exec(text);
    const month = words && 'janfebmaraprmayjunjulaugsepoctnovdec'.indexOf(words[1].toLowerCase()) / 3;
    if (!Number.isInteger(month) || month < 0) return NaN;
    return new NativeDate(words[3], month, words[2], words[4] ?? 0, words[5] ?? 0, words[6] ?? 0).getTime();
  };
  globalThis.Date = new Proxy(NativeDate, {
    construct: (target, given, made) =>
      Reflect.construct(target, given.length === 1 && typeof given[0] === 'string' ? [parse(given[0])] : given, made),
    get: (target, name) => (name === 'parse' ? parse : target[name]),
  });
  Object.defineProperty(NativeDate.prototype, 'constructor', { value: Date, writable: true, configurable: true });
  const two = (n) => String(n).padStart(2, '0');
  const day = (date) => `${two(date.getMonth() + 1)}/${two(date.getDate())}/${date.getFullYear()}`;
  const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const written = { toLocaleDateString: day, toLocaleTimeString: clock, toLocaleString: (date) => `${day(date)}, ${clock(date)}` };
  for (const [name, write] of Object.entries(written))
    NativeDate.prototype[name] = function () { return Number.isNaN(this.getTime()) ? 'Invalid Date' : write(this); };
  define(globalThis, 'structuredClone', (value) => {
    const seen = new Map();
    const copy = (from) => {
      if (typeof from === 'function' || typeof from === 'symbol')
        throw new TypeError(`structuredClone: a ${typeof from} cannot be cloned`);
      if (typeof from !== 'object' || from === null) return from;
      if (seen.has(from)) return seen.get(from);
      let to;
      if (from instanceof Date) to = new Date(from.getTime());
      else if (from instanceof RegExp) to = new RegExp(from.source, from.flags);
      else if (from instanceof ArrayBuffer) to = from.slice(0);
      else if (ArrayBuffer.isView(from)) to = new from.constructor(from);
      else if (from instanceof Map) {
        seen.set(from, (to = new Map()));
        for (const [k, v] of from) to.set(copy(k), copy(v));
      } else if (from instanceof Set) {
        seen.set(from, (to = new Set()));
        for (const v of from) to.add(copy(v));
      } else if (from instanceof Error) {
        seen.set(from, (to = new from.constructor(from.message)));
      } else {
        seen.set(from, (to = Array.isArray(from) ? [] : {}));
        for (const key of Object.keys(from)) to[key] = copy(from[key]);
      }
      seen.set(from, to);
      return to;
    };
    return copy(value);
  });
})();
