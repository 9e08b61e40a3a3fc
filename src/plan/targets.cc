#include "plan/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

namespace brunt {
namespace {

constexpr std::size_t targets_max = 1'000'000;

// GET http://...; never a header, whose name ends with a colon.
bool is_request_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank == 0) return false;
  return std::ranges::all_of(line.substr(0, blank), [](char c) { return c >= 'A' && c <= 'Z'; });
}

class TargetReader {
 public:
  TargetReader(std::string_view text, const std::filesystem::path& path)
      : text_(text), path_(path) {}

  Result<std::vector<Target>> run() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++line_;
      TRY(take(line));
      if (targets_.size() > targets_max) return error("there are more than 1,000,000 targets");
    }
    if (targets_.empty())
      return fail(ErrorCode::invalid, path_.string() + ": there are no targets");
    return std::move(targets_);
  }

 private:
  std::unexpected<Error> error(std::string_view what) const {
    return fail(ErrorCode::invalid, fmt::format("{}:{}: {}", path_.string(), line_, what));
  }

  Result<> take(std::string_view line) {
    if (line.empty()) {
      open_ = false;
      return {};
    }
    if (line.starts_with('#')) return {};
    if (line.starts_with('{')) return take_json(line);
    if (is_request_line(line)) return take_request(line);
    if (!open_)
      return error(fmt::format("expected \"METHOD URL\", not \"{}\"", line.substr(0, 60)));
    Target& target = targets_.back();
    if (line.starts_with('@')) {
      auto body = read_file(path_.parent_path() / line.substr(1));
      if (!body) return error(body.error().text);
      target.body = std::move(*body);
      return {};
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return error(fmt::format("expected a header \"Name: value\" or @file, not \"{}\"",
                               line.substr(0, 60)));
    target.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    return {};
  }

  Result<> add(std::string method, std::string url) {
    if (const auto parsed = parse_url(url); !parsed) return error(parsed.error().text);
    targets_.push_back(
        {.method = std::move(method), .url = std::move(url), .headers = {}, .body = {}});
    return {};
  }

  Result<> take_request(std::string_view line) {
    const std::size_t blank = line.find(' ');
    open_ = true;
    return add(std::string(line.substr(0, blank)), std::string(trim(line.substr(blank))));
  }

  Result<> take_json(std::string_view line) {
    const auto json = Json::parse(line);
    if (!json) return error(json.error().text);
    const Json* method = json->find("method");
    const Json* url = json->find("url");
    if (method == nullptr || !method->is_string() || url == nullptr || !url->is_string())
      return error("a target needs \"method\" and \"url\"");
    TRY(add(method->string(), url->string()));
    if (const Json* body = json->find("body"); body != nullptr && body->is_string()) {
      auto bytes = base64_decode(body->string());
      if (!bytes) return error("the body is not base64");
      targets_.back().body = std::move(*bytes);
    }
    const Json* headers = json->find("header");
    if (headers == nullptr || headers->is_null()) return {};
    if (!headers->is_object()) return error("\"header\" has to be an object of lists");
    for (const auto& [name, values] : headers->object()) {
      if (!values.is_array()) return error("\"header\" has to be an object of lists");
      for (const Json& value : values.array())
        targets_.back().headers.emplace_back(name, value.text());
    }
    return {};
  }

  std::string_view text_;
  const std::filesystem::path& path_;
  std::size_t line_ = 0;
  bool open_ = false;  // A target that headers and a body may still be added to.
  std::vector<Target> targets_;
};

}  // namespace

Result<std::vector<Target>> read_targets(std::string_view text, const std::filesystem::path& path) {
  return TargetReader(text, path).run();
}

bool looks_like_targets(std::string_view text) {
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (!line.starts_with('{')) return is_request_line(line);
    const auto json = Json::parse(line);
    // A broken line is told best by the reader of targets.
    if (!json) return line.starts_with(R"({"method")") || line.starts_with(R"({"url")");
    return json->find("url") != nullptr || json->find("method") != nullptr;
  }
  return false;
}

Result<Plan> plan_of_targets(std::string_view text, const std::filesystem::path& path,
                             const CommandLineLoad& load) {
  std::vector<Target> targets = TRY(read_targets(text, path));
  Plan plan;
  plan.name = path.stem().string();
  plan.source = path;
  plan.tls.insecure = load.insecure;
  Scenario scenario;
  scenario.load = TRY(load_of(load));
  scenario.name = scenario.load.name;
  scenario.defaults = TRY(request_defaults_of(load));
  scenario.cycle = true;
  for (Target& target : targets) {
    RequestStep request;
    request.method = std::move(target.method);
    request.name = default_request_name(target.url);
    request.target = Template::constant(std::move(target.url));
    for (auto& [name, value] : target.headers)
      request.headers.push_back({name, Template::constant(value)});
    if (!target.body.empty()) request.body = TextBody{Template::constant(std::move(target.body))};
    request.checks.push_back(check_below_400());
    scenario.steps.push_back({std::move(request)});
  }
  plan.scenarios.push_back(std::move(scenario));
  plan.expectations.push_back(few_failures());
  return plan;
}

}  // namespace brunt
