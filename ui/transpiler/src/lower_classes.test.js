import assert from 'node:assert';
import { test } from 'node:test';
import { lowerClasses } from './lower_classes.js';

const options = { ecmaVersion: 'latest', sourceType: 'module' };
const valueOf = (text) => (0, eval)(lowerClasses(text, options));

test('what needs no rewriting stays as it is', () => {
  const text = 'class A { static n = 1; #p = 2; static make() { return new A().#p in {}; } }';
  assert.strictEqual(lowerClasses(text, options), text);
});

test('static blocks run in their order, with this and private names', () => {
  assert.deepStrictEqual(
    valueOf('(class A { static log = [1]; static { this.log.push(2); } static #three = 3; static\n{ this.log.push(A.#three) } }).log'),
    [1, 2, 3],
  );
  assert.ok(!/static\s*\{/.test(lowerClasses('class A { static { class B { static { 1 } } } }', options)));
});

test('a private name is looked for in an object', () => {
  assert.deepStrictEqual(
    valueOf('class A { #n = 1; #m() {} static in(o) { return [#n in o, #m in o, !(#n in o) && #n in (o ?? {})]; } } [...A.in(new A()), ...A.in({})]'),
    [true, true, false, false, false, false],
  );
});

test('lines stay where they are', () => {
  const text = 'class A {\n  static\n  {\n    this.x = 1;\n  }\n  f(o) { return #p in\n o }\n  #p\n}\nlast';
  assert.strictEqual(lowerClasses(text, options).split('\n').length, text.split('\n').length);
});
