// V8 as node brings it: a worker, which is an isolate on a thread of its own, for each VU.
const { Worker } = require('worker_threads');
const fs = require('fs');
const { init, loop, body } = JSON.parse(process.argv[2]);
const count = 40;
const residentKib = () => Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4;
const open = () => new Promise((done) => {
  const worker = new Worker(`const { parentPort } = require('worker_threads'); (0, eval)(${JSON.stringify(init)});
    parentPort.on('message', () => {}); parentPort.postMessage(0)`, { eval: true });
  worker.on('message', () => done(worker));
});
(async () => {
  const workers = [await open()];
  const before = residentKib();
  let start = performance.now();
  for (let i = 0; i < count; i++) workers.push(await open());
  const opened = performance.now() - start;
  const each = (residentKib() - before) / count;
  (0, eval)(init);
  start = performance.now();
  (0, eval)(loop);
  const turns = performance.now() - start;
  start = performance.now();
  (0, eval)(body);
  const bodies = performance.now() - start;
  const show = (value, width, digits) => value.toFixed(digits).padStart(width);
  console.log(`${`V8 (node ${process.versions.node.split('.')[0]})`.padEnd(16)}${show(each, 8, 0)} KiB a VU ${show(opened * 1000 / count, 8, 0)} us to open `
    + `${show(turns * 1e6 / 5e6, 8, 1)} ns a turn of a loop ${show(bodies * 1000 / 2e5, 8, 2)} us a body`);
  for (const worker of workers) worker.terminate();
})();
