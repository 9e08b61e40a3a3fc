// What the engine's throw-away runtime gets as `transpiler`: both take a module's text and give one
// with the same lines.
import { transform } from 'sucrase';
import { liftAwait } from './lift_await.js';
import { lowerClasses } from './lower_classes.js';

const options = { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true };

globalThis.transpiler = {
  // TypeScript to JavaScript: types are taken out, nothing is checked. Throws a SyntaxError.
  stripTypes: (text, name) =>
    transform(text, { transforms: ['typescript'], disableESTransforms: true, filePath: name }).code,
  // What is newer than the engine. Throws a SyntaxError.
  lower: (text) => liftAwait(lowerClasses(text, options), options),
};
