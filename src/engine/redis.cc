#include "engine/redis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/server_program.h"

namespace brunt {
namespace {

Result<> check_directives(const EngineOptions& options) {
  static constexpr std::string_view ours[] = {"port",       "bind",    "dir",      "daemonize",
                                              "supervised", "logfile", "tls-port", "include"};
  for (const auto& [key, value] : options.with) {
    const bool well_formed = !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-';
    });
    if (!well_formed)
      return fail(
          ErrorCode::invalid,
          fmt::format("\"{}\" is no directive of Redis; it looks like maxmemory-policy", key));
    if (std::ranges::find(ours, key) != std::end(ours))
      return fail(ErrorCode::invalid, fmt::format("`{}` of Redis is chosen by brunt", key));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StartedService>> start_redis(Fiber& self, const EngineOptions& options) {
  TRY(check_directives(options));
  ServerProgram redis{.kind = "redis",
                      .title = "Redis",
                      .program = "redis-server",
                      .package = "redis-server",
                      .scheme = "redis",
                      .ask = "PING\r\n",
                      .answer = "+PONG"};
  redis.arguments = [with =
                         options.with](const ServerPlace& at) -> Result<std::vector<std::string>> {
    std::vector<std::string> words = {"--bind",        "127.0.0.1",
                                      "--port",        std::to_string(at.port),
                                      "--dir",         at.directory.string(),
                                      "--save",        "",
                                      "--appendonly",  "yes",
                                      "--appendfsync", "always"};
    for (const auto& [key, value] : with) {
      words.push_back("--" + key);
      words.push_back(value);
    }
    return words;
  };
  return start_server_program(self, options, std::move(redis));
}

}  // namespace brunt
