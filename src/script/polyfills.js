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
  // The methods that give a changed copy. One function for three: every VU has them.
  for (const target of [Array.prototype, bytes]) {
    const copy = (list) => (target === bytes ? list.slice() : Array.from(list));
    for (const [name, change] of [['toReversed', 'reverse'], ['toSorted', 'sort'], ['toSpliced', 'splice']])
      if (change in target)
        define(target, name, function (...given) {
          const made = copy(this);
          made[change](...given);
          return made;
        });
    define(target, 'with', function (index, value) {
      const at = place(this, index);
      if (at < 0 || at >= this.length) throw new RangeError(`with(): there is no index ${index}`);
      const made = copy(this);
      made[at] = value;
      return made;
    });
  }
  define(Object, 'hasOwn', (object, key) => Object.prototype.hasOwnProperty.call(object, key));
  define(Object, 'groupBy', (items, key) => {
    const groups = Object.create(null);
    let i = 0;
    for (const item of items) (groups[key(item, i++)] ??= []).push(item);
    return groups;
  });
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
