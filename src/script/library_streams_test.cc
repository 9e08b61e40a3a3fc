#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string start = R"(
import { CountQueuingStrategy, ReadableStream, WritableStream } from 'k6/experimental/streams';
const counting = (last) => { let next = 1; return new ReadableStream({
  pull(controller) { if (next > last) controller.close(); else controller.enqueue(next++); } }) };
const all = async (stream) => { const seen = []; for await (const one of stream) seen.push(one); return seen };
)";

}  // namespace

TEST_CASE("a stream gives what its source puts into it") {
  check_expressions(start, {
                               {"await all(counting(3))", "[1,2,3]"},
                               {"await (async () => { const r = counting(1).getReader(); return "
                                "[await r.read(), await r.read(), "
                                "await r.closed] })()",
                                R"([{"value":1,"done":false},{"done":true},null])"},
                               {"await all(new ReadableStream({ start(c) { c.enqueue('a'); "
                                "c.enqueue('b'); c.close() } }))",
                                R"(["a","b"])"},
                               {"await all(new ReadableStream({ start(c) { setTimeout(() => { "
                                "c.enqueue(7); c.close() }, 50) } }))",
                                "[7]"},
                               {"await all(new ReadableStream({ async pull(c) { await null; "
                                "c.enqueue(1); c.close() } }))",
                                "[1]"},
                           });
}

TEST_CASE("a stream asks its source for as much as its strategy says") {
  check_expressions(
      start +
          "const pulls = async (strategy) => { let count = 0;"
          "new ReadableStream({ pull(c) { count += 1; c.enqueue(count) } }, strategy);"
          "for (let i = 0; i < 20; ++i) await null; return count };",
      {
          {"await pulls()", "1"},
          {"await pulls({ highWaterMark: 3 })", "3"},
          {"await pulls(new CountQueuingStrategy({ highWaterMark: 4 }))", "4"},
          {"await pulls({ highWaterMark: 0 })", "0"},
          {"await pulls({ highWaterMark: 6, size: (n) => n })", "3"},
          {"new ReadableStream({}, { highWaterMark: -1 })",
           "RangeError: streams: highWaterMark is a number from 0 on"},
          {"new ReadableStream({ type: 'bytes' })",
           "RangeError: ReadableStream: the type bytes is not supported: there are default "
           "streams"},
      });
}

TEST_CASE("a stream that fails or is cancelled says so to its reader and its source") {
  check_expressions(
      start,
      {
          {"await all(new ReadableStream({ pull() { throw new Error('dry') } }))", "Error: dry"},
          {"await all(new ReadableStream({ start(c) { c.error(new Error('own')) } }))",
           "Error: own"},
          {"await (async () => { let why; const s = new ReadableStream({ cancel(r) { why = r } });"
           "await s.cancel('enough'); return [why, await all(s)] })()",
           R"(["enough",[]])"},
          {"await (async () => { let ended = false; const s = new ReadableStream({ pull(c) { "
           "c.enqueue(1) }, "
           "cancel() { ended = true } }); for await (const one of s) break; return [ended, "
           "s.locked] })()",
           "[true,false]"},
          {"(() => { const s = counting(1); s.getReader(); return s.getReader() })()",
           "TypeError: the stream is locked: another reader has it"},
          {"await (async () => { const r = counting(1).getReader(); r.releaseLock(); return "
           "r.read() })()",
           "TypeError: read: the reader has let go of its stream"},
          {"(() => { let c; new ReadableStream({ start(given) { c = given } }); c.close(); "
           "c.enqueue(1) })()",
           "TypeError: enqueue: the stream is closed or has failed"},
      });
}

TEST_CASE("what is written to a stream comes to its sink in order") {
  check_expressions(
      start +
          "const writing = async (sink, chunks) => { const s = new WritableStream(sink); const w = "
          "s.getWriter();"
          "for (const chunk of chunks) { await w.ready; w.write(chunk).catch(() => {}) } await "
          "w.close(); return "
          "s.locked };",
      {
          {"await (async () => { const seen = []; await writing({ async write(one) { await null; "
           "seen.push(one) }, "
           "close() { seen.push('end') } }, [1, 2, 3]); return seen })()",
           R"([1,2,3,"end"])"},
          {"await writing({}, [])", "true"},
          {"await writing({ write() { throw new Error('full') } }, [1])", "Error: full"},
          {"await (async () => { let why; const s = new WritableStream({ abort(r) { why = r } }); "
           "await s.abort('no'); return why })()",
           "no"},
          {"await (async () => { const w = new WritableStream({}).getWriter(); await w.close(); "
           "await w.write(1) })()",
           "TypeError: the stream is closed"},
      });
}

}  // namespace brunt
