#include "run/rest_api.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "base/url.h"
#include "report/k6_summary.h"

namespace brunt {
namespace {

struct ApiAnswer {
  std::uint16_t status = 200;
  Json body;  // Null: none.
};

ApiAnswer refusal(std::uint16_t status, std::string_view title, std::string_view detail) {
  Json error =
      Json::Object{{"status", std::to_string(status)}, {"title", title}, {"detail", detail}};
  return {status, Json::Object{{"errors", Json::Array{std::move(error)}}}};
}

ApiAnswer refusal(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::malformed:
      return refusal(400, "Invalid data", error.text);
    case ErrorCode::not_found:
      return refusal(404, "Not Found", error.text);
    case ErrorCode::denied:
      return refusal(409, "Not now", error.text);
    default:
      return refusal(500, "Error", error.text);
  }
}

Json resource(std::string_view type, std::string_view id, Json attributes) {
  return Json::Object{{"type", type}, {"id", id}, {"attributes", std::move(attributes)}};
}

ApiAnswer document(Json data) {
  return {200, Json::Object{{"data", std::move(data)}}};
}

Json status_json(const ApiStatus& status) {
  const bool is_running =
      status.phase >= RunPhase::setup && status.phase < RunPhase::ended && !status.stopped;
  return resource("status", "default",
                  Json::Object{{"status", std::int64_t{std::to_underlying(status.phase)}},
                               {"paused", status.paused},
                               {"vus", status.vus},
                               {"vus-max", status.vus_max},
                               {"stopped", status.stopped},
                               {"running", is_running},
                               {"tainted", status.tainted}});
}

std::unexpected<Error> wrong(std::string_view name, std::string_view wanted, const Json& value) {
  return fail(ErrorCode::invalid, fmt::format("{}: {}, not {}", name, wanted, value.dump()));
}

// Null says nothing, as in the requests of k6's own commands.
Result<> read_attribute(const std::string& name, const Json& value, ApiChange& change) {
  static constexpr std::array<std::string_view, 7> names = {
      "status", "paused", "vus", "vus-max", "stopped", "running", "tainted"};
  if (std::ranges::find(names, name) == names.end())
    return fail(ErrorCode::invalid,
                fmt::format("there is no attribute \"{}\"{}", name, did_you_mean(name, names)));
  if (value.is_null()) return {};
  if (name == "paused" || name == "stopped") {
    if (!value.is_bool()) return wrong(name, "true or false", value);
    if (name == "paused") change.paused = value.boolean();
    if (name == "stopped") change.stopped = value.boolean();
  } else if (name == "vus" || name == "vus-max") {
    if (!value.is_integer() || value.integer() < 0)
      return wrong(name, "a whole number from 0", value);
    (name == "vus" ? change.vus : change.vus_max) = static_cast<std::uint64_t>(value.integer());
  }
  return {};
}

Result<ApiChange> change_of(std::string_view body) {
  const Json json = TRY(Json::parse(body, {.depth_max = 16}));
  const Json* data = json.find("data");
  const Json* attributes = data != nullptr ? data->find("attributes") : nullptr;
  if (attributes == nullptr || !attributes->is_object())
    return fail(ErrorCode::invalid, R"(write it like {"data": {"type": "status", "id": "default", )"
                                    R"("attributes": {"paused": true}}})");
  ApiChange change;
  for (const auto& [name, value] : attributes->object()) TRY(read_attribute(name, value, change));
  return change;
}

Json metric_json(const ApiMetric& metric, Duration elapsed) {
  return resource("metrics", metric.name,
                  Json::Object{{"type", name_of(metric.info.kind)},
                               {"contains", name_of(metric.info.contains)},
                               {"tainted", metric.tainted ? Json(*metric.tainted) : Json()},
                               {"sample", k6_sample(metric.total, elapsed)}});
}

Json reference_to(const K6Group& group) {
  return Json::Object{{"type", "groups"}, {"id", group.id()}};
}

Json group_json(const K6Group& group, const K6Group* parent) {
  Json checks;
  for (const CheckResult& check : group.checks) checks.push(k6_check_json(group, check));
  Json inner{Json::Array{}};
  for (const K6Group& one : group.groups) inner.push(reference_to(one));
  Json json = resource(
      "groups", group.id(),
      Json::Object{{"path", group.path}, {"name", group.name}, {"checks", std::move(checks)}});
  const Json above = parent != nullptr ? reference_to(*parent) : Json();
  json.set("relationships", Json::Object{{"groups", Json::Object{{"data", std::move(inner)}}},
                                         {"parent", Json::Object{{"data", above}}}});
  return json;
}

// The group and all that are in it, the outer before the inner.
void append_groups(const K6Group& group, const K6Group* parent, Json& list) {
  list.push(group_json(group, parent));
  for (const K6Group& inner : group.groups) append_groups(inner, &group, list);
}

class ApiRequest {
 public:
  ApiRequest(ApiRun& run, Fiber& self, const HttpRequestView& request)
      : run_(run), self_(self), request_(request) {}

  ApiAnswer answer() {
    constexpr std::string_view metrics = "/v1/metrics/", groups = "/v1/groups/";
    const std::string_view path = request_.path();
    if (path == "/v1/status") return status();
    if (path == "/v1/metrics") return is("GET") ? all_metrics() : wrong_method("GET");
    if (path == "/v1/groups") return is("GET") ? document(all_groups()) : wrong_method("GET");
    if (path == "/v1/setup") return setup();
    if (path == "/v1/teardown") return teardown();
    if (path.starts_with(metrics) && path.size() > metrics.size())
      return is("GET") ? one_metric(percent_decode(path.substr(metrics.size())))
                       : wrong_method("GET");
    if (path.starts_with(groups) && path.size() > groups.size())
      return is("GET") ? one_group(path.substr(groups.size())) : wrong_method("GET");
    return refusal(404, "Not Found",
                   fmt::format("there is no {}; there are /v1/status, /v1/metrics, /v1/groups, "
                               "/v1/setup, /v1/teardown",
                               path));
  }

 private:
  bool is(std::string_view method) const { return request_.method() == method; }
  ApiAnswer wrong_method(std::string_view allowed) const {
    return refusal(
        405, "Method Not Allowed",
        fmt::format("{} {} cannot be; {} can", request_.method(), request_.path(), allowed));
  }

  ApiAnswer status() {
    if (is("PATCH")) {
      const auto change = change_of(request_.body());
      if (!change) return refusal(change.error());
      if (const auto done = run_.change(*change); !done) return refusal(done.error());
    } else if (!is("GET")) {
      return wrong_method("GET or PATCH");
    }
    return document(status_json(run_.status()));
  }

  ApiAnswer all_metrics() const {
    Json list{Json::Array{}};
    const Duration elapsed = run_.elapsed();
    for (const ApiMetric& metric : run_.metrics()) list.push(metric_json(metric, elapsed));
    return document(std::move(list));
  }

  ApiAnswer one_metric(const std::string& name) const {
    for (const ApiMetric& metric : run_.metrics())
      if (metric.name == name) return document(metric_json(metric, run_.elapsed()));
    return refusal(404, "Not Found", fmt::format("no metric {} has been measured", name));
  }

  Json all_groups() const {
    Json list{Json::Array{}};
    append_groups(run_.groups(), nullptr, list);
    return list;
  }

  ApiAnswer one_group(std::string_view id) const {
    const Json all = all_groups();
    for (const Json& group : all.array())
      if (group.find("id")->string() == id) return document(group);
    return refusal(404, "Not Found", fmt::format("no group has the id {}", id));
  }

  ApiAnswer setup() {
    Result<> done;
    if (is("PUT")) {
      done = put_setup();
    } else if (is("POST")) {
      done = run_.run_setup(self_);
    } else if (!is("GET")) {
      return wrong_method("GET, PUT or POST");
    }
    if (!done) return refusal(done.error());
    const auto data = Json::parse(run_.setup_data());
    return document(resource("setupData", "default",
                             data ? Json(Json::Object{{"data", *data}}) : Json(Json::Object{})));
  }

  // The body is the data itself; nothing is none.
  Result<> put_setup() {
    const std::string_view body = request_.body();
    if (!body.empty()) TRY(Json::parse(body));
    return run_.set_setup_data(std::string(body));
  }

  ApiAnswer teardown() {
    if (!is("POST")) return wrong_method("POST");
    const auto done = run_.run_teardown(self_);
    return done ? ApiAnswer{} : refusal(done.error());
  }

  ApiRun& run_;
  Fiber& self_;
  const HttpRequestView& request_;
};

}  // namespace

HttpServer::Handler rest_api(ApiRun& run) {
  return [&run](Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
    const ApiAnswer answer = ApiRequest(run, self, request).answer();
    response.set_status(answer.status);
    if (answer.body.is_null()) return;
    response.set_content_type("application/json; charset=utf-8");
    response.body() += answer.body.dump();
  };
}

}  // namespace brunt
