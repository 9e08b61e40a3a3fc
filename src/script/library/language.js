// What QuickJS of 2021 lacks and people write, by whose it is: polyfills.cc puts them in their places.
() => {
  const place = (list, index) => {
    const n = Math.trunc(index) || 0;
    return n < 0 ? n + list.length : n;
  };
  const ofAll = {
    at(index) { return this[place(this, index)]; },
  };
  // Of arrays and typed arrays. `copy` of one is an array of the same kind.
  const ofLists = (copy) => ({
    ...ofAll,
    findLastIndex(test, self) {
      for (let i = this.length - 1; i >= 0; i--) if (test.call(self, this[i], i, this)) return i;
      return -1;
    },
    findLast(test, self) {
      return this[this.findLastIndex(test, self)];
    },
    toReversed() { return copy(this).reverse(); },
    toSorted(compare) { return copy(this).sort(compare); },
    toSpliced(...given) {
      const made = copy(this);
      made.splice(...given);
      return made;
    },
    with(index, value) {
      const at = place(this, index);
      if (at < 0 || at >= this.length) throw new RangeError(`with(): there is no index ${index}`);
      const made = copy(this);
      made[at] = value;
      return made;
    },
  });
  const hasOwn = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
  const groupBy = (items, key) => {
    const groups = Object.create(null);
    let i = 0;
    for (const item of items) (groups[key(item, i++)] ??= []).push(item);
    return groups;
  };
  const structuredClone = (value) => {
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
    return copy(value);};
  return {
    Array: ofLists((list) => Array.from(list)),
    String: ofAll,
    TypedArray: ofLists((list) => list.slice()),
    Object: { hasOwn, groupBy },
    global: { structuredClone },
  };
}
