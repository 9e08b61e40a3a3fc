// k6/ws and k6/websockets against a peer on the simulated network, 10 ms each way.
#include "client/websocket_test_peer.h"
#include "script/script_test_world.h"

namespace brunt {
namespace {

using Lines = std::vector<std::string>;

// What the script said with console.log(), in its order.
Lines said_by(const ScriptWorld& world) {
  Lines texts;
  for (const std::string& line : world.said) texts.push_back(line.substr(line.find(": ") + 2));
  return texts;
}

std::string blocking(const std::string& body) {
  return "import ws from 'k6/ws'; import http from 'k6/http'; import { sleep } from 'k6';\n"
         "const url = 'ws://localhost/chat', log = console.log;\n"
         "export default function () {\n" +
         body + "\n}\n";
}

std::string background(const std::string& body) {
  return "import { WebSocket, Blob } from 'k6/websockets'; import http from 'k6/http';\n"
         "const url = 'ws://localhost/chat', log = console.log;\n"
         "export default async function () {\n" +
         body + "\n}\n";
}

using Serve = std::function<void(WebSocketPeer&)>;

// Every connection is a WebSocket, served like this.
struct SocketWorld : ScriptWorld {
  explicit SocketWorld(
      Serve serve = [](WebSocketPeer& peer) { peer.echo(); }, const std::string& fields = "") {
    answer = [serve = std::move(serve), fields](Peer& peer, const std::string& request) {
      WebSocketPeer socket(peer, request, fields);
      serve(socket);
      peer.finish();
      while (!peer.some().empty()) continue;
    };
  }
};

}  // namespace

TEST_CASE("ws.connect runs a socket until it is closed, and gives the handshake") {
  SocketWorld world;
  world.play(
      blocking("const res = ws.connect(url, { headers: { 'X-A': 'b' }, tags: { team: 'red' } }, "
               "(socket) => {"
               "  socket.on('open', () => { log('open'); socket.send('one'); socket.sendBinary(new "
               "Uint8Array([1, 2]).buffer); socket.ping() });"
               "  socket.on('message', (text) => log('message', text));"
               "  socket.on('message', (text) => log('again', text));"
               "  socket.on('binaryMessage', (data) => log('binary', data.byteLength));"
               "  socket.on('pong', () => { log('pong'); socket.close() });"
               "  socket.on('close', (code) => log('close', code));"
               "  socket.on('error', (e) => log('error', e.error()));"
               "});"
               "log(res.status, res.url, res.headers.Upgrade, res.error === '', res.body === '')"));
  CHECK(world.told == Lines{});
  CHECK(said_by(world) == Lines{"open", "message one", "again one", "binary 2", "pong",
                                "close 1001", "101 ws://localhost/chat websocket true true"});
  CHECK(world.requests[0].contains("X-A: b\r\n"));
  CHECK(world.requests[0].contains("User-Agent: "));
  CHECK(world.sum("ws_sessions") == 1);
  CHECK(world.sum("ws_msgs_sent") == 2);
  CHECK(world.sum("ws_msgs_received", {{"team", "red"}, {"status", "101"}}) == 2);
  CHECK(world.sum("ws_msgs_received", {{"url", "ws://localhost/chat"}}) == 2);
  CHECK(world.count("ws_ping") == 1);
  CHECK(world.mean("ws_ping") == 20);
  CHECK(world.mean("ws_connecting") == 40);
  CHECK(world.mean("ws_session_duration") == 80);
  CHECK(world.sum("data_sent") > 100);
  CHECK(world.sum("data_received") > 100);
}

TEST_CASE("a socket's timers run while it is open, and no longer") {
  SocketWorld world;
  world.play(blocking(
      "ws.connect(url, (socket) => {"
      "  let n = 0;"
      "  socket.setInterval(() => log('tick', ++n), 400);"
      "  socket.setTimeout(() => { log('over'); socket.close(3000) }, 1000);"
      "  socket.setTimeout(() => log('never'), 5000);"
      "  socket.on('close', (code) => log('close', code));"
      "  for (const bad of [() => socket.setTimeout(() => {}, 0), () => socket.setInterval(() => "
      "{}, -1)]) try { bad() } catch (e) { log(e.message) }"
      "})"));
  CHECK(world.told == Lines{});
  CHECK(said_by(world) == Lines{"setTimeout requires a >0 timeout parameter, received 0.00",
                                "setInterval requires a >0 timeout parameter, received -1.00",
                                "tick 1", "tick 2", "over", "close 3000"});
  CHECK(world.elapsed < 1200ms);
}

TEST_CASE("the peer's ping, its close with a code and an end without one are told") {
  SocketWorld world([](WebSocketPeer& peer) {
    (void)peer.send({.opcode = WebSocketOpcode::ping, .payload = "x"});
    (void)peer.close(1011, "out of order");
  });
  const std::string listen =
      "ws.connect(url, (socket) => { for (const e of ['open', 'ping', 'close', 'error'])"
      "  socket.on(e, (v) => log(e, v?.error ? v.error() : v)) })";
  world.play(blocking(listen));
  CHECK(said_by(world) == Lines{"open undefined", "ping undefined",
                                "error websocket: close 1011 (internal server error): out of order",
                                "close 1011"});
  SocketWorld cut([](WebSocketPeer&) {});
  cut.play(blocking(listen));
  CHECK(said_by(cut) == Lines{"open undefined",
                              "error websocket: close 1006 (abnormal closure): unexpected EOF",
                              "close 1006"});
  SocketWorld normal([](WebSocketPeer& peer) { (void)peer.close(1000); });
  normal.play(blocking(listen));
  CHECK(said_by(normal) == Lines{"open undefined", "close 1000"});
}

TEST_CASE("a handshake that fails is an answer with an error, or thrown where options say so") {
  ScriptWorld world;
  world.answers = {};
  const std::string code =
      "for (const bad of [url, 'ws://localhost:1/', 'http://localhost/'])"
      "  { const r = ws.connect(bad, () => log('never')); log(r.status, r.error) }";
  world.play(blocking(code));
  CHECK(said_by(world) == Lines{"404 ", "0 dial: connection refused", "0 malformed ws or wss URL"});
  CHECK(world.sum("ws_sessions") == 2);
  CHECK(world.sum("ws_sessions", {{"status", "404"}}) == 1);
  CHECK(world.count("ws_session_duration") == 2);
  ScriptWorld throwing;
  throwing.play("export const options = { throw: true };" + blocking(code));
  REQUIRE(throwing.told.size() == 1);
  CHECK(throwing.told[0].contains("websocket: bad handshake"));
}

TEST_CASE(
    "an exception of a handler, of a timer or of the function itself ends the socket and goes on") {
  for (const char* code :
       {"throw new TypeError('mine')", "socket.on('open', () => { throw new TypeError('mine') })",
        "socket.on('open', () => socket.send('x'));"
        "socket.on('message', () => { throw new TypeError('mine') })",
        "socket.setTimeout(() => { throw new TypeError('mine') }, 10)"}) {
    std::vector<std::uint16_t> codes;
    SocketWorld world([&](WebSocketPeer& peer) {
      while (const auto message = peer.next()) {
        if (message->opcode != WebSocketOpcode::close) {
          (void)peer.send({.payload = message->payload});
          continue;
        }
        codes.push_back(message->close_code);
        (void)peer.close(message->close_code);
      }
    });
    world.play(blocking("try { ws.connect(url, (socket) => {" + std::string(code) +
                        "}) } catch (e) { log(e.name, e.message) }"));
    CHECK_MESSAGE(said_by(world) == Lines{"TypeError mine"}, code);
    CHECK(codes == std::vector<std::uint16_t>{1001});
  }
}

TEST_CASE("ws.connect refuses what it cannot use") {
  SocketWorld world;
  world.play(
      blocking("for (const bad of [() => ws.connect(url), () => ws.connect(url, {}, 5),"
               "  () => ws.connect(url, { compression: 'lzma' }, () => {}),"
               "  () => ws.connect(url, { jar: 7 }, () => {}),"
               "  () => ws.connect(url, (s) => { s.on('open', () => s.sendBinary('text')) }),"
               "  () => ws.connect(url, (s) => { s.on('open', () => s.sendBinary()) })])"
               "  try { bad() } catch (e) { log(e.message) }"
               "ws.connect(url, (s) => { s.on('error', (e) => log(e.error()));"
               "  s.on('open', () => { s.close(); s.send('late') }) })"));
  CHECK(said_by(world) ==
        Lines{"invalid number of arguments to ws.connect",
              "last argument to ws.connect must be a function",
              "unsupported compression algorithm 'lzma', supported algorithm is 'deflate'",
              "jar: it is a http.CookieJar or http.cookieJar()",
              "expected ArrayBuffer as argument, received: String",
              "missing argument, expected ArrayBuffer", "websocket: close sent"});
  auto plan = read_script(
      "import ws from 'k6/ws'; ws.connect('ws://localhost/', () => {});"
      "export default () => {}",
      "test.js", {});
  REQUIRE(!plan);
  CHECK(plan.error().text.contains("using websockets in the init context is not supported"));
}

TEST_CASE("cookies of the user or of a jar go with the handshake, and come back from it") {
  SocketWorld world([](WebSocketPeer& peer) { peer.echo(); }, "Set-Cookie: from=server\r\n");
  world.play(
      blocking("const http_url = 'http://localhost/';"
               "http.cookieJar().set(http_url, 'mine', '1');"
               "const close = (socket) => socket.on('open', () => socket.close());"
               "ws.connect(url, { headers: { Cookie: 'own=2' } }, close);"
               "log(http.cookieJar().cookiesForURL(http_url).from[0]);"
               "const jar = new http.CookieJar(); jar.set(http_url, 'jar', '3');"
               "ws.connect(url, { jar }, close)"));
  CHECK(world.told == Lines{});
  CHECK(field_of(world.requests[0], "cookie") == "own=2; mine=1");
  CHECK(field_of(world.requests[1], "cookie") == "jar=3");
  CHECK(said_by(world) == Lines{"server"});
}

TEST_CASE("a message that is compressed is shown as it was") {
  const std::string agreed = "Sec-WebSocket-Extensions: " + std::string(deflate_offer) + "\r\n";
  SocketWorld world([](WebSocketPeer& peer) { peer.echo(); }, agreed);
  world.play(
      blocking("ws.connect(url, { compression: 'deflate' }, (socket) => {"
               "  socket.on('open', () => socket.send('abc'.repeat(1000)));"
               "  socket.on('message', (text) => { log(text.length); socket.close() }) })"));
  CHECK(said_by(world) == Lines{"3000"});
  CHECK(world.sum("data_sent") < 1000);
  SocketWorld other([](WebSocketPeer& peer) { peer.echo(); }, agreed);
  other.play(
      background("const ws = new WebSocket(url, null, { compression: 'deflate' });"
                 "log(ws.extensions.length);"
                 "ws.onopen = () => { log(ws.extensions[0]); ws.close() }"));
  CHECK(said_by(other) == Lines{"0", std::string(deflate_offer)});
}

TEST_CASE("a WebSocket goes through its states and tells its events") {
  SocketWorld world([](WebSocketPeer& peer) { peer.echo(); }, "Sec-WebSocket-Protocol: chat\r\n");
  world.play(background(
      "const ws = new WebSocket(url, ['chat', 'talk'], { headers: { 'X-A': 'b' }, tags: { name: "
      "'room' } });"
      "log(ws.readyState, ws.url, ws.binaryType, ws.bufferedAmount, ws.onopen);"
      "try { ws.send('early') } catch (e) { log(e.message) }"
      "ws.onopen = (e) => { log(e.type, e.target === ws, typeof e.timestamp, ws.readyState, "
      "ws.protocol); ws.send('hello'); log(ws.bufferedAmount); ws.ping() };"
      "ws.addEventListener('message', (e) => log('listener', e.data));"
      "ws.onmessage = (e) => { log(e.data, e.origin) };"
      "ws.onpong = () => { log('pong', ws.bufferedAmount); ws.close(1000, 'bye'); "
      "log(ws.readyState) };"
      "ws.addEventListener('close', (e) => log(e.code, e.reason, ws.readyState));"
      "ws.onerror = (e) => log('error', e.error);"));
  CHECK(world.told == Lines{});
  CHECK(said_by(world) == Lines{"0 ws://localhost/chat blob 0 null", "InvalidStateError",
                                "open true number 1 chat", "5", "hello ws://localhost/chat",
                                "listener hello", "pong 0", "2", "1000 bye 3"});
  CHECK(field_of(world.requests[0], "sec-websocket-protocol") == "chat, talk");
  CHECK(world.sum("ws_sessions", {{"name", "room"}, {"url", "room"}, {"subproto", "chat"}}) == 1);
  CHECK(world.sum("ws_msgs_sent") == 1);
  CHECK(world.sum("ws_msgs_received") == 1);
  CHECK(world.mean("ws_ping") == 20);
  CHECK(world.count("ws_session_duration") == 1);
}

TEST_CASE("binary messages come as a Blob or an ArrayBuffer, and go as either or as a view") {
  SocketWorld world;
  world.play(background(
      "const ws = new WebSocket(url); const got = [];"
      "try { ws.binaryType = 'text' } catch (e) { log(e.message) }"
      "ws.onopen = () => { ws.send(new Uint8Array([65, 66]).buffer) };"
      "ws.onmessage = async (e) => { got.push(e.data);"
      "  if (got.length === 1) { log(e.data instanceof Blob, e.data.size, await e.data.text());"
      "    ws.binaryType = 'arraybuffer'; ws.send(new Blob(['C', new Uint8Array([68])])); }"
      "  if (got.length === 2) { log(e.data instanceof ArrayBuffer, String(new "
      "Uint8Array(e.data)));"
      "    ws.send(new Uint16Array([1, 258]).subarray(1)) }"
      "  if (got.length === 3) { log(String(new Uint8Array(e.data)));"
      "    for (const bad of [5, null, {}]) try { ws.send(bad) } catch (e) { log(e.message) }"
      "    ws.close() } };"
      "ws.onclose = (e) => log(e.code)"));
  CHECK(world.told == Lines{});
  CHECK(said_by(world) ==
        Lines{R"(unknown binaryType text, the supported ones are "blob" and "arraybuffer")",
              "true 2 AB", "true 67,68", "2,1", "unsupported send type number",
              "unsupported send type null", "unsupported send type object", "1000"});
}

TEST_CASE("a Blob is made of parts and shows them") {
  check_expressions(
      "import { Blob } from 'k6/websockets';"
      "const blob = new Blob(['h\u00e9', new Uint8Array([33]).buffer, new DataView(new "
      "ArrayBuffer(1))], { type: 'text/plain' });",
      {{"blob.size", "5"},
       {"blob.type", "text/plain"},
       {"new Blob().size", "0"},
       {"String(blob)", "[object Blob]"},
       {"(await blob.text()).slice(0, 3)", "h\u00e9!"},
       {"(await blob.arrayBuffer()).byteLength", "5"},
       {"(await blob.bytes()) instanceof Uint8Array", "true"},
       {"await blob.slice(0, 1).text()", "h"},
       {"blob.slice(1, -1, 'a/b').type + blob.slice(1, -1).size", "a/b3"},
       {"(await new Blob([blob, 'x']).slice(3).text()).length", "3"},
       {"new Blob([5])", "Error: failed to process [blobParts]: unsupported type: number"},
       {"new Blob([], 5)", "Error: [options] must be an object"},
       {"String((await new Blob(['AB']).stream().getReader().read()).value)", "65,66"},
       {"(await new Blob().stream().getReader().read()).done", "true"}});
}

TEST_CASE("a WebSocket that cannot be opened says why and closes") {
  ScriptWorld world;
  world.play(
      background("for (const bad of [url, 'ws://localhost:1/']) { const ws = new WebSocket(bad);"
                 "  ws.onerror = (e) => log('error', e.error, ws.readyState);"
                 "  ws.onclose = (e) => log('close', e.code, e.reason === '') }"));
  CHECK(said_by(world) == Lines{"error dial: connection refused 3", "close undefined true",
                                "error websocket: bad handshake 3", "close undefined true"});
  CHECK(world.sum("ws_sessions") == 2);
  CHECK(world.count("ws_session_duration") == 0);
}

TEST_CASE("a WebSocket refuses what it cannot use") {
  check_expressions(
      "import { WebSocket } from 'k6/experimental/websockets'; const url = 'ws://localhost:1/';"
      "const named = (f) => { const ws = new WebSocket(url); return f(ws) };",
      {{"new WebSocket()", "Error: WebSocket requires a url"},
       {"new WebSocket('http://a/')",
        "Error: WebSocket requires url with scheme ws or wss, but got \"http\""},
       {"new WebSocket('ws://a/#b')", "Error: WebSocket requires no url fragment, but got \"b\""},
       {"new WebSocket('ws://')",
        "Error: of a WebSocket: \"http://\" is not a URL: the host is "
        "missing"},
       {"new WebSocket(url, null, { nonsense: 1 })", "Error: unknown WebSocket's option nonsense"},
       {"new WebSocket(url, null, { compression: '' })",
        "Error: unsupported compression algorithm '', supported algorithm is 'deflate'"},
       {"named((ws) => ws.onopen = 5)", "Error: a value for 'onopen' should be callable"},
       {"named((ws) => ws.ping())", "Error: InvalidStateError"},
       {"named((ws) => ws.addEventListener('open', 5))",
        "Error: handler for event type \"open\" isn't a callable function"},
       {"named((ws) => ws.close(1001))",
        "Error: InvalidAccessError: Failed to execute 'close' on 'WebSocket': The close code must "
        "be either 1000, or between 3000 and 4999. 1001 is neither"},
       {"named((ws) => ws.close(1000, 'x'.repeat(124)))",
        "Error: SyntaxError: Failed to execute 'close' on 'WebSocket': The message must not be "
        "greater than 123 bytes"},
       {"WebSocket.OPEN", "1"}});
}

TEST_CASE("several sockets of one user are open at once, and the iteration waits for all") {
  SocketWorld world;
  world.play(
      background("for (let i = 0; i < 3; ++i) { const ws = new WebSocket(url + i);"
                 "  ws.onopen = () => setTimeout(() => ws.send('m' + i), 1000 * (3 - i));"
                 "  ws.onmessage = (e) => { log(e.data); ws.close() } }"));
  CHECK(said_by(world) == Lines{"m2", "m1", "m0"});
  CHECK(world.sum("ws_sessions") == 3);
  CHECK(world.elapsed > 3s);
  CHECK(world.elapsed < 4s);
  CHECK(world.ends == std::vector{IterationEnd::complete});
}

TEST_CASE("an exception of a listener ends the socket, which says so, and its iteration") {
  for (const auto& [listen, heard] : std::initializer_list<std::pair<const char*, Lines>>{
           {"ws.onopen = bad", {"error Error: mine 3", "close undefined"}},
           {"ws.onmessage = bad", {"error Error: mine 3", "close undefined"}},
           {"ws.onmessage = bad; ws.addEventListener('error', bad)", {"error Error: mine 3"}},
           {"ws.onping = bad", {}}}) {
    bool was_closed = false;
    SocketWorld world([&](WebSocketPeer& peer) {
      (void)peer.send({.opcode = WebSocketOpcode::ping, .payload = "x"});
      (void)peer.send({.payload = "x"});
      while (const auto message = peer.next())
        was_closed = was_closed || message->close_code == 1001;
    });
    world.play(
        background("const ws = new WebSocket(url), bad = () => { throw new Error('mine') };"
                   "ws.onerror = (e) => log('error', e.error, ws.readyState);"
                   "ws.onclose = (e) => log('close', e.code);" +
                   std::string(listen) + "; setTimeout(() => log('never'), 5000)"));
    REQUIRE(world.told.size() == 1);
    CHECK_MESSAGE(world.told[0].starts_with("Error: mine"), world.told[0]);
    CHECK_MESSAGE(said_by(world) == heard, listen);
    CHECK(was_closed);
    CHECK(world.ends == std::vector{IterationEnd::complete});
  }
}

TEST_CASE("a function whose promise is rejected does not wait for the sockets that it left open") {
  SocketWorld world;
  world.play(background("const ws = new WebSocket(url); ws.onclose = 1"));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("should be callable"));
  CHECK(world.elapsed < 1s);
}

TEST_CASE("how a connection ends is told as k6 tells it") {
  using Serving = void (*)(WebSocketPeer&);
  const Serving hang_up = [](WebSocketPeer&) {}, reset = [](WebSocketPeer& peer) {
    (void)peer.next();
    peer.reset();
  };
  const std::string eof = "error websocket: close 1006 (abnormal closure): unexpected EOF";
  struct Case {
    const char* code;
    Serving serve;
    Lines heard;
  };
  for (const Case& one : {Case{"", hang_up, {eof, "close 1006 unexpected EOF"}},
                          Case{"ws.onopen = () => ws.send('x')", reset, {"close undefined "}},
                          Case{"ws.onopen = () => ws.close(1000, 'bye')",
                               [](WebSocketPeer& peer) { peer.echo(); },
                               {"close 1000 bye"}},
                          Case{"ws.onopen = () => ws.close(4000, 'bye')",
                               [](WebSocketPeer& peer) { peer.echo(); },
                               {"error websocket: close 4000: bye", "close 4000 bye"}},
                          Case{"ws.onopen = () => ws.close()",
                               [](WebSocketPeer& peer) {
                                 (void)peer.next();
                                 (void)peer.close(1005);
                               },
                               {"error websocket: close 1005 (no status)", "close 1005 "}},
                          Case{"ws.onopen = () => ws.close()",
                               [](WebSocketPeer& peer) { (void)peer.next(); },
                               {eof, "close 1006 unexpected EOF"}}}) {
    SocketWorld world(one.serve);
    world.play(
        background("const ws = new WebSocket(url);"
                   "ws.onerror = (e) => log('error', e.error);"
                   "ws.onclose = (e) => log('close', e.code, e.reason);" +
                   std::string(one.code)));
    CHECK_MESSAGE(said_by(world) == one.heard, one.code);
    CHECK(world.told.size() == (one.serve == reset ? 1 : 0));
  }
  SocketWorld world(reset);
  world.play(
      blocking("ws.connect(url, (s) => { for (const e of ['close', 'error'])"
               "  s.on(e, (v) => log(e, v?.error ? v.error() : v)); s.send('x') })"));
  CHECK(said_by(world) == Lines{"close 1001"});
}

TEST_CASE("the end of a scenario closes sockets of either module, and tells the peer") {
  for (const std::string& script :
       {blocking("ws.connect(url, (s) => s.on('close', () => log('never')))"),
        blocking("ws.connect(url, (s) => s.on('open', () => sleep(1e6)))"),
        blocking("ws.connect(url, (s) => { sleep(1e6) })"),
        background("new WebSocket(url).onclose = () => log('never')"),
        background("new WebSocket(url); await new Promise((done) => setTimeout(done, 1e7))")}) {
    std::uint16_t code = 0;
    SocketWorld world([&](WebSocketPeer& peer) {
      while (const auto message = peer.next())
        if (message->opcode == WebSocketOpcode::close) code = message->close_code;
    });
    world.linger = 100ms;
    world.play(script, {.cut_off = 2s});
    CHECK_MESSAGE(code == 1001, script);
    CHECK(world.ends == std::vector{IterationEnd::interrupted});
    CHECK(world.elapsed == 2s);
    CHECK(world.said.empty());
    CHECK(world.count("ws_session_duration") == 0);
  }
}

TEST_CASE("a peer that sends faster than the script takes is held back") {
  std::size_t sent = 0;
  SocketWorld world([&](WebSocketPeer& peer) {
    const std::string large(1'000'000, 'x');
    for (; sent < 40 && peer.send({.payload = large}); ++sent) continue;
    (void)peer.close(1000);
  });
  world.play(
      blocking("let n = 0; ws.connect(url, (s) => s.on('message', () => { if (n++ === 0) "
               "sleep(10) })); log(n)"));
  CHECK(said_by(world) == Lines{"40"});
  CHECK(world.sum("ws_msgs_received") == 40);
}

TEST_CASE("the setup stage may open sockets as well") {
  SocketWorld world;
  const auto returned = world.stage(
      "import ws from 'k6/ws'; export default () => {};"
      "export function setup() { let got; ws.connect('ws://localhost/', (s) => {"
      "  s.on('open', () => s.send('token')); s.on('message', (m) => { got = m; s.close() }) });"
      "  return got }",
      "setup");
  REQUIRE(returned.has_value());
  CHECK(*returned == "\"token\"");
}

}  // namespace brunt
