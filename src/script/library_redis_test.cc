#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string start =
    "import redis from 'k6/experimental/redis';"
    "const client = new redis.Client('redis://localhost:6379/2');";

std::string error_of_client(const std::string& options) {
  const auto plan = read_script("import redis from 'k6/experimental/redis'; new redis.Client(" +
                                    options + "); export default () => {}",
                                "test.js", {});
  return plan ? "nothing" : plan.error().text;
}

}  // namespace

TEST_CASE("a client of redis is made of a url or of options") {
  CHECK(error_of_client("'redis://:secret@localhost:6379/1'") == "nothing");
  CHECK(error_of_client("'rediss://localhost'") == "nothing");
  CHECK(error_of_client("{ socket: { host: '::1', port: 7000, tls: { ca: ['a', 'b'] } }, "
                        "username: 'u', password: 'p', database: 3 }") == "nothing");
  CHECK(error_of_client("'http://localhost'").contains("http is another protocol"));
  CHECK(error_of_client("{}").contains("socket.host is missing"));
  CHECK(error_of_client("{ cluster: { nodes: ['redis://a:1', 'rediss://b'], maxRedirects: 5 } }") ==
        "nothing");
  CHECK(error_of_client("{ cluster: { nodes: [{ socket: { host: 'a', port: 1 } }] } }") ==
        "nothing");
  CHECK(error_of_client("{ socket: { host: 'a' }, masterName: 'm', sentinelUsername: 'u' }") ==
        "nothing");
  CHECK(error_of_client("{ cluster: {} }").contains("cluster.nodes is a list"));
  CHECK(error_of_client("{ cluster: { nodes: [{}] } }").contains("socket.host is missing"));
  CHECK(error_of_client("{ socket: { host: 'a' }, clientName: 'x' }") == "nothing");
  CHECK(error_of_client("").contains("new Client() takes a URL or options"));
}

TEST_CASE("the older and the newer name of the module of redis are one") {
  const auto plan = read_script(
      "import { Client } from 'k6/x/redis'; import redis from 'k6/experimental/redis';"
      "if (Client !== redis.Client) throw new Error('two'); export default () => {}",
      "test.js", {});
  CHECK(plan.has_value());
}

TEST_CASE("what cannot be sent to redis rejects the command") {
  check_expressions(
      start,
      {
          {"await client.set('k', {})",
           "TypeError: redis: the argument at index 1 is of type object; a string, a number "
           "or a boolean is wanted"},
          {"await client.sadd('k', 1, null)",
           "TypeError: redis: the argument at index 2 is of type null; a string, a number or "
           "a boolean is wanted"},
      });
}

TEST_CASE("a command in init code is refused") {
  const auto plan =
      read_script(start + "await client.get('k'); export default () => {}", "test.js", {});
  REQUIRE(!plan);
  CHECK(plan.error().text.contains("there are no connections in init code"));
}

TEST_CASE("a server that does not speak redis rejects commands and others go on") {
  ScriptWorld world;
  world.play(
      start +
      "export default async () => { const all = await Promise.allSettled([client.get('a'),"
      "client.get('b'), client.incr('c')]); console.log(all.map((one) => one.status).join()) }");
  CHECK(world.said == std::vector<std::string>{"console.log: rejected,rejected,rejected"});
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.sum("redis_reqs") == 3);
  CHECK(world.sum("redis_reqs", {{"name", "GET"}, {"expected_response", "false"}}) == 2);
  CHECK(world.mean("redis_req_failed") == 1);
}

}  // namespace brunt
