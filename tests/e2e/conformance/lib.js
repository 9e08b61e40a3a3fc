// What the conformance scripts share: each throws where an answer is not k6's.
export const base = __ENV.BASE;

export function is(what, found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, wanted ${b}`);
}

export function holds(what, truth) {
  if (!truth) throw new Error(what);
}

export function throws(what, words, code) {
  try {
    code();
  } catch (error) {
    holds(`${what}: "${error.message}" has no "${words}"`, String(error.message).includes(words));
    return;
  }
  throw new Error(`${what}: nothing was thrown`);
}
