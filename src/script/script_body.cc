#include "script/script_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/url.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/grpc_session.h"
#include "script/script_vu.h"
#include "script/secret_sources.h"

namespace brunt {
Result<std::unique_ptr<ScriptBody>> ScriptBody::create(StepContext& context,
                                                       const ScriptBodyOptions& options) {
  ScenarioContext scenario = TRY(ScenarioContext::create(context, options.scenario, options.model));
  if (options.outside) {
    std::vector<Tag> tags;
    for (const auto& [key, value] : context.plan.tags) tags.push_back({key, value});
    scenario.tags = context.recorder.tags().with(TagSetId::none, tags);
  }
  ScriptCall call = *scenario.scenario.script;
  for (const NamedTemplate& one : call.run_environment)
    call.environment[one.name] =
        TRY(one.value.expand({.members = scenario.members, .scenario = scenario.scenario.name}));
  const ScriptHttpOptions& http = call.bundle->http;
  scenario.session.user_agent = http.user_agent;
  scenario.session.client.versions = http.http2 ? HttpVersions::http1_and_2 : HttpVersions::http1;
  scenario.session.client.connections_max = http.batch_max;
  scenario.session.client.connections_origin_max = http.batch_origin_max;
  scenario.session.client.reuse = http.reuse;
  // No make_unique: the constructor is private.
  return std::unique_ptr<ScriptBody>(new ScriptBody(std::move(scenario), std::move(call), options));
}

ScriptBody::ScriptBody(ScenarioContext scenario, ScriptCall call, const ScriptBodyOptions& options)
    : scenario_(std::move(scenario)),
      call_(std::move(call)),
      body_series_(scenario_),
      registry_(options.registry),
      outside_(options.outside),
      bounds_(scenario_.shared.plan, {}, [this](std::string text) { warn(text); }),
      setup_data_(options.setup_data),
      websockets_{
          .server_name = scenario_.session.client.server_name, .deflate = &deflate_, .limits = {}} {
}

ScriptBody::~ScriptBody() = default;

GrpcShared& ScriptBody::grpc() {
  if (grpc_ == nullptr) grpc_ = std::make_unique<GrpcShared>();
  return *grpc_;
}

Result<> ScriptBody::start_vu(Fiber& self, Vu& vu) {
  const std::uint64_t stream = (static_cast<std::uint64_t>(scenario_.index) << 40U) + vu.id_in_test;
  auto mine = std::make_unique<ScriptVu>(scenario_, Prng(scenario_.shared.seed).split(stream));
  mine->plan.id = vu.id_in_test;
  mine->plan.id_in_scenario = vu.id_in_scenario;
  mine->id_in_instance = vu.id_in_instance;
  if (const auto opened = mine->open(self, *this, setup_data_); !opened)
    return fail_in(fmt::format("error while initializing VU #{}", vu.id_in_test), opened.error());
  if (bundle().functions.contains("vuSetup")) {
    mine->engine.group = enter_group(0, "vuSetup");
    auto done = mine->set_up(self);
    begin_samples(scenario_, mine->plan);
    body_series_.end_iteration(mine->plan);
    if (!done && done.error().code == ErrorCode::cancelled) return done;
    if (!done)
      return fail_in(fmt::format("vuSetup() of VU #{}", vu.id_in_test),
                     {done.error().code, redacted(bundle(), done.error().text)});
  }
  vu.state = std::move(mine);
  return {};
}

IterationEnd ScriptBody::run(Fiber& self, Vu& vu, const Iteration& iteration) {
  auto& mine = static_cast<ScriptVu&>(*vu.state);
  mine.begin_iteration(iteration);
  auto done = mine.run(self, call_.function);
  begin_samples(scenario_, mine.plan);
  body_series_.end_iteration(mine.plan);
  if (mine.engine.interrupted() || (!done && done.error().code == ErrorCode::cancelled))
    return IterationEnd::interrupted;
  if (!done) note_error(done.error().text);
  return IterationEnd::complete;
}

void ScriptBody::end_vu(Fiber&, Vu& vu) {
  vu.state.reset();
}

Result<std::string> ScriptBody::run_once(Fiber& self, const std::string& function,
                                         std::string_view data) {
  ScriptVu mine(scenario_, Prng(scenario_.shared.seed));
  TRY(mine.open(self, *this, data));
  mine.engine.group = enter_group(0, function);
  auto done = mine.run_for_json(self, function);
  begin_samples(scenario_, mine.plan);
  body_series_.end_iteration(mine.plan);
  return done;
}

Result<ScriptTexts> ScriptBody::summarize(Fiber& self, std::string_view data) {
  ScriptVu mine(scenario_, Prng(scenario_.shared.seed));
  TRY(mine.open(self, *this, data));
  return mine.run_for_texts(self, "handleSummary");
}

void ScriptBody::say(std::string_view text) {
  scenario_.shared.watcher.script_said(redacted(bundle(), text));
}

void ScriptBody::note_error(std::string_view text) {
  body_series_.error(redacted(bundle(), text));
}

void ScriptBody::warn(std::string_view text) {
  scenario_.shared.watcher.step_failed(scenario_.scenario.name, redacted(bundle(), text));
}

std::uint32_t ScriptBody::enter_group(std::uint32_t outer, std::string_view name) {
  key_ = groups_[outer];
  key_.append("::").append(name);
  if (const auto found = group_ids_.find(key_); found != group_ids_.end()) return found->second;
  if (name != TagBounds::other && bounds_.value("group", key_) == TagBounds::other)
    return enter_group(outer, TagBounds::other);
  const auto id = static_cast<std::uint32_t>(groups_.size());
  groups_.push_back(key_);
  group_ids_.emplace(key_, id);
  return id;
}

TagSetId ScriptBody::tags_of(std::uint32_t group, std::string_view tags, std::vector<Tag> more) {
  more.push_back({"group", groups_[group]});
  const auto parts = split(tags, '\n');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
    more.push_back({std::string(parts[i]), std::string(parts[i + 1])});
  return scenario_.shared.recorder.tags().with(scenario_.tags, more);
}

Series& ScriptBody::check_series(std::string_view name, std::uint32_t group,
                                 std::string_view tags) {
  key_.assign("c")
      .append(std::to_string(group))
      .append("\n")
      .append(name)
      .append("\n")
      .append(tags);
  if (const auto found = series_.find(key_); found != series_.end()) return *found->second;
  if (const auto few = bounds_.fewer(tags)) return check_series(name, group, *few);
  if (const auto few = bounds_.value("check", name); few != name)
    return check_series(few, group, tags);
  const TagSetId id = tags_of(group, tags, {{"check", std::string(name)}});
  return *series_.emplace(key_, &scenario_.shared.recorder.series(MetricId::checks, id))
              .first->second;
}

Series& ScriptBody::metric_series(MetricId metric, std::uint32_t group, std::string_view tags) {
  key_.assign("m").append(std::to_string(static_cast<unsigned>(metric))).append(" ");
  key_.append(std::to_string(group)).append("\n").append(tags);
  if (const auto found = series_.find(key_); found != series_.end()) return *found->second;
  if (const auto few = bounds_.fewer(tags)) return metric_series(metric, group, *few);
  const TagSetId id = tags_of(group, tags, {});
  return *series_.emplace(key_, &scenario_.shared.recorder.series(metric, id)).first->second;
}

RequestSeries& ScriptBody::request_series(const RequestMetrics& metrics, std::uint32_t group,
                                          std::string_view tags) {
  key_.assign(std::to_string(std::to_underlying(metrics.reqs))).append(" ");
  key_.append(std::to_string(group)).append("\n").append(tags);
  if (const auto found = request_series_.find(key_); found != request_series_.end())
    return *found->second;
  if (const auto few = bounds_.fewer(tags)) return request_series(metrics, group, *few);
  const RequestSeriesOptions options{
      .metrics = metrics, .base = tags_of(group, tags, {}), .model = scenario_.model};
  auto made = std::make_unique<RequestSeries>(scenario_.shared.recorder, options);
  return *request_series_.emplace(key_, std::move(made)).first->second;
}

HttpSeries& ScriptBody::http_series(const HttpSeriesKey& key) {
  key_.assign(key.method).append(" ").append(std::to_string(key.group)).append(" ");
  key_.append(key.expected).append(" ").append(key.name).append("\n").append(key.tags);
  if (const auto found = http_.find(key_); found != http_.end()) return *found->second;
  HttpSeriesKey fewer = key;
  if (!bounds_.is_named("url", key.name)) fewer.name = bounds_.value("name", key.name);
  const auto few_tags = bounds_.fewer(key.tags);
  if (few_tags) fewer.tags = *few_tags;
  if (few_tags || fewer.name != key.name) return http_series(fewer);
  const std::string name(key.name);
  const TagSetId id = tags_of(key.group, key.tags,
                              {{"method", std::string(key.method)}, {"name", name}, {"url", name}});
  HttpSeriesOptions options{.base = id, .model = scenario_.model};
  options.judged = key.expected != nothing_expected;
  if (!key.expected.empty() && options.judged)
    options.expected =
        &expected_.try_emplace(std::string(key.expected), statuses_of(key.expected)).first->second;
  auto made = std::make_unique<HttpSeries>(scenario_.shared.recorder, options);
  return *http_.emplace(key_, std::move(made)).first->second;
}

std::string_view ScriptBody::name_of_url(std::string_view url) {
  if (const auto found = names_.find(url); found != names_.end()) return found->second;
  std::string shape = url_shape(url);
  const auto known = shapes_.find(shape);
  const bool is_named = bounds_.is_named("name", url) || bounds_.is_named("url", url);
  if (known == shapes_.end() && shapes_.size() >= limits_.shapes_max && !is_named)
    return TagBounds::other;
  std::size_t& seen = known == shapes_.end() ? shapes_[shape] : known->second;
  if (shape == url || seen < limits_.names_exact_max || is_named) {
    ++seen;
    return names_.emplace(url, url).first->second;
  }
  if (seen++ == limits_.names_exact_max)
    scenario_.shared.watcher.step_failed(
        scenario_.scenario.name,
        fmt::format("more than {} URLs are like {}: from here on they are counted under that "
                    "name; tags: {{ name: ... }} of a request gives it one of your own",
                    limits_.names_exact_max, shape));
  // The key of the shape itself, so that the view stays.
  return names_.emplace(shape, shape).first->second;
}

const KnownRequest* ScriptBody::find_request(std::string_view key) const {
  const auto found = requests_.find(key);
  return found != requests_.end() ? &found->second : nullptr;
}

const KnownRequest* ScriptBody::keep_request(std::string_view key, KnownRequest request) {
  if (requests_.size() >= limits_.requests_known_max) return nullptr;
  return &requests_.insert_or_assign(std::string(key), std::move(request)).first->second;
}

}  // namespace brunt
