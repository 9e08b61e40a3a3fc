// Rewrites a module with `await` at its top level for an engine that has none: imports and functions
// stay, all other statements move into an async function whose promise goes to __brunt_await(). What
// they declare is declared in front, so that functions and exports see it.
//
//   import { f } from './f.js';           import { f } from './f.js';let a;const __part0 = async () => {
//   const a = await f();             =>   a = await f();
//   export default () => a;               };export default () => a;__brunt_await(async () => { await __part0(); });
import { parse } from 'acorn';

const functions = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;

function hasAwait(node) {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some(hasAwait);
  if (typeof node.type !== 'string') return false;
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) return true;
  if (functions.test(node.type)) return false;
  return Object.values(node).some(hasAwait);
}

// The names that a pattern binds.
function namesOf(pattern) {
  switch (pattern.type) {
    case 'Identifier': return [pattern.name];
    case 'ObjectPattern': return pattern.properties.flatMap((one) => namesOf(one.value ?? one.argument));
    case 'ArrayPattern': return pattern.elements.flatMap((one) => (one ? namesOf(one) : []));
    case 'AssignmentPattern': return namesOf(pattern.left);
    case 'RestElement': return namesOf(pattern.argument);
    default: return [];
  }
}

class Lifting {
  constructor(text) {
    this.text = text;
    this.names = [];
    this.exported = [];
    this.parts = 0;
  }

  source(node) {
    return this.text.slice(node.start, node.end);
  }

  // const a = 1, { b } = x;  =>  (a = 1), ({ b } = x);
  assignments(declaration) {
    let out = '';
    let at = declaration.declarations[0].start;
    for (const one of declaration.declarations) {
      this.names.push(...namesOf(one.id));
      out += this.text.slice(at, one.start);
      const value = one.init ? this.text.slice(one.id.end, one.end) : ' = undefined';
      out += `(${this.source(one.id)}${value})`;
      at = one.end;
    }
    return `;${out};`;
  }

  named(declaration) {
    if (declaration.type === 'VariableDeclaration') return this.assignments(declaration);
    this.names.push(declaration.id.name);
    return `;${declaration.id.name} = ${this.source(declaration)};`;
  }

  // The statement inside of the async function; null: it stays outside.
  inside(node) {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'FunctionDeclaration':
        return null;
      case 'VariableDeclaration':
      case 'ClassDeclaration':
        return this.named(node);
      case 'ExportNamedDeclaration': {
        if (!node.declaration || node.declaration.type === 'FunctionDeclaration') return null;
        const before = this.names.length;
        const text = this.named(node.declaration);
        this.exported.push(...this.names.slice(before));
        return text;
      }
      case 'ExportDefaultDeclaration':
        if (node.declaration.type === 'FunctionDeclaration') return null;
        if (functions.test(node.declaration.type)) return null;
        this.names.push('__default');
        this.exported.push('__default as default');
        return `;__default = ${this.source(node.declaration)};`;
      default:
        return this.source(node);
    }
  }

  run(program) {
    let body = '';
    let isOpen = false;
    let at = 0;
    for (const node of program.body) {
      const between = this.text.slice(at, node.start);
      const text = this.inside(node);
      if (text !== null && !isOpen) body += `${between};const __part${this.parts++} = async () => {${text}`;
      else if (text !== null) body += between + text;
      else body += (isOpen ? '};' : '') + between + this.source(node);
      isOpen = text !== null;
      at = node.end;
    }
    body += (isOpen ? '};' : '') + this.text.slice(at);
    const calls = Array.from({ length: this.parts }, (_, i) => `await __part${i}();`).join(' ');
    const names = this.names.length ? `let ${this.names.join(', ')};` : '';
    const exports = this.exported.length ? `export { ${this.exported.join(', ')} };` : '';
    return `${names}${body}\n;${exports}__brunt_await(async () => { ${calls} });\n`;
  }
}

// The text itself where nothing is awaited at its top level. Throws a SyntaxError.
export function liftAwait(text, options) {
  const program = parse(text, options);
  return program.body.some(hasAwait) ? new Lifting(text).run(program) : text;
}
