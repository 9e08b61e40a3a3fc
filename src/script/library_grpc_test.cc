// k6/net/grpc against a scripted server; its messages are written and read by the same schema.
#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.h"
#include "client/grpc_test_server.h"
#include "proto/grpc_services.h"
#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string folder = std::string(BRUNT_SOURCE_DIR) + "/tests/vectors/proto";

// A script in the folder of the .proto files, and a server that knows them.
struct GrpcScriptWorld : ScriptWorld {
  std::function<void(GrpcTestCall&)> grpc;
  std::unique_ptr<const ProtoSchema> schema;

  GrpcScriptWorld() {
    path = folder + "/test.js";
    const std::vector<std::string> names = {"echo.proto"};
    schema = ProtoSchema::read(names, [](const std::string& name) {
               return read_file(folder + "/" + name);
             }).value();
    grpc = [this](GrpcTestCall& call) {
      if (!call.over) return;
      call.send(encoded(R"({"text": "re: )" + text_of_request(call) + R"("})"));
      call.finish(GrpcCode::ok);
    };
    speak = [this](Peer& peer) { GrpcTestServer(peer).serve(grpc); };
  }

  std::string encoded(const std::string& json) const {
    return schema->encode(*schema->find_type("echo.v1.Said"), json).value();
  }
  std::string text_of_request(const GrpcTestCall& call, std::size_t index = 0) const {
    std::string json;
    REQUIRE(schema->append_json(*schema->find_type("echo.v1.Say"), call.messages.at(index), json));
    return Json::parse(json)->find("text")->string();
  }
  void run(const std::string& body, const Options& options = {}) {
    play(
        "import grpc from 'k6/net/grpc'; import { check, group } from 'k6';\n"
        "const client = new grpc.Client(); client.load([], 'echo.proto');\n"
        "const plain = { plaintext: true };\n"
        "export default async function () {\n" +
            body + "\n}\n",
        options);
  }
};

}  // namespace

TEST_CASE("a script calls a method of its proto file, and its figures have k6's tags") {
  GrpcScriptWorld world;
  world.run(
      "check(client.connect('localhost:80', plain), { connected: (c) => c === true });"
      "const r = client.invoke('echo.v1.Echo/Once', { text: 'hi' }, { tags: { team: 'blue' } });"
      "check(r, { status: (r) => r.status === grpc.StatusOK, error: (r) => r.error === null,"
      "  text: (r) => r.message.text === 're: hi', unset: (r) => r.message.count === '0' &&"
      "    r.message.inner === null && r.message.list.length === 0,"
      "  headers: (r) => r.headers['content-type'][0] === 'application/grpc' });"
      "group('g', () => client.invoke('/echo.v1.Echo/Once', {}, { tags: { name: 'mine' } }));"
      "check(r, { listed: (r) => Object.keys(r).join() === 'status,message,headers,trailers,error',"
      "  written: (r) => JSON.stringify(r).startsWith('{\"status\":0,\"message\":{\"text\"') });"
      "client.close();");
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 8);
  CHECK(world.count("grpc_req_duration", {{"method", "Once"},
                                          {"service", "echo.v1.Echo"},
                                          {"name", "/echo.v1.Echo/Once"},
                                          {"url", "localhost:80/echo.v1.Echo/Once"},
                                          {"status", "0"},
                                          {"group", ""},
                                          {"scenario", "default"},
                                          {"team", "blue"}}) == 1);
  CHECK(world.count("grpc_req_duration", {{"name", "mine"}, {"group", "::g"}}) == 1);
  CHECK(world.mean("grpc_req_duration") == 20);
  CHECK(world.mean("setup_time") == 20);
  CHECK(world.sum("data_sent") > 100);
  CHECK(world.sum("data_received") > 100);
}

TEST_CASE("a status that is not OK is an error to look at, and no exception") {
  GrpcScriptWorld world;
  world.grpc = [](GrpcTestCall& call) {
    if (call.over) call.finish(GrpcCode::not_found, "gone", {{"x-why", "a"}, {"x-why", "b"}});
  };
  world.run(
      "client.connect('localhost:80', plain);"
      "const r = client.invoke('echo.v1.Echo/Once', {}, { metadata: { 'X-Key': 'v' } });"
      "check(r, { status: (r) => r.status === grpc.StatusNotFound,"
      "  error: (r) => r.error.code === 5 && r.error.message === 'gone',"
      "  trailers: (r) => r.trailers['x-why'].join() === 'a,b', text: (r) => r.message.text === '' "
      "});"
      "check(client.invoke('echo.v1.Echo/Once', {}, { discardResponseMessage: true }),"
      "  { discarded: (r) => r.message === null });");
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 5);
  CHECK(world.count("grpc_req_duration", {{"status", "5"}}) == 2);
}

TEST_CASE("calls go on by themselves until they are awaited, and one is late") {
  GrpcScriptWorld world;
  world.grpc = [&world](GrpcTestCall& call) {
    if (!call.over || world.text_of_request(call) == "slow") return;
    call.send(world.encoded(R"({"text": "done"})"));
    call.finish(GrpcCode::ok);
  };
  world.run(
      "client.connect('localhost:80', plain);"
      "const [a, b] = await Promise.all([client.asyncInvoke('echo.v1.Echo/Once', { text: 'a' }),"
      "  client.asyncInvoke('echo.v1.Echo/Once', { text: 'slow' }, { timeout: '300ms' })]);"
      "check(a, { done: (r) => r.message.text === 'done' });"
      "check(b, { late: (r) => r.status === grpc.StatusDeadlineExceeded });"
      "try { await client.asyncInvoke('echo.v1.Echo/Once', { nothing: 1 }) }"
      "catch (e) { check(e, { told: (e) => e.message.includes('nothing') }) }");
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 3);
  CHECK(world.elapsed == 340ms);
}

TEST_CASE("a connection stays from one iteration to the next") {
  GrpcScriptWorld world;
  world.run(
      "if (__ITER === 0) client.connect('localhost:80', plain);"
      "check(client.invoke('echo.v1.Echo/Once', { text: 'x' }), { ok: (r) => r.status === 0 });",
      {.vus = 2, .iterations = 3});
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 6);
  CHECK(world.count("setup_time") == 2);
}

TEST_CASE("what cannot be called throws, with k6's words") {
  GrpcScriptWorld world;
  world.run(
      "const of = (f) => { try { f(); return 'nothing' } catch (e) { return e.message } };"
      "const says = (f, text) => { const m = of(f); check(m, { [m]: (m) => m.includes(text) }) };"
      "const call = (...a) => () => client.invoke(...a);"
      "says(call('echo.v1.Echo/Once', {}), 'you must call connect first');"
      "says(call(), 'you must call connect first');"
      "client.connect('localhost:80', plain);"
      "says(call('echo.v1.Echo/No', {}), 'not found in file descriptors');"
      "says(call('', {}), 'method to invoke cannot be empty');"
      "says(call('echo.v1.Echo/Once'), 'request cannot be nil');"
      "says(call('echo.v1.Echo/Once', { text: 5, no: 1 }), 'unable to serialise request object');"
      "says(call('echo.v1.Echo/Once', {}, { what: 1 }), 'unknown param: \"what\"');"
      "says(call('echo.v1.Echo/Once', {}, { metadata: { a: 1 } }), 'value must be a string');"
      "says(call('echo.v1.Echo/Once', {}, { metadata: 'a' }), 'key-value pairs');"
      "const loop = {}; loop.loop = loop;"
      "says(call('echo.v1.Echo/Once', loop), 'cyclic reference');"
      "says(call('echo.v1.Echo/Once', {}, { timeout: 'x' }), 'value: invalid duration \"x\"');"
      "says(call('echo.v1.Echo/Once', {}, { timeout: true }), 'unable to use type bool');"
      "const connect = (params) => () => client.connect('localhost:80', params);"
      "says(connect({ maxSendSize: '1' }), 'value: \\'\"1\"\\', it needs to be an integer');"
      "says(connect({ maxReceiveSize: -1 }), 'it needs to be a positive integer');"
      "says(connect({ tls: 1 }), 'invalid tls value');"
      "says(connect({ tls: { cert: 1 } }), 'it needs to be a PEM formatted string');"
      "says(connect({ tls: { cacerts: [1] } }), 'or an array of PEM formatted strings');"
      "says(() => client.connect('localhost:80', { what: 1 }), 'unknown connect param: \"what\"');"
      "says(() => client.connect('localhost:80', { plaintext: 1 }), 'it needs to be boolean');"
      "says(() => client.connect('localhost:9', plain), 'grpc connect to localhost:9: ');"
      "says(() => client.load([], 'echo.proto'), 'load must be called in the init context');"
      "says(() => new grpc.Stream(), 'empty gRPC client');"
      "says(() => new grpc.Stream({}), 'not a gRPC client');");
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 23);
}

TEST_CASE("a proto file that is not there or wrong ends the reading of the script") {
  const auto error_of = [](const std::string& load) {
    const auto plan =
        read_script("import grpc from 'k6/net/grpc'; const c = new grpc.Client(); c." + load +
                        "; export default () => {}",
                    folder + "/test.js", {});
    return plan ? "nothing" : plan.error().text;
  };
  CHECK(error_of("load(null, 'echo.proto')") == "nothing");
  CHECK(error_of("load(['..'], 'proto/echo.proto')") == "nothing");
  CHECK(error_of("load([], 'gone.proto')").contains("gone.proto: no such file or directory"));
  CHECK(error_of("loadProtoset('gone')").contains("couldn't open protoset"));
  CHECK(error_of("load([], 'wrong.proto')").contains("wrong.proto:4:3: \"strin\" is not defined"));
  CHECK(error_of("loadProtoset('echo.proto')").contains("it is no set of descriptors"));
  CHECK(error_of("loadProtoset('echo.protoset')") == "nothing");
  CHECK(error_of("connect('localhost:80')").contains("in the init context is not supported"));
}

TEST_CASE("a stream both ways tells of messages, then of its end") {
  GrpcScriptWorld world;
  world.grpc = [&world](GrpcTestCall& call) {
    if (call.over) return call.finish(GrpcCode::ok);
    call.send(world.encoded(R"({"text": "re: )" +
                            world.text_of_request(call, call.messages.size() - 1) + R"("})"));
  };
  world.run(
      "client.connect('localhost:80', plain);"
      "const stream = new grpc.Stream(client, 'echo.v1.Echo/Talk', { tags: { t: '1' } });"
      "stream.on('metadata', (m) => console.log('metadata', m['content-type'][0]));"
      "stream.on('data', (d, m) => { console.log(d.text, m.ts > 0); if (d.text === 're: two') "
      "stream.end(); });"
      "stream.on('error', (e) => console.log('error', e.message));"
      "stream.on('end', () => console.log('end'));"
      "stream.write({ text: 'one' }); stream.write({ text: 'two' });");
  CHECK(world.told.empty());
  CHECK(world.said == std::vector<std::string>{"console.log: metadata application/grpc",
                                               "console.log: re: one true",
                                               "console.log: re: two true", "console.log: end"});
  CHECK(world.sum("grpc_streams", {{"t", "1"}, {"method", "Talk"}}) == 1);
  CHECK(world.sum("grpc_streams_msgs_sent") == 2);
  CHECK(world.sum("grpc_streams_msgs_received") == 2);
  CHECK(world.count("grpc_req_duration", {{"status", "0"}, {"service", "echo.v1.Echo"}}) == 1);
}

TEST_CASE("an exception of a stream's listener is told to the others, then ends the iteration") {
  GrpcScriptWorld world;
  world.grpc = [&world](GrpcTestCall& call) { call.send(world.encoded("{}")); };
  world.run(
      "client.connect('localhost:80', plain);"
      "const stream = new grpc.Stream(client, 'echo.v1.Echo/Talk');"
      "stream.on('data', () => { throw new Error('mine') });"
      "stream.on('error', (e) => console.log('error', e.code, e.message));"
      "stream.write({ text: 'one' });");
  CHECK(world.said == std::vector<std::string>{"console.log: error 2 Error: mine"});
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].starts_with("Error: mine"));
}

TEST_CASE("a stream that goes wrong tells of the error before its end") {
  GrpcScriptWorld world;
  world.grpc = [](GrpcTestCall& call) {
    if (!call.over) call.finish(GrpcCode::aborted, "enough");
  };
  const std::string listen =
      "client.connect('localhost:80', plain);"
      "const open = (params) => { const stream = new grpc.Stream(client, 'echo.v1.Echo/Talk', "
      "params);"
      "stream.on('error', (e) => console.log(e.code, e.message)); stream.on('end', () => "
      "console.log('end'));"
      "return stream };";
  world.run(listen + "open().write({ text: 'a' });");
  CHECK(world.told.empty());
  CHECK(world.said == std::vector<std::string>{"console.log: 10 enough", "console.log: end"});
  CHECK(world.count("grpc_req_duration", {{"status", "10"}, {"method", "Talk"}}) == 1);
  GrpcScriptWorld wrong;
  wrong.run(listen +
            "const stream = open(); stream.write({ no: 1 }); stream.write({}); stream.end();");
  REQUIRE(wrong.said.size() == 2);
  CHECK(wrong.said[0].contains("2 can't serialise request object"));
  GrpcScriptWorld late;
  late.run(listen + "open({ timeout: 250 });");
  CHECK(late.said[0] == "console.log: 4 context deadline exceeded");
  CHECK(late.elapsed == 290ms);
  GrpcScriptWorld closed;
  closed.run(listen + "open(); client.close();");
  CHECK(closed.said[0].starts_with("console.log: 1 "));
}

TEST_CASE("details of an error are shown where their type is known") {
  GrpcScriptWorld world;
  world.grpc = [](GrpcTestCall& call) {
    if (!call.over) return;
    const ProtoSchema& own = grpc_services();
    const std::string details =
        own.encode(*own.find_type("google.rpc.Status"),
                   R"({"code": 5, "message": "gone", "details": [{"@type":)"
                   R"("type.googleapis.com/google.rpc.ErrorInfo", "reason": "R"}]})")
            .value();
    call.finish(GrpcCode::not_found, "gone",
                {{"grpc-status-details-bin", encode_grpc_metadata("x-bin", details)}});
  };
  world.run(
      "client.connect('localhost:80', plain);"
      "const r = client.invoke('echo.v1.Echo/Once', {}); console.log(r.error);");
  REQUIRE(world.said.size() == 1);
  CHECK(world.said[0].contains(R"(message: "gone", details: [ { @type: )"));
  CHECK(world.said[0].contains(R"(reason: "R")"));
}

TEST_CASE("a health check gives a status, or throws what the server says") {
  GrpcScriptWorld world;
  world.grpc = [](GrpcTestCall& call) {
    if (!call.over) return;
    CHECK(call.path() == "/grpc.health.v1.Health/Check");
    const bool is_known = !call.messages[0].ends_with('x');
    if (is_known) call.send("\x08\x01");
    call.finish(is_known ? GrpcCode::ok : GrpcCode::not_found, "who");
  };
  world.run(
      "client.connect('localhost:80', plain);"
      "check(client.healthCheck(), { up: (r) => r.status === grpc.HealthCheckServing });"
      "try { client.healthCheck('x') } catch (e) { check(e, { told: (e) => "
      "e.message.includes('code = NotFound desc = who') }) }");
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 2);
}

TEST_CASE("a server without reflection is told apart when the connection is made") {
  GrpcScriptWorld world;
  std::vector<std::string> paths;
  world.grpc = [&paths](GrpcTestCall& call) {
    paths.push_back(call.path());
    call.finish(GrpcCode::unimplemented, "no");
  };
  world.run(
      "try { client.connect('localhost:80', { plaintext: true, reflect: true }) }"
      "catch (e) { check(e, { told: (e) => e.message.includes('code = Unimplemented desc = no') }) "
      "}");
  CHECK(world.sum("checks") == 1);
  CHECK(paths ==
        std::vector<std::string>{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"});
}

TEST_CASE("an iteration that is cut off ends its streams and calls") {
  GrpcScriptWorld world;
  world.grpc = [](GrpcTestCall&) {};
  world.run(
      "client.connect('localhost:80', plain);"
      "const stream = new grpc.Stream(client, 'echo.v1.Echo/Talk'); stream.write({ text: 'a' });"
      "client.asyncInvoke('echo.v1.Echo/Once', {});",
      {.cut_off = 5s});
  CHECK(world.ends == std::vector{IterationEnd::interrupted});
  CHECK(world.count("grpc_req_duration") == 0);
}

}  // namespace brunt
