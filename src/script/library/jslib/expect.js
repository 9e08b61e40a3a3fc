// https://jslib.k6.io/expect: describe() and t.expect(), the forerunner of k6chaijs: each expectation a check, and the first that does
// not hold ends its describe().
import { check, group } from 'k6';
import { deepEqual, shown } from 'https://jslib.k6.io/k6-testing/1/index.js';

class ExpectationFailed extends Error {}

const isJson = (response) => {
  try {
    JSON.parse(response.body);
    return true;
  } catch {
    return false;
  }
};

const matchers = {
  toEqual: (value, expected) => deepEqual(value, expected),
  toBeGreaterThan: (value, expected) => value > expected,
  toBeGreaterThanOrEqual: (value, expected) => value >= expected,
  toBeLessThan: (value, expected) => value < expected,
  toBeLessThanOrEqual: (value, expected) => value <= expected,
  toBeBetween: (value, low, high) => value >= low && value <= high,
  toBeTruthy: (value) => Boolean(value),
  toBeFalsy: (value) => !value,
  toBeDefined: (value) => value !== undefined,
  toInclude: (value, part) => value.includes(part),
  toMatch: (value, pattern) => pattern.test(value),
  toHaveValidJson: (value) => isJson(value),
};

class Expectation {
  constructor(value) {
    this.value = value;
  }
  as(label) {
    this.label = label;
    return this;
  }
  and(value) {
    return new Expectation(value);
  }
}
for (const [name, holds] of Object.entries(matchers)) {
  const words = name.replace(/[A-Z]/g, (letter) => ' ' + letter.toLowerCase());
  Expectation.prototype[name] = function (...expected) {
    const right = Boolean(holds(this.value, ...expected));
    const text = [this.label ?? shown(this.value), words, ...expected.map((one) => shown(one))].join(' ');
    check(null, { [text]: right });
    if (!right) throw new ExpectationFailed(text);
    return this;
  };
}

// Whether all was as expected. What else is thrown within is told, and fails it too.
export function describe(name, body) {
  let succeeded = true;
  group(name, () => {
    try {
      body({ expect: (value) => new Expectation(value) });
    } catch (error) {
      succeeded = false;
      if (error instanceof ExpectationFailed) return;
      check(null, { [`Exception raised "${error?.message ?? error}"`]: false });
      console.error(`describe ${name}: ${error}`);
    }
  });
  return succeeded;
}
export default { describe };
