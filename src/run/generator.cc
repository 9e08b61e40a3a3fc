#include "run/generator.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "net/source_addresses.h"
#include "plan/script_bundle.h"
#include "run/network_options.h"
#include "script/script_body.h"
#include "step/plan_body.h"

namespace brunt {
namespace {

Duration thread_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// What the generator adds to the wait of an arrival is told where it could matter: a tenth of a
// wait that is the target's doing is less than two runs differ by.
constexpr Duration delay_min = std::chrono::milliseconds(1);
constexpr int delay_share = 10;

constexpr std::string_view https = "https://";

bool asks_https(const Step& step) {
  const auto* request = std::get_if<RequestStep>(&step.kind);
  return request != nullptr && request->target.source().starts_with(https);
}

// As far as the plan's text tells: captures, redirects and scripts may lead there too.
bool is_https(const Scenario& scenario) {
  return scenario.script || scenario.target.source().starts_with(https) ||
         any_step(scenario.before, asks_https) || any_step(scenario.steps, asks_https);
}

constexpr std::size_t sentences_max = 100;  // Of one generator; what comes after says nothing new.

std::vector<FarAddress> far_addresses(const GeneratorSetup& setup) {
  std::vector<FarAddress> all;
  for (const LinkedAddress& link : linked_addresses(setup.plan, setup.members))
    if (const auto at = Endpoint::parse(link.address)) all.push_back({*at, link.round_trip});
  return all;
}

}  // namespace

Generator::Generator(Loop& loop, const GeneratorSetup& setup, std::uint32_t index,
                     GeneratorSink& sink)
    : loop_(loop),
      setup_(setup),
      index_(index),
      sink_(sink),
      resolver_(loop, resolver_options_of(setup.plan, setup.hosts)),
      dialer_(loop, resolver_, setup.allow,
              {.local_ips = setup.local_ips,
               .loopback_first = setup.loopback_first + share_of_sources(index, setup.threads),
               .redirections = setup.redirections,
               .far = far_addresses(setup)}),
      units_(load_units(setup.plan)),
      recorder_(setup.registry, {.tap = setup.tap}),
      scenarios_({.loop = loop,
                  .observer = *this,
                  .segment = setup.segment.part(index, setup.threads),
                  .instance = Segment().part(index, setup.threads),
                  .threads = setup.threads,
                  .ends = setup.ends}) {}

Generator::~Generator() = default;

Result<> Generator::make_tls() {
  tls_ = TRY(TlsContext::client(tls_options_of(setup_.plan)));
  // Else the first connection would stop the loop for it.
  if (std::ranges::any_of(setup_.plan.scenarios, is_https)) tls_->read_roots();
  return {};
}

Result<> Generator::prepare(Fiber& self) {
  TRY(make_tls());
  // Not make_unique: an aggregate whose parts cannot move.
  http_.reset(new HttpContext{.loop = loop_, .dialer = dialer_, .tls = tls_.get()});
  step_.emplace(StepContext{.loop = loop_,
                            .plan = setup_.plan,
                            .members = setup_.members,
                            .cursors = setup_.cursors,
                            .http = *http_,
                            .recorder = recorder_,
                            .step_errors = setup_.step_errors,
                            .seed = setup_.seed,
                            .watcher = *this,
                            .rehearsing = setup_.rehearsal});
  if (setup_.plan.script != nullptr && setup_.plan.script->network.requests_each_second > 0)
    step_->pace.interval = from_seconds(static_cast<double>(setup_.threads) /
                                        (setup_.plan.script->network.requests_each_second *
                                         std::max(setup_.segment.fraction(), 1e-9)));
  make_series();
  for (std::size_t i = 0; i < units_.size(); ++i) TRY(add_unit(i));
  return scenarios_.prepare(self);
}

Result<MetricId> register_metrics(const Plan& plan, MetricRegistry& registry) {
  for (const PlannedScript& script : scripts_of(plan))
    for (const MetricInfo& metric : script.bundle->metrics) TRY(registry.add(metric));
  return registry.add({.name = "step_errors"});
}

Result<std::unique_ptr<VuBody>> Generator::make_body(std::uint32_t scenario, LoadModel model) {
  if (!setup_.plan.scenarios[scenario].script)
    return TRY(PlanBody::create(*step_, scenario, model));
  return TRY(ScriptBody::create(
      *step_, {.registry = setup_.registry,
               .scenario = scenario,
               .model = model,
               .setup_data = setup_.script_data.at(script_of(setup_.plan, scenario))}));
}

Result<> Generator::add_unit(std::size_t index) {
  const LoadUnit& unit = units_[index];
  const LoadModel model = is_open(unit.load.executor) ? LoadModel::open : LoadModel::closed;
  std::vector<WeightedBody::Part> parts;
  for (const std::uint32_t scenario : unit.scenarios) {
    bodies_.push_back(TRY(make_body(scenario, model)));
    parts.push_back({.body = bodies_.back().get(),
                     .weight = std::max<std::uint64_t>(1, setup_.plan.scenarios[scenario].weight)});
  }
  VuBody* body = parts.front().body;
  if (parts.size() > 1) {
    weighted_.push_back(
        std::make_unique<WeightedBody>(TRY(WeightedBody::create(std::move(parts)))));
    body = weighted_.back().get();
  }
  TRY(scenarios_.add(unit.load, *body, setup_.budgets[index]));
  return {};
}

void Generator::make_series() {
  for (const LoadUnit& unit : units_) {
    const Tags own =
        unit.scenarios.size() == 1 ? setup_.plan.scenarios[unit.scenarios.front()].tags : Tags{};
    const TagSetId id = scenario_tags(recorder_, setup_.plan, own, unit.load.name);
    const auto series = [&](MetricId metric) { return &recorder_.series(metric, id); };
    series_.push_back({.iterations = series(MetricId::iterations),
                       .iteration_duration = series(MetricId::iteration_duration),
                       .dropped = series(MetricId::dropped_iterations),
                       .interrupted = series(MetricId::iterations_interrupted),
                       .slip = series(MetricId::generator_schedule_slip),
                       .delay = series(MetricId::generator_delay),
                       .dropped_late = series(MetricId::generator_dropped),
                       .vus = series(MetricId::vus),
                       .vus_max = series(MetricId::vus_max)});
  }
  const TagSetId thread = recorder_.tags().with(
      TagSetId::none, {{"thread", std::to_string(setup_.first_thread + index_)}});
  cpu_ = &recorder_.series(MetricId::generator_cpu, thread);
  lag_ = &recorder_.series(MetricId::generator_loop_lag, thread);
  held_up_ = &recorder_.series(MetricId::generator_held_up, thread);
}

Result<> Generator::run(Fiber& self, Instant start) {
  started_ = start;
  frozen_at_ = loop_.now();
  cpu_before_ = thread_cpu();
  loop_.reset_lag();
  Fiber* seconds =
      TRY(loop_.spawn("seconds", [this, start](Fiber& fiber) { hand_over_seconds(fiber, start); }));
  auto done = scenarios_.run(self, start);
  seconds->cancel();
  const std::int64_t last =
      std::max<std::int64_t>(0, (loop_.now() - start) / std::chrono::seconds(1));
  hand_over(last, true);
  return done;
}

void Generator::stop(StopKind kind) {
  scenarios_.stop(kind);
}

void Generator::steer(const SteeringOrder& order) {
  if (order.paused && *order.paused) scenarios_.pause();
  if (order.paused && !*order.paused) scenarios_.resume();
  const LoadUnit* const controlled = controlled_unit(units_);
  if (order.scale && controlled != nullptr)
    scenarios_.scale(static_cast<std::size_t>(controlled - units_.data()), *order.scale);
}

void Generator::hand_over_seconds(Fiber& self, Instant start) {
  for (std::int64_t second = 0;; ++second) {
    if (!self.sleep_until(start + std::chrono::seconds(second + 1))) return;
    hand_over(second, false);
  }
}

void Generator::hand_over(std::int64_t second, bool last) {
  const Instant now = loop_.now();
  const Duration cpu_now = thread_cpu();
  GeneratorSecond handed{.generator = index_, .last = last};
  if (now > frozen_at_)
    handed.cpu = seconds_of(cpu_now - cpu_before_) / seconds_of(now - frozen_at_);
  const LoopStats loop = loop_.stats();
  handed.lag = loop.lag_max;
  loop_.reset_lag();
  cpu_before_ = cpu_now;
  // A rest of a second at the end says too little: its figure would be of a few milliseconds.
  const bool whole = now - frozen_at_ > std::chrono::milliseconds(500);
  frozen_at_ = now;
  if (whole) cpu_->add(handed.cpu);
  lag_->add(handed.lag);
  held_up_->add(loop.held_up);
  handed.progress = scenarios_.progress();
  // At its end every VU has gone, which says nothing of the run.
  for (std::size_t i = 0; !last && i < handed.progress.size(); ++i) {
    series_[i].vus->add(static_cast<double>(handed.progress[i].now.vus_active));
    series_[i].vus_max->add(static_cast<double>(handed.progress[i].now.vus));
  }
  handed.snapshot = recorder_.freeze(second);
  handed.subjects = std::exchange(subjects_, {});
  handed.judgement = judgement_;
  handed.reason = reason_;
  sink_.second(std::move(handed));
}

void Generator::arrival_started(std::size_t scenario, const Iteration& iteration) {
  const Duration slip = iteration.started - iteration.planned;
  series_[scenario].slip->add(slip);
  const Duration delay = slip - iteration.waited_for_vu;
  if (delay >= delay_min && delay * delay_share > slip) series_[scenario].delay->add(delay);
}

void Generator::iteration_ended(std::size_t scenario, const Iteration& iteration, Instant ended,
                                IterationEnd end) {
  if (end == IterationEnd::interrupted) {
    series_[scenario].interrupted->add(1.0);
    return;
  }
  if (recorder_.tapping())
    recorder_.stamp({.at = loop_.wall(), .iteration = iteration.index_in_vu});
  series_[scenario].iterations->add(1.0);
  series_[scenario].iteration_duration->add(ended - iteration.started);
}

void Generator::iterations_dropped(std::size_t scenario, std::uint64_t count, Instant at) {
  series_[scenario].dropped->add(static_cast<double>(count));
  if (loop_.now() - at >= long_turn)
    series_[scenario].dropped_late->add(static_cast<double>(count));
}

void Generator::warned(std::size_t scenario, std::string_view text) {
  step_failed(units_[scenario].load.name, text);
}

void Generator::data_used_up(std::uint32_t scenario) {
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    if (std::ranges::find(units_[unit].scenarios, scenario) == units_[unit].scenarios.end())
      continue;
    warned(unit, "every row of its data was used once; it ends");
    scenarios_.stop_scenario(unit, StopKind::gracefully);
  }
}

void Generator::subject_ended(const Subject& subject) {
  subject.append_figures(subjects_);
}

void Generator::script_said(std::string_view text) {
  sink_.warned(std::string(text));
}

void Generator::script_judged(ScriptJudgement judgement, std::string_view reason) {
  if (judgement <= judgement_) return;
  judgement_ = judgement;
  reason_ = reason;
  if (judgement == ScriptJudgement::aborted) scenarios_.stop(StopKind::now);
}

InstanceFigures Generator::instance() const {
  InstanceFigures figures{.elapsed = std::max(loop_.now() - started_, Duration{})};
  for (const ScenarioProgress& scenario : scenarios_.progress()) {
    figures.completed += scenario.now.counts.completed;
    figures.interrupted += scenario.now.counts.interrupted;
    figures.vus_active += scenario.now.vus_active;
    figures.vus += scenario.now.vus;
  }
  return figures;
}

void Generator::step_failed(std::string_view scenario, std::string_view text) {
  if (warned_.size() >= sentences_max) return;
  std::string sentence = fmt::format("scenario {}: {}", scenario, text);
  if (std::ranges::find(warned_, sentence) != warned_.end()) return;
  warned_.push_back(sentence);
  sink_.warned(std::move(sentence));
}

}  // namespace brunt
