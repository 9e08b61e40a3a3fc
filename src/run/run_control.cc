#include "run/run_control.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fault/proxy_set.h"
#include "plan/script_bundle.h"
#include "report/figures.h"

namespace brunt {

RunControl::RunControl(Loop& loop, Sight sight)
    : loop_(loop),
      sight_(std::move(sight)),
      units_(load_units(sight_.plan)),
      controlled_(controlled_unit(units_)) {
  if (controlled_ != nullptr)
    scale_ = {.vus = controlled_->load.vus, .vus_max = controlled_->load.vus_max()};
  paused_ = sight_.plan.script != nullptr && sight_.plan.script->life.paused;
}

Result<> RunControl::open(FiberGroup& fibers, const std::string& address) {
  if (address.empty()) return {};
  const Endpoint at = TRY(parse_listen_address(address));
  auto server = HttpServer::listen(loop_, {.at = at}, rest_api(*this));
  if (!server)
    return fail(server.error().code,
                fmt::format("the REST API cannot be served at {}: {}; --address gives another",
                            address, server.error().text));
  server_ = std::move(*server);
  return fibers.spawn("REST API", [this](Fiber& fiber) { server_->serve(fiber); });
}

void RunControl::lead(ScriptStages& stages, std::vector<std::string>& setup_data) {
  stages_ = &stages;
  setup_data_ = &setup_data;
}

void RunControl::enter(RunPhase phase) {
  phase_ = phase;
  if (phase != RunPhase::running) return;
  SteeringOrder order;
  if (paused_) order.paused = true;
  if (controlled_ != nullptr) order.scale = scale_;
  if (order.paused || order.scale) generators_->steer(order);
}

Result<> RunControl::wait_for_start(Fiber& self) {
  if (!paused_) return {};
  phase_ = RunPhase::paused_before_run;
  sight_.phase(fmt::format("paused: brunt resume --address {} lets it begin",
                           server_ == nullptr ? "" : server_->endpoint().text()));
  waiter_ = &self;
  while ((paused_ || in_stage_) && !ended_ && self.park(far_future, "resume")) continue;
  waiter_ = nullptr;
  if (!ended_ && !self.cancelled()) return {};
  return fail(ErrorCode::cancelled, "ended before it began");
}

void RunControl::settle(Fiber& self) {
  waiter_ = &self;
  while (in_stage_ && self.park(far_future, "the API's setup() or teardown()")) continue;
  waiter_ = nullptr;
}

void RunControl::linger(Fiber& self) {
  phase_ = RunPhase::ended;
  if (sight_.plan.script == nullptr || !sight_.plan.script->life.linger) return;
  sight_.phase("the load is over; Ctrl-C ends the run (linger)");
  lingering_ = true;
  ended_ = false;  // The load's end was no end of this.
  waiter_ = &self;
  while ((!ended_ || in_stage_) && self.park(far_future, "Ctrl-C")) continue;
  waiter_ = nullptr;
  lingering_ = false;
}

void RunControl::end() {
  ended_ = true;
  wake();
}

void RunControl::wake() {
  if (waiter_ != nullptr) waiter_->wake();
}

ApiStatus RunControl::status() const {
  ApiStatus status{.phase = phase_, .paused = paused_, .stopped = stopped_ || ended_};
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    const VuCount heard = sight_.seconds.vus(unit);
    // What was ordered counts at once, as in k6; the generators tell theirs once a second.
    const bool is_ordered = &units_[unit] == controlled_;
    status.vus += is_ordered && phase_ < RunPhase::ended ? scale_.vus : heard.active;
    status.vus_max += is_ordered ? scale_.vus_max : heard.there;
  }
  status.tainted = std::ranges::any_of(
      sight_.judge.results(elapsed()),
      [](const ThresholdOutcome& outcome) { return outcome.state == ThresholdState::failed; });
  return status;
}

Result<std::optional<VuScale>> RunControl::scale_of(const ApiChange& change) const {
  if (!change.vus && !change.vus_max) return std::nullopt;
  if (controlled_ == nullptr)
    return fail(ErrorCode::invalid,
                "the run has no externally-controlled scenario: its VUs cannot be changed");
  const VuScale scale{.vus = change.vus.value_or(scale_.vus),
                      .vus_max = change.vus_max.value_or(scale_.vus_max)};
  TRY(check_scale(scale, controlled_->load));
  return scale;
}

Result<> RunControl::change(const ApiChange& change) {
  if (lingering_ && change.stopped) return end(), Result<>();
  if (phase_ > RunPhase::running || stopped_ || ended_)
    return fail(ErrorCode::denied, "the run is over, or about to be");
  if (change.stopped) {
    stopped_ = true;
    end();
    sight_.stop();
    return {};
  }
  SteeringOrder order{.paused = change.paused, .scale = TRY(scale_of(change))};
  if (order.scale) scale_ = *order.scale;
  if (order.paused) paused_ = *order.paused;
  if (phase_ == RunPhase::running)
    generators_->steer(order);
  else
    wake();
  return {};
}

std::vector<ApiMetric> RunControl::metrics() const {
  const Totals& totals = sight_.seconds.totals();
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const TotalSeries& series : totals.all())
    if (is_of_load(series.metric.name)) add(series.metric.name);
  const auto outcomes = sight_.judge.results(elapsed());
  for (const ThresholdOutcome& outcome : outcomes) add(outcome.threshold->selector.text());
  std::vector<ApiMetric> metrics;
  for (const std::string& name : names) {
    const auto selector = parse_selector(name);
    if (!selector) continue;
    auto total = totals.select(*selector);
    const MetricInfo* info = totals.find_metric(selector->metric);
    if (!total || info == nullptr) continue;
    ApiMetric metric{.name = name, .info = *info, .total = std::move(*total), .tainted = {}};
    for (const ThresholdOutcome& outcome : outcomes)
      if (outcome.threshold->selector.text() == name)
        metric.tainted = metric.tainted.value_or(false) || outcome.state == ThresholdState::failed;
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

K6Group RunControl::groups() const {
  std::vector<std::string> paths;
  for (const TotalSeries& series : sight_.seconds.totals().all())
    if (series.metric.name == "group_duration") paths.emplace_back(tag_value(series.tags, "group"));
  std::ranges::sort(paths);
  return k6_groups(paths, sight_.seconds.checks());
}

std::string RunControl::setup_data() const {
  return setup_data_ == nullptr || setup_data_->empty() ? std::string() : setup_data_->front();
}

Result<> RunControl::set_setup_data(std::string json) {
  if (stages_ == nullptr) return fail(ErrorCode::invalid, "the run is not of a k6 script");
  if (phase_ != RunPhase::paused_before_run)
    return fail(ErrorCode::denied,
                "VUs get their data when they begin: give it while the run is paused before its "
                "start (--paused)");
  setup_data_->resize(std::max<std::size_t>(setup_data_->size(), 1));
  setup_data_->front() = std::move(json);
  return {};
}

Result<> RunControl::begin_stage() {
  if (stages_ == nullptr) return fail(ErrorCode::invalid, "the run is not of a k6 script");
  if (in_stage_ || ended_ ||
      (phase_ != RunPhase::paused_before_run && phase_ != RunPhase::running && !lingering_))
    return fail(ErrorCode::denied, "setup() or teardown() runs already, or the run is over");
  in_stage_ = true;
  return {};
}

void RunControl::end_stage() {
  in_stage_ = false;
  wake();
}

Result<> RunControl::run_setup(Fiber& self) {
  TRY(begin_stage());
  auto done = stages_->set_up(self, *setup_data_);
  end_stage();
  return done;
}

Result<> RunControl::run_teardown(Fiber& self) {
  TRY(begin_stage());
  auto done = stages_->tear_down(self);
  end_stage();
  return done;
}

}  // namespace brunt
