// Rewrites what classes may have since ES2022 for an engine that knows the rest of them: blocks of static code become the value of a
// private static field, and `#name in object` asks for the member and looks whether that throws.
//
//   static { this.n = 1; }   =>   static #block0 = (() => { this.n = 1; })();
//   #n in object             =>   ((it) => { try { it.#n; return true; } catch { return false; } })(object)
import { parse } from 'acorn';

function visit(node, each) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.type === 'string') each(node);
  for (const part of Object.values(node)) visit(part, each);
}

// The text itself where there is nothing to rewrite. Throws a SyntaxError.
export function lowerClasses(text, options) {
  const program = parse(text, options);
  const edits = []; // { at, size, text }: none lies across another.
  let blocks = 0;
  const replace = (start, end, by) => edits.push({ at: start, size: end - start, text: by });
  visit(program, (node) => {
    if (node.type === 'StaticBlock') {
      const brace = text.indexOf('{', node.start);
      replace(node.start, brace, `static${text.slice(node.start + 6, brace) || ' '}#block${blocks++} = (() => `);
      replace(node.end, node.end, ')();');
    } else if (node.type === 'BinaryExpression' && node.left.type === 'PrivateIdentifier') {
      replace(node.start, text.indexOf('in', node.left.end) + 2, `((it) => { try { it.#${node.left.name}; return true; } catch { return false; } })(`);
      replace(node.end, node.end, ')');
    }
  });
  let out = text;
  for (const { at, size, text: by } of edits.sort((a, b) => b.at - a.at || a.size - b.size)) out = out.slice(0, at) + by + out.slice(at + size);
  return out;
}
