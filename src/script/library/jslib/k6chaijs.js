// https://jslib.k6.io/k6chaijs: describe() and expect() in the words of Chai's documentation, each expectation a check.
import { check, group } from 'k6';

export class AssertionError extends Error {
  constructor(message) {
    super(message);
    this.name = 'AssertionError';
  }
}

const config = { truncateMsgThreshold: 300, truncateVariableThreshold: 100, aggregateChecks: false, logFailures: false, exitOnError: false };

// A value in words, of at most `length` characters.
export const shown = (value, length = config.truncateVariableThreshold) => {
  let text;
  if (typeof value === 'function') text = `[Function${value.name ? ' ' + value.name : ''}]`;
  else if (value instanceof RegExp || typeof value === 'bigint' || typeof value === 'symbol') text = String(value);
  else if (typeof value === 'string') text = `'${value}'`;
  else text = JSON.stringify(value) ?? String(value);
  return text.length > length ? text.slice(0, length) + '...' : text;
};

const typeOf = (value) => Object.prototype.toString.call(value).slice(8, -1).toLowerCase();

export const deepEqual = (a, b, seen = new Map()) => {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || typeOf(a) !== typeOf(b)) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Map || a instanceof Set) return deepEqual([...a], [...b], seen);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key], seen));
};

const sizeOf = (value) => value.length ?? value.size;
const isEmpty = (value) => (sizeOf(value) ?? Object.keys(value).length) === 0;

// One chain of words. `flags`: what stood before in it.
class Assertion {
  constructor(value, label, flags = {}) {
    this.value = value;
    this.label = label;
    this.flags_ = flags;
  }
  with_(flags) { return new Assertion(this.value, this.label, { ...this.flags_, ...flags }); }
  flag(name) { return this.flags_[name]; }
  alike(a, b) { return this.flags_.deep ? deepEqual(a, b) : a === b; }
  // Checks, and throws where it does not hold. Gives itself, for .and.
  hold(holds, words) {
    const right = Boolean(holds) !== Boolean(this.flags_.not);
    const text = `expected ${this.label ?? shown(this.value)} ${this.flags_.not ? 'not ' : ''}${words}`.slice(0, config.truncateMsgThreshold);
    check(null, { [text]: right });
    if (!right) throw new AssertionError(this.label === undefined ? text : `${text}, got ${shown(this.value)}`);
    return this;
  }
}

for (const word of ['to', 'be', 'been', 'is', 'that', 'which', 'and', 'has', 'have', 'with', 'at', 'of', 'same', 'but', 'does', 'still', 'also'])
  Object.defineProperty(Assertion.prototype, word, { get() { return this; } });
for (const flag of ['not', 'deep', 'any', 'all', 'own', 'nested', 'ordered'])
  Object.defineProperty(Assertion.prototype, flag, { get() { return this.with_({ [flag]: true }); } });

const facts = {
  ok: [(v) => v, 'to be truthy'], true: [(v) => v === true, 'to be true'], false: [(v) => v === false, 'to be false'],
  null: [(v) => v === null, 'to be null'], undefined: [(v) => v === undefined, 'to be undefined'], NaN: [(v) => Number.isNaN(v), 'to be NaN'],
  exist: [(v) => v !== null && v !== undefined, 'to exist'], empty: [isEmpty, 'to be empty'],
  finite: [(v) => Number.isFinite(v), 'to be a finite number'],
};
for (const [name, [test, words]] of Object.entries(facts))
  Object.defineProperty(Assertion.prototype, name, { get() { return this.hold(test(this.value), words); } });

const at = (value, path) => path.replace(/\[(\w+)\]/g, '.$1').split('.').filter(Boolean).reduce((inner, key) => inner?.[key], value);
const measured = (assertion) => (assertion.flag('length') ? sizeOf(assertion.value) : assertion.value);
const words = {
  equal(expected) { return this.hold(this.alike(this.value, expected), `to ${this.flag('deep') ? 'deeply ' : ''}equal ${shown(expected)}`); },
  eql(expected) { return this.hold(deepEqual(this.value, expected), `to deeply equal ${shown(expected)}`); },
  above(n) { return this.hold(measured(this) > n, `to be above ${shown(n)}`); },
  least(n) { return this.hold(measured(this) >= n, `to be at least ${shown(n)}`); },
  below(n) { return this.hold(measured(this) < n, `to be below ${shown(n)}`); },
  most(n) { return this.hold(measured(this) <= n, `to be at most ${shown(n)}`); },
  within(low, high) { return this.hold(measured(this) >= low && measured(this) <= high, `to be within ${low}..${high}`); },
  closeTo(n, delta) { return this.hold(Math.abs(this.value - n) <= delta, `to be close to ${n} +/- ${delta}`); },
  instanceOf(type) { return this.hold(this.value instanceof type, `to be an instance of ${type.name}`); },
  match(pattern) { return this.hold(pattern.test(this.value), `to match ${pattern}`); },
  string(part) { return this.hold(typeof this.value === 'string' && this.value.includes(part), `to contain ${shown(part)}`); },
  satisfy(test) { return this.hold(test(this.value), `to satisfy ${shown(test)}`); },
  oneOf(list) { return this.hold(list.some((one) => this.alike(one, this.value)), `to be one of ${shown(list)}`); },
  property(name, ...expected) {
    const has = this.flag('nested') ? at(this.value, name) !== undefined : this.value !== null && this.value !== undefined && (this.flag('own') ? Object.hasOwn(this.value, name) : name in Object(this.value));
    const found = has ? (this.flag('nested') ? at(this.value, name) : this.value[name]) : undefined;
    const holds = has && (expected.length === 0 || this.alike(found, expected[0]));
    this.hold(holds, `to have property ${shown(name)}${expected.length > 0 ? ` of ${shown(expected[0])}` : ''}`);
    return new Assertion(found, this.label === undefined ? undefined : `${this.label}.${name}`);
  },
  keys(...names) {
    const wanted = names.flat().flatMap((one) => (typeof one === 'object' ? Object.keys(one) : [one]));
    const has = this.value instanceof Map || this.value instanceof Set ? [...this.value.keys()] : Object.keys(this.value);
    const all = wanted.every((name) => has.includes(name)) && (this.flag('contains') || has.length === wanted.length);
    return this.hold(this.flag('any') ? wanted.some((name) => has.includes(name)) : all, `to have keys ${shown(wanted)}`);
  },
  members(list) {
    const covers = (outer, inner) => inner.every((one) => outer.some((other) => this.alike(one, other)));
    const same = this.flag('contains') || this.value.length === list.length;
    const holds = this.flag('ordered') ? list.every((one, i) => this.alike(one, this.value[i])) : covers(this.value, list);
    return this.hold(same && holds, `to have members ${shown(list)}`);
  },
  throw(...expected) {
    let thrown, threw = false;
    try {
      this.value();
    } catch (error) {
      [thrown, threw] = [error, true];
    }
    const fits = (one) => (typeof one === 'function' ? thrown instanceof one : one instanceof RegExp ? one.test(thrown?.message) : String(thrown?.message).includes(String(one)));
    return this.hold(threw && expected.filter((one) => one !== undefined).every(fits), 'to throw an error');
  },
  validJsonBody() {
    let valid = true;
    try {
      JSON.parse(this.value.body);
    } catch {
      valid = false;
    }
    return this.hold(valid, 'to have a valid JSON body');
  },
};
const also = {
  equal: ['equals', 'eq'], eql: ['eqls'], above: ['gt', 'greaterThan'], least: ['gte', 'greaterThanOrEqual'], below: ['lt', 'lessThan'],
  most: ['lte', 'lessThanOrEqual'], match: ['matches'], property: [], keys: ['key'], throw: ['throws', 'Throw'], instanceOf: ['instanceof'],
  closeTo: ['approximately'], satisfy: ['satisfies'],
};
for (const [name, code] of Object.entries(words)) for (const one of [name, ...(also[name] ?? [])]) Assertion.prototype[one] = code;

// Words that are a function and go on as a chain: .a('string'), .an.instanceOf(X), .include(1), .include.keys('a'), .length.above(2).
const both = (names, flags, code) => {
  for (const name of names)
    Object.defineProperty(Assertion.prototype, name, {
      get() {
        const chain = this.with_(flags);
        return new Proxy(code.bind(this), { get: (_, key) => Reflect.get(chain, key, chain) });
      },
    });
};
both(['a', 'an'], {}, function (type) {
  return this.hold(typeOf(this.value) === String(type).toLowerCase(), `to be ${/^[aeiou]/i.test(type) ? 'an' : 'a'} ${type}`);
});
both(['include', 'includes', 'contain', 'contains'], { contains: true }, function (part) {
  const { value } = this;
  const inside = typeof value === 'string' ? value.includes(part)
    : Array.isArray(value) || value instanceof Set ? [...value].some((one) => this.alike(one, part))
      : Object.keys(part).every((key) => this.alike(value?.[key], part[key]));
  return this.hold(inside, `to include ${shown(part)}`);
});
both(['length', 'lengthOf'], { length: true }, function (size) {
  return this.hold(sizeOf(this.value) === size, `to have length ${size}`);
});

export function expect(value, label) {
  return new Assertion(value, label);
}
expect.fail = (message = 'expect.fail()') => {
  throw new AssertionError(message);
};

// A group; what is not as expected in it ends it, and the script goes on. Whether all was.
export function describe(name, body) {
  let succeeded = true;
  group(name, () => {
    try {
      body();
    } catch (error) {
      succeeded = false;
      if (!(error instanceof AssertionError)) {
        check(null, { [`Exception raised "${String(error?.message ?? error).slice(0, config.truncateMsgThreshold)}"`]: false });
        console.error(`describe ${name}: ${error}`);
      } else if (config.logFailures) {
        console.warn(`describe ${name}: ${error.message}`);
      }
      if (config.exitOnError) throw error;
    }
  });
  return succeeded;
}

export const chai = { config, expect, describe, AssertionError, use() { return chai; } };
chai.chai = chai;
export default chai;
