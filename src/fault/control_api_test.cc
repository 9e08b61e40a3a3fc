#include "fault/control_api.h"

#include <doctest/doctest.h>

#include <string>

#include "fault/link_control.h"
#include "fault/proxy_test_world.h"
#include "server/http_client_for_tests.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// The control API on a simulated network, and a client that asks it.
struct ApiWorld {
  using Story = std::function<void(Fiber&, TestHttpClient&)>;

  void run(const Story& story) {
    REQUIRE(loop->spawn("test", [&](Fiber& self) {
      auto server = HttpServer::listen(*loop, {.at = at}, control_api(proxies)).value();
      FiberGroup fibers(*loop);
      REQUIRE(fibers.spawn("api", [&](Fiber& fiber) { server->serve(fiber); }));
      auto client = TestHttpClient::connect(self, at).value();
      story(self, client);
      fibers.cancel();
      (void)fibers.join(self);
      proxies.stop(self);
    }));
    loop->run();
  }

  const Endpoint at = Endpoint::loopback(8474);
  std::unique_ptr<Loop> loop = Loop::create({.backend = BackendKind::simulated}).value();
  Resolver resolver{*loop, {}};
  AllowList allow = AllowList::everything();
  Dialer dialer{*loop, resolver, allow, {}};
  ProxySet proxies{*loop, dialer, {}};
};

constexpr std::string_view redis =
    R"({"name":"redis","listen":"localhost:26379","upstream":"localhost:6379"})";

}  // namespace

TEST_CASE("A proxy is created, listed, changed and deleted as with Toxiproxy") {
  ApiWorld world;
  world.run([&](Fiber& self, TestHttpClient& api) {
    CHECK(api.ask(self, "GET", "/proxies").body == "{}");
    const auto made = api.ask(self, "POST", "/proxies", redis);
    CHECK(made.status == 201);
    CHECK(made.body == R"({"name":"redis","listen":"127.0.0.1:26379","upstream":"localhost:6379",)"
                       R"("enabled":true,"toxics":[]})");
    CHECK(api.ask(self, "POST", "/proxies", redis).status == 409);
    CHECK(api.ask(self, "GET", "/proxies").body == R"({"redis":)" + made.body + "}");
    CHECK(api.ask(self, "GET", "/proxies/redis").body == made.body);
    const auto off = api.ask(self, "POST", "/proxies/redis", R"({"enabled":false})");
    CHECK(off.body.find(R"("enabled":false)") != std::string::npos);
    CHECK(!self.loop().connect(self, {.to = Endpoint::loopback(26379), .from = {}}, far_future));
    const auto moved =
        api.ask(self, "PATCH", "/proxies/redis", R"({"listen":"127.0.0.1:26380","enabled":true})");
    CHECK(moved.status == 200);
    CHECK(moved.body.find("127.0.0.1:26380") != std::string::npos);
    CHECK(self.loop().connect(self, {.to = Endpoint::loopback(26380), .from = {}}, far_future));
    CHECK(api.ask(self, "DELETE", "/proxies/redis").status == 204);
    CHECK(api.ask(self, "DELETE", "/proxies/redis").status == 404);
    CHECK(api.ask(self, "GET", "/version").body == R"({"version":"2.9.0"})");
  });
}

TEST_CASE("Toxics are added, read, changed, removed, and reset") {
  ApiWorld world;
  world.run([&](Fiber& self, TestHttpClient& api) {
    api.ask(self, "POST", "/proxies", redis);
    const auto added = api.ask(self, "POST", "/proxies/redis/toxics",
                               R"({"type":"latency","attributes":{"latency":100}})");
    CHECK(added.status == 200);
    CHECK(added.body ==
          R"({"attributes":{"latency":100,"jitter":0,"distribution":"uniform","handshake":false},)"
          R"("name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1})");
    const std::string one = "/proxies/redis/toxics/latency_downstream";
    CHECK(api.ask(self, "GET", one).body == added.body);
    CHECK(api.ask(self, "GET", "/proxies/redis/toxics").body == "[" + added.body + "]");
    CHECK(api.ask(self, "POST", "/proxies/redis/toxics", added.body).status == 409);
    const auto changed =
        api.ask(self, "POST", one, R"({"toxicity":0.5,"attributes":{"jitter":7}})");
    CHECK(changed.status == 200);
    CHECK(changed.body.find(R"("latency":100,"jitter":7)") != std::string::npos);
    CHECK(api.ask(self, "DELETE", one).status == 204);
    CHECK(api.ask(self, "GET", "/proxies/redis/toxics").body == "[]");
    api.ask(self, "POST", "/proxies/redis/toxics", R"({"type":"down"})");
    api.ask(self, "POST", "/proxies/redis", R"({"enabled":false})");
    CHECK(api.ask(self, "POST", "/reset").status == 204);
    CHECK(api.ask(self, "GET", "/proxies/redis").body.find(R"("enabled":true,"toxics":[])") !=
          std::string::npos);
  });
}

TEST_CASE("Populate makes what is missing, keeps what fits, and replaces what does not") {
  ApiWorld world;
  world.run([&](Fiber& self, TestHttpClient& api) {
    const std::string list = "[" + std::string(redis) +
                             R"(,{"name":"db","listen":"localhost:26381","upstream":"h:5432"}])";
    CHECK(api.ask(self, "POST", "/populate", list).status == 201);
    const Proxy* const before = world.proxies.find("redis");
    CHECK(api.ask(self, "POST", "/populate", list).status == 201);
    CHECK(world.proxies.find("redis") == before);
    CHECK(world.proxies.all().size() == 2);
    const auto changed =
        api.ask(self, "POST", "/populate",
                R"([{"name":"redis","listen":"localhost:26379","upstream":"localhost:6400"}])");
    CHECK(changed.status == 201);
    CHECK(changed.body.starts_with(R"({"proxies":[{"name":"redis")"));
    CHECK(world.proxies.find("redis")->upstream() == "localhost:6400");
  });
}

TEST_CASE("Garbage is answered with what is wrong with it") {
  struct Case {
    std::string_view method, path, body;
    int status;
    std::string_view text;
  };
  const std::vector<Case> cases = {
      {"POST", "/proxies", "{", 400, "bad request body"},
      {"POST", "/proxies", "[]", 400, "a proxy is an object, found array"},
      {"POST", "/proxies", R"({"name":"x"})", 400, "upstream: missing required field"},
      {"POST", "/proxies", R"({"upstream":"h:1"})", 400, "name: missing required field"},
      {"POST", "/proxies", R"({"name":"x","upstream":"nowhere"})", 400, "is no address"},
      {"POST", "/proxies", R"({"name":"x","upstream":"h:1","listen":"a.b:c"})", 400,
       "nowhere to listen"},
      {"POST", "/proxies", R"({"name":"x","upstream":"h:1","enabled":"yes"})", 400,
       "enabled: needs true or false, found string"},
      {"POST", "/proxies", R"({"name":"x","upstream":"h:1","listen":"127.0.0.1:26379"})", 409,
       "in use"},
      {"GET", "/proxies/nobody", "", 404, "proxy not found"},
      {"GET", "/elsewhere", "", 404, "see GET /proxies"},
      {"PUT", "/proxies", "", 405, "GET or POST can"},
      {"POST", "/proxies/redis/toxics", R"({"type":"sloth"})", 400, "invalid toxic type"},
      {"POST", "/proxies/redis/toxics", R"({"type":"latency","stream":"up"})", 400,
       "stream was invalid"},
      {"POST", "/proxies/redis/toxics", R"({"type":"latency","attributes":{"latency":-5}})", 400,
       "is negative"},
      {"POST", "/proxies/redis/toxics", "{}", 400, "type: missing required field"},
      {"GET", "/proxies/redis/toxics/none", "", 404, "toxic not found"},
      {"POST", "/populate", "{}", 400, "a list of proxies"},
      {"POST", "/populate", R"([{"upstream":"h:1"}])", 400, "missing required field at proxy 1"},
      {"POST", "/populate", "[[[[[[[[[[[[[[[[[[[[[[[[", 400, "bad request body"},
  };
  ApiWorld world;
  world.run([&](Fiber& self, TestHttpClient& api) {
    api.ask(self, "POST", "/proxies", redis);
    for (const Case& bad : cases) {
      CAPTURE(bad.path);
      CAPTURE(bad.body);
      const auto reply = api.ask(self, bad.method, bad.path, bad.body);
      CHECK(reply.status == bad.status);
      CHECK_MESSAGE(reply.body.find(bad.text) != std::string::npos, reply.body);
      CHECK(Json::parse(reply.body)->find("status")->integer() == bad.status);
    }
    CHECK(world.proxies.all().size() == 1);
    const auto browser = api.ask(self, "GET", "/proxies", "", "User-Agent: Mozilla/5.0 (X11)\r\n");
    CHECK(browser.status == 403);
  });
}

TEST_CASE("A link is opened, switched and cleared over its control socket") {
  ApiWorld world;
  world.run([&](Fiber& self, TestHttpClient&) {
    auto links = LinkControl::create(*world.loop, world.dialer, world.at.text()).value();
    const auto where = links->open(self, {.name = "gateway->smsc",
                                          .upstream = "127.0.0.1:2775",
                                          .toxics = {{.name = "far", .delay = 77ms}}});
    REQUIRE(where);
    Proxy* const proxy = world.proxies.find("gateway->smsc");
    REQUIRE(proxy != nullptr);
    CHECK(proxy->endpoint() == *where);
    CHECK(proxy->find_toxic("far")->delay == 77ms);
    REQUIRE(links->set(self, "gateway->smsc", {.name = "cut", .type = ToxicType::down}));
    REQUIRE(links->set(self, "gateway->smsc", {.name = "cut", .type = ToxicType::stall}));
    CHECK(proxy->find_toxic("cut")->type == ToxicType::stall);
    CHECK(proxy->toxics().size() == 2);
    REQUIRE(links->clear(self, "gateway->smsc", "cut"));
    REQUIRE(links->clear(self, "gateway->smsc", "cut"));
    CHECK(proxy->toxics().size() == 1);
    CHECK(links->set(self, "nobody", {.name = "x"}).error().code == ErrorCode::not_found);
    CHECK(links->clear(self, "nobody", "x").error().code == ErrorCode::not_found);
    CHECK(links->set(self, "gateway->smsc", {.name = "x", .toxicity = 2}).error().code ==
          ErrorCode::invalid);
  });
}

TEST_CASE("Where to listen is said in the ways people write it") {
  CHECK(parse_listen_address("localhost:80")->text() == "127.0.0.1:80");
  CHECK(parse_listen_address(":80")->text() == "0.0.0.0:80");
  CHECK(parse_listen_address("unix:/tmp/x")->text() == "unix:/tmp/x");
  CHECK(parse_listen_address("shop.test:80").error().text.find("nowhere to listen") !=
        std::string::npos);
}

}  // namespace brunt
