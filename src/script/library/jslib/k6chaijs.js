// https://jslib.k6.io/k6chaijs: describe(), and the expect() of npm's chai, each expectation a check.
import { check, group } from 'k6';
import chai from 'https://jslib.k6.io/chai';

const { config, AssertionError } = chai;
Object.assign(config, {
  truncateMsgThreshold: 300, truncateVariableThreshold: 100, aggregateChecks: true, logFailures: false, exitOnError: false, showDiff: false,
});
const cut = (text, length) => (text.length > length ? text.slice(0, length) + '...' : text);

chai.use((_, utils) => {
  // What a chain says, with `shown` for values. A label stands for the value.
  const message = (assertion, words, negated, values, shown) => {
    const text = (utils.flag(assertion, 'negate') ? negated : words) ?? '';
    return (typeof text === 'function' ? text() : text)
      .replace(/#\{this\}/g, () => utils.flag(assertion, 'message') ?? shown('this', utils.flag(assertion, 'object')))
      .replace(/ but got #\{act\}/g, ' got #{act}')
      .replace(/#\{act\}/g, () => shown('actual', utils.getActual(assertion, values)))
      .replace(/#\{exp\}/g, () => inWords(values[3]));
  };
  const inWords = (value) => cut(utils.inspect(value), config.truncateVariableThreshold);
  const name = (kind, value) => (config.aggregateChecks ? `\${${kind}}` : inWords(value));
  chai.Assertion.prototype.assert = function (holds, words, negated, ...values) {
    const all = [holds, words, negated, ...values];
    const right = Boolean(utils.test(this, all));
    check(null, { [cut(message(this, words, negated, all, name), config.truncateMsgThreshold)]: right });
    if (!right)
      throw new AssertionError(message(this, words, negated, all, (_, value) => inWords(value)), { actual: utils.getActual(this, all), expected: values[0] });
  };
});

chai.Assertion.addMethod('validJsonBody', function () {
  let valid = true;
  try {
    JSON.parse(this._obj.body);
  } catch {
    valid = false;
  }
  this.assert(valid, 'expected #{this} to have a valid JSON body', 'expected #{this} to not have a valid JSON body');
});

export const { expect } = chai;

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

chai.describe = describe;
export { chai };
export default chai;
