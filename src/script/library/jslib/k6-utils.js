// https://jslib.k6.io/k6-utils: the helpers that its documentation describes.
import { check as checkNow } from 'k6';
import exec from 'k6/execution';

export function randomIntBetween(min, max) {
  return Math.floor(Math.random() * (max - min + 1) + min);
}

export function randomItem(items) {
  return items[Math.floor(Math.random() * items.length)];
}

export function randomString(length, characters = 'abcdefghijklmnopqrstuvwxyz') {
  let text = '';
  for (let i = 0; i < length; i++) text += characters[Math.floor(Math.random() * characters.length)];
  return text;
}

export function uuidv4() {
  return crypto.randomUUID();
}

// What stands between two texts: the first such piece, or all with `repeat`.
export function findBetween(content, left, right, repeat = false) {
  const found = [];
  for (let at = 0; ;) {
    const begin = content.indexOf(left, at);
    const end = begin < 0 ? -1 : content.indexOf(right, begin + left.length);
    if (end < 0) return repeat ? found : null;
    const piece = content.slice(begin + left.length, end);
    if (!repeat) return piece;
    found.push(piece);
    at = end + right.length;
  }
}

// The stages of a load that grows and shrinks like a bell.
export function normalDistributionStages(maxVUs, seconds, count = 10) {
  const stages = [{ duration: '0s', target: 0 }];
  const bell = (x) => Math.exp(-0.5 * x * x);
  for (let i = 0; i < count; i++) {
    const x = -2 + (4 * (i + 0.5)) / count;
    stages.push({ duration: `${Math.ceil(seconds / (count + 1))}s`, target: Math.ceil(maxVUs * bell(x)) });
  }
  stages.push({ duration: `${Math.ceil(seconds / (count + 1))}s`, target: 0 });
  return stages;
}

// "1d2h3m4s5ms" in milliseconds.
export function parseDuration(text) {
  if (typeof text === 'number') return text;
  if (typeof text !== 'string' || !/^(\d+(\.\d+)?(d|h|ms|m|s|us|µs|ns))+$/.test(text)) throw new Error(`${text} is an invalid time duration`);
  const units = { d: 86400000, h: 3600000, m: 60000, s: 1000, ms: 1, us: 1e-3, 'µs': 1e-3, ns: 1e-6 };
  let sum = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(d|h|ms|m|s|us|µs|ns)/g)) sum += Number(number) * units[unit];
  return sum;
}

const currentStages = () => {
  const { scenarios } = exec.test.options;
  const stages = scenarios?.[exec.scenario.name]?.stages ?? exec.test.options.stages;
  if (!stages) throw new Error(`only ramping-vus or ramping-arrival-rate supports stages, it is not possible to get a stage index on other executors.`);
  return stages;
};

export function getCurrentStageIndex() {
  const stages = currentStages();
  const elapsed = Date.now() - exec.scenario.startTime;
  let end = 0;
  for (let i = 0; i < stages.length; i++) {
    end += parseDuration(stages[i].duration);
    if (elapsed < end) return i;
  }
  return stages.length - 1;
}

export function tagWithCurrentStageIndex() {
  exec.vu.metrics.tags.stage = String(getCurrentStageIndex());
}

export function tagWithCurrentStageProfile() {
  const stages = currentStages();
  const i = getCurrentStageIndex();
  const before = i > 0 ? stages[i - 1].target : 0;
  const { target } = stages[i];
  exec.vu.metrics.tags.stage_profile = target > before ? 'ramp-up' : target < before ? 'ramp-down' : 'steady';
}

// As check() of k6, with predicates that may be async.
export function check(value, sets, tags) {
  const names = Object.keys(sets);
  const results = names.map((name) => (typeof sets[name] === 'function' ? sets[name](value) : sets[name]));
  if (!results.some((result) => typeof result?.then === 'function')) return checkNow(value, Object.fromEntries(names.map((name, i) => [name, Boolean(results[i])])), tags);
  return Promise.all(results).then((done) => checkNow(value, Object.fromEntries(names.map((name, i) => [name, Boolean(done[i])])), tags));
}
