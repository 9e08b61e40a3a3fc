#include "engine/prometheus.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "base/url.h"
#include "engine/server_program.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

struct ScrapeJob {
  std::string name, scheme, target, path;
};

Result<ScrapeJob> scrape_job(const std::string& name, const std::string& where) {
  const bool has_scheme = where.find("://") != std::string::npos;
  auto url = parse_url(has_scheme ? where : "http://" + where);
  if (!url) return fail_in("scrape." + name, std::move(url).error());
  return ScrapeJob{name, url->scheme, fmt::format("{}:{}", url->host, url->port),
                   url->target == "/" ? "/metrics" : url->target};
}

// JSON is YAML, and needs no other quoting.
std::string prometheus_configuration(const std::vector<ScrapeJob>& jobs,
                                     const std::string& interval) {
  Json list = Json::Array{};
  for (const ScrapeJob& job : jobs)
    list.push(Json::Object{
        {"job_name", job.name},
        {"scheme", job.scheme},
        {"metrics_path", job.path},
        {"static_configs", Json::Array{Json::Object{{"targets", Json::Array{Json(job.target)}}}}}});
  return Json(Json::Object{{"global", Json::Object{{"scrape_interval", interval},
                                                   {"scrape_timeout", interval}}},
                           {"scrape_configs", std::move(list)}})
      .dump();
}

}  // namespace

Result<std::unique_ptr<StartedService>> start_prometheus(Fiber& self,
                                                         const EngineOptions& options) {
  EngineParameters given("Prometheus", options);
  std::vector<ScrapeJob> jobs;
  for (const auto& [name, where] : given.under("scrape."))
    jobs.push_back(TRY(scrape_job(name, where)));
  std::string interval = "1s";
  if (const std::string* text = given.find("interval")) {
    if (auto every = parse_duration(*text); !every || *every < std::chrono::milliseconds(100))
      return fail(ErrorCode::invalid,
                  fmt::format("interval: {}: give a time of 100ms or more", *text));
    interval = *text;
  }
  const std::string* config = given.find("config");
  TRY(given.finish());
  ServerProgram prometheus{.kind = "prometheus",
                           .title = "Prometheus",
                           .program = "prometheus",
                           .package = "prometheus",
                           .scheme = "http",
                           .ask = "GET /-/ready HTTP/1.0\r\n\r\n",
                           .answer = "HTTP/1.0 200"};
  prometheus.arguments = [jobs, interval,
                          config = config == nullptr ? fs::path() : given.path(*config)](
                             const ServerPlace& at) -> Result<std::vector<std::string>> {
    fs::path file = config;
    if (file.empty()) {
      file = at.directory / "prometheus.yml";
      TRY(write_file(file, prometheus_configuration(jobs, interval)));
    }
    return std::vector<std::string>{
        "--config.file=" + file.string(), "--storage.tsdb.path=" + (at.directory / "data").string(),
        "--web.listen-address=" + at.address(), "--web.enable-remote-write-receiver"};
  };
  return start_server_program(self, options, std::move(prometheus));
}

Result<std::unique_ptr<StartedService>> start_node_exporter(Fiber& self,
                                                            const EngineOptions& options) {
  TRY(EngineParameters("the node exporter", options).finish());
  ServerProgram exporter{.kind = "node-exporter",
                         .title = "the node exporter",
                         .program = "prometheus-node-exporter",
                         .package = "prometheus-node-exporter",
                         .scheme = "http",
                         .ask = "GET / HTTP/1.0\r\n\r\n",
                         .answer = "HTTP/1.0 200"};
  exporter.arguments = [](const ServerPlace& at) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"--web.listen-address=" + at.address()};
  };
  return start_server_program(self, options, std::move(exporter));
}

}  // namespace brunt
