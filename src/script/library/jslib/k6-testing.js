// https://jslib.k6.io/k6-testing: expect() in the words of its documentation. What is not as expected ends the test;
// with expect.soft() it fails the test, or throws. What retries is for browsers, which are not driven.
import exec from 'k6/execution';

export class AssertionFailedError extends Error {
  constructor(message) {
    super(message);
    this.name = 'AssertionFailedError';
  }
}

// A value in words, of at most `length` characters.
export const shown = (value, length = 100) => {
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

const value_length_max = 1000;
const inWords = (value) => shown(value, value_length_max);
const missing = Symbol('missing');
const keysOf = (path) => (Array.isArray(path) ? path : String(path).replace(/\[(\w+)\]/g, '.$1').split('.').filter(Boolean));
const at = (value, path) => keysOf(path).reduce((inner, key) => (inner !== null && inner !== undefined && inner !== missing && key in Object(inner) ? inner[key] : missing), value);
const sizeOf = (value) => value?.length ?? value?.size;

// Each says whether it holds for the value.
const matchers = {
  toBe: (value, expected) => Object.is(value, expected),
  toBeCloseTo: (value, expected, precision = 2) => value === expected || Math.abs(value - expected) < 10 ** -precision / 2,
  toBeDefined: (value) => value !== undefined,
  toBeFalsy: (value) => !value,
  toBeGreaterThan: (value, expected) => value > expected,
  toBeGreaterThanOrEqual: (value, expected) => value >= expected,
  toBeInstanceOf: (value, expected) => value instanceof expected,
  toBeLessThan: (value, expected) => value < expected,
  toBeLessThanOrEqual: (value, expected) => value <= expected,
  toBeNaN: (value) => Number.isNaN(value),
  toBeNull: (value) => value === null,
  toBeTruthy: (value) => Boolean(value),
  toBeUndefined: (value) => value === undefined,
  toContain: (value, expected) => (typeof value === 'string' ? value.includes(expected) : [...value].includes(expected)),
  toContainEqual: (value, expected) => [...value].some((one) => deepEqual(one, expected)),
  toEqual: (value, expected) => deepEqual(value, expected),
  toHaveLength: (value, expected) => sizeOf(value) === expected,
  toHaveProperty: (value, path, ...expected) => at(value, path) !== missing && (expected.length === 0 || deepEqual(at(value, path), expected[0])),
};
const retrying = ['toBeChecked', 'toBeDisabled', 'toBeEditable', 'toBeEmpty', 'toBeEnabled', 'toBeHidden', 'toBeVisible', 'toContainText', 'toHaveAttribute', 'toHaveText', 'toHaveValue'];

const tell = (failure, options) => {
  const { name, negated, value, expected, message } = failure;
  const lines = [`expect(received).${negated ? 'not.' : ''}${name}(${expected.length > 0 ? 'expected' : ''})`];
  if (message !== undefined) lines.unshift(message);
  if (expected.length > 0) lines.push(`Expected: ${negated ? 'not ' : ''}${expected.map(inWords).join(', ')}`);
  lines.push(`Received: ${inWords(value)}`);
  return lines.join(options.display === 'inline' ? ' | ' : '\n');
};

const fail = (failure, options, soft) => {
  const text = tell(failure, options);
  if (!soft) exec.test.abort(text);
  if (options.softMode === 'throw') throw new AssertionFailedError(text);
  console.error(text);
  exec.test.fail(text);
};

const expectation = (options, soft, value, message, negated = false) => {
  const made = {};
  for (const [name, holds] of Object.entries(matchers))
    made[name] = (...expected) => {
      if (holds(value, ...expected) === negated) fail({ name, negated, value, expected, message }, options, soft);
    };
  for (const name of retrying)
    made[name] = async () => {
      throw new Error(`${name}(): it is for elements of a browser, and browsers are not driven`);
    };
  Object.defineProperty(made, 'not', { get: () => expectation(options, soft, value, message, !negated) });
  return made;
};

const configured = (options) => {
  const made = (value, message) => expectation(options, false, value, message);
  made.soft = (value, message) => expectation(options, true, value, message);
  made.configure = (more) => configured({ ...options, ...more });
  return made;
};

export const expect = configured({ display: __ENV.K6_TESTING_DISPLAY ?? 'pretty', softMode: __ENV.K6_TESTING_SOFT_MODE ?? 'fail' });
export default { expect };
