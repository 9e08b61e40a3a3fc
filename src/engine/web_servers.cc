#include "engine/web_servers.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "engine/server_program.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

struct NginxParameters {
  fs::path root, config;
  std::string upstream;
  std::int64_t workers = 1;
};

Result<NginxParameters> nginx_parameters(const EngineOptions& options) {
  EngineParameters given("nginx", options);
  NginxParameters out;
  if (const std::string* root = given.find("root")) out.root = given.path(*root);
  if (const std::string* config = given.find("config")) out.config = given.path(*config);
  if (const std::string* upstream = given.find("upstream")) out.upstream = *upstream;
  if (const std::string* workers = given.find("workers")) {
    const auto count = parse_integer(*workers);
    if (!count || *count < 1 || *count > 1024)
      return fail(ErrorCode::invalid, fmt::format("workers: {}: give 1 to 1024", *workers));
    out.workers = *count;
  }
  TRY(given.finish());
  const int ways =
      (out.root.empty() ? 0 : 1) + (out.config.empty() ? 0 : 1) + (out.upstream.empty() ? 0 : 1);
  if (ways > 1) return fail(ErrorCode::invalid, "nginx takes one of root, upstream, config");
  return out;
}

// What it serves: files, another service, or one short text.
std::string nginx_location(const NginxParameters& with) {
  if (!with.root.empty()) return fmt::format("root \"{}\";", with.root.string());
  if (!with.upstream.empty())
    return fmt::format(
        "proxy_pass http://upstream_service; proxy_http_version 1.1; "
        "proxy_set_header Connection \"\";");
  return "return 200 \"hello from nginx\\n\";";
}

std::string nginx_configuration(const NginxParameters& with, const ServerPlace& at) {
  std::string text;
  // Its workers would become `nobody`, who may not enter a directory that is only ours.
  if (geteuid() == 0) text += "user root;\n";
  text += fmt::format(
      "worker_processes {};\npid nginx.pid;\nerror_log stderr warn;\n"
      "events {{ worker_connections 16384; }}\n"
      "http {{\n"
      "  access_log off; default_type text/plain; keepalive_requests 1000000000;\n"
      "  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n"
      "  uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n",
      with.workers);
  if (!with.upstream.empty())
    text +=
        fmt::format("  upstream upstream_service {{ server {}; keepalive 64; }}\n", with.upstream);
  text += fmt::format("  server {{ listen {} backlog=4096; location / {{ {} }} }}\n}}\n",
                      at.address(), nginx_location(with));
  return text;
}

std::string haproxy_configuration(const std::string& upstream, const std::string& mode,
                                  const ServerPlace& at) {
  std::string text = fmt::format(
      "global\n  maxconn 8192\ndefaults\n  mode {}\n  timeout connect 5s\n  timeout client 10m\n"
      "  timeout server 10m\nlisten front\n  bind {}\n",
      mode, at.address());
  int number = 0;
  for (const std::string_view server : split(upstream, ','))
    text += fmt::format("  server s{} {}\n", ++number, trim(server));
  return text;
}

}  // namespace

Result<std::unique_ptr<StartedService>> start_nginx(Fiber& self, const EngineOptions& options) {
  const NginxParameters with = TRY(nginx_parameters(options));
  ServerProgram nginx{.kind = "nginx",
                      .title = "nginx",
                      .program = "nginx",
                      .package = "nginx-light",
                      .version_words = {"-v"},
                      .scheme = "http",
                      .ask = "GET / HTTP/1.0\r\n\r\n",
                      .answer = "HTTP/1."};
  // Only the master has to know: it ends its workers.
  nginx.stop.scope = StopOptions::Scope::leader;
  nginx.arguments = [with](const ServerPlace& at) -> Result<std::vector<std::string>> {
    const fs::path file = at.directory / "nginx.conf";
    std::string text = nginx_configuration(with, at);
    if (!with.config.empty()) text = TRY(fill_in_configuration(with.config, at));
    TRY(write_file(file, text));
    return std::vector<std::string>{
        "-p", at.directory.string(), "-c", file.string(), "-e", "stderr", "-g", "daemon off;"};
  };
  return start_server_program(self, options, std::move(nginx));
}

Result<std::unique_ptr<StartedService>> start_haproxy(Fiber& self, const EngineOptions& options) {
  EngineParameters given("HAProxy", options);
  const std::string* upstream = given.find("upstream");
  const std::string* mode = given.find("mode");
  const std::string* config = given.find("config");
  TRY(given.finish());
  if ((upstream == nullptr) == (config == nullptr))
    return fail(
        ErrorCode::invalid,
        "HAProxy needs `with:` one of upstream (host:port, several with commas) and config");
  if (mode != nullptr && *mode != "tcp" && *mode != "http")
    return fail(ErrorCode::invalid, fmt::format("mode: {}: HAProxy's are tcp and http", *mode));
  ServerProgram haproxy{.kind = "haproxy",
                        .title = "HAProxy",
                        .program = "haproxy",
                        .package = "haproxy",
                        .version_words = {"-v"},
                        .scheme = mode != nullptr && *mode == "http" ? "http" : "tcp"};
  haproxy.arguments = [upstream = upstream == nullptr ? "" : *upstream,
                       mode = mode == nullptr ? "tcp" : *mode,
                       config = config == nullptr ? fs::path() : given.path(*config)](
                          const ServerPlace& at) -> Result<std::vector<std::string>> {
    const fs::path file = at.directory / "haproxy.cfg";
    std::string text = haproxy_configuration(upstream, mode, at);
    if (!config.empty()) text = TRY(fill_in_configuration(config, at));
    TRY(write_file(file, text));
    return std::vector<std::string>{"-f", file.string(), "-db"};
  };
  return start_server_program(self, options, std::move(haproxy));
}

}  // namespace brunt
