// Drives brunt's control API with Toxiproxy's own client for Node: node toxiproxy.mjs API LISTEN UPSTREAM
// Prints what it found, as JSON.
import assert from "node:assert/strict";
import net from "node:net";
import { Toxiproxy } from "toxiproxy-node-client";

const [api, listen, upstream] = process.argv.slice(2);
const toxiproxy = new Toxiproxy(api);

// Milliseconds until an echo comes back over a new connection; null where it ends before.
function ping(address) {
  const [host, port] = address.split(":");
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), host);
    const started = performance.now();
    socket.on("connect", () => socket.write("ping"));
    socket.on("data", () => {
      resolve(performance.now() - started);
      socket.destroy();
    });
    socket.on("error", () => resolve(null));
    socket.on("close", () => resolve(null));
  });
}

const proxy = await toxiproxy.createProxy({ name: "echo", listen, upstream });
assert.equal(proxy.listen, listen);
assert.equal(proxy.enabled, true);
assert.ok((await ping(listen)) < 1000);

const slow = await proxy.addToxic({
  name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 300, jitter: 0 },
});
assert.equal(slow.attributes.latency, 300);
assert.ok((await ping(listen)) >= 300);
const faster = await slow.update({ ...slow.toJson(), attributes: { latency: 100, jitter: 0 } });
assert.equal(faster.attributes.latency, 100);
const delayed = await ping(listen);
assert.ok(delayed >= 100, `${delayed} ms`);
assert.equal((await proxy.getToxic("slow")).type, "latency");
await slow.remove();

for (const [type, attributes] of [
  ["bandwidth", { rate: 1000 }],
  ["slow_close", { delay: 10 }],
  ["slicer", { average_size: 2, size_variation: 1, delay: 10 }],
  ["limit_data", { bytes: 1000 }],
]) {
  const toxic = await proxy.addToxic({ name: type, type, stream: "upstream", toxicity: 1, attributes });
  for (const [key, value] of Object.entries(attributes)) assert.equal(toxic.attributes[key], value);
}
assert.ok((await ping(listen)) < 1000);
await proxy.addToxic({ name: "t", type: "timeout", stream: "upstream", toxicity: 1, attributes: { timeout: 50 } });
assert.equal(await ping(listen), null);
await toxiproxy.reset();
await proxy.addToxic({ name: "r", type: "reset_peer", stream: "upstream", toxicity: 1, attributes: { timeout: 0 } });
assert.equal(await ping(listen), null);
await toxiproxy.reset();
assert.ok((await ping(listen)) < 1000);

const disabled = await proxy.update({ ...proxy.toJson(), enabled: false });
assert.equal(disabled.enabled, false);
assert.equal(await ping(listen), null);
await toxiproxy.reset();
assert.equal((await toxiproxy.get("echo")).enabled, true);

await assert.rejects(proxy.addToxic({ name: "x", type: "sloth", stream: "upstream", toxicity: 1, attributes: {} }));
await assert.rejects(toxiproxy.get("nobody"));
const populated = await toxiproxy.populate([{ name: "echo", listen, upstream, enabled: true }]);
assert.deepEqual(Object.keys(populated), ["echo"]);
const version = await toxiproxy.getVersion();
await proxy.remove();
console.log(JSON.stringify({ version, left: Object.keys(await toxiproxy.getAll()).length }));
