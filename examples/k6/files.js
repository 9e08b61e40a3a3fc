// Files that all VUs share: rows of a table read once, records one by one, bytes, and a stream of them.
//
//   brunt run examples/k6/files.js
import { check } from 'k6';
import csv from 'k6/experimental/csv';
import { open, SeekMode } from 'k6/experimental/fs';
import { ReadableStream } from 'k6/experimental/streams';
import exec from 'k6/execution';

const file = await open('./data/people.csv');
const people = await csv.parse(file, { asObjects: true });
const parser = new csv.Parser(file, { skipFirstLine: true });

export const options = { vus: 2, iterations: 6, thresholds: { checks: ['rate==1'] } };

// The file's bytes, eight at a time.
function bytesOf(source) {
  return new ReadableStream({
    async pull(controller) {
      const piece = new Uint8Array(8);
      const count = await source.read(piece);
      if (count === null) controller.close();
      else controller.enqueue(count);
    },
  });
}

export default async function () {
  const person = people[exec.scenario.iterationInTest % people.length];
  const { done, value } = await parser.next();
  await file.seek(0, SeekMode.Start);
  let size = 0;
  for await (const count of bytesOf(file)) size += count;
  check(person, { 'lives somewhere': (p) => p.city.length > 0 });
  check(value, { 'is a record of two': (v) => done || v.length === 2 });
  check(size, { 'is the whole file': (s) => s === 51 });
}
