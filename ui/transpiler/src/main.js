// What the engine's throw-away runtime gets as `transpiler`: both take a module's text and give one
// with the same lines.
import { transform } from 'sucrase';
import { liftAwait } from './lift_await.js';

globalThis.transpiler = {
  // TypeScript to JavaScript: types are taken out, nothing is checked. Throws a SyntaxError.
  stripTypes: (text, name) =>
    transform(text, { transforms: ['typescript'], disableESTransforms: true, filePath: name }).code,
  liftAwait,
};
