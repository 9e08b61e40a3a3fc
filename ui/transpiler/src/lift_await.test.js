import assert from 'node:assert';
import { test } from 'node:test';
import { liftAwait as lift } from './lift_await.js';

const liftAwait = (text) => lift(text, { ecmaVersion: 'latest', sourceType: 'module' });

// Runs a lifted module and gives its exports.
async function exportsOf(text) {
  let done = Promise.resolve();
  globalThis.__brunt_await = (start) => { done = done.then(start); };
  const module = await import(`data:text/javascript,${encodeURIComponent(liftAwait(text))}`);
  await done;
  return module;
}

test('a module that awaits nothing stays as it is', () => {
  const text = 'const f = async () => { await 1 };\nexport default f;\n';
  assert.strictEqual(liftAwait(text), text);
});

test('what statements declare is seen by functions and exports', async () => {
  const module = await exportsOf(`
    const one = await Promise.resolve(1), { b, c: [d, ...e] } = await { b: 2, c: [3, 4, 5] };
    let later;
    class A { static n = 7 }
    export const sum = one + b + d;
    if (await true) { later = 'yes'; }
    export function all() { return [one, b, d, e, later, A.n, hoisted()]; }
    function hoisted() { return 'h' }
    export { one as uno };
    export default await 9;
  `);
  assert.deepStrictEqual(module.all(), [1, 2, 3, [4, 5], 'yes', 7, 'h']);
  assert.strictEqual(module.sum, 6);
  assert.strictEqual(module.uno, 1);
  assert.strictEqual(module.default, 9);
});

test('lines stay where they are', () => {
  const text = 'await 1;\n\nexport default function () {\n  return 1;\n}\nfor await (const x of []) ;\n';
  const lines = liftAwait(text).split('\n');
  assert.ok(lines[2].includes('export default function'));
  assert.ok(lines[5].includes('for await'));
});
