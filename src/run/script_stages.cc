#include "run/script_stages.h"

#include <algorithm>

#include "run/network_options.h"

namespace brunt {

ScriptStages::ScriptStages(Loop& loop, const GeneratorSetup& setup,
                           std::function<void(std::string)> warned)
    : loop_(loop),
      setup_(setup),
      scripts_(scripts_of(setup.plan)),
      warned_(std::move(warned)),
      resolver_(loop, resolver_options_of(setup.plan, setup.hosts)),
      dialer_(loop, resolver_, setup.allow,
              {.local_ips = setup.local_ips, .redirections = setup.redirections}),
      recorder_(setup.registry, {.tap = setup.tap, .limits = {}}) {}

ScriptStages::~ScriptStages() = default;

Result<> ScriptStages::set_up(Fiber& self, std::vector<std::string>& data) {
  data.resize(scripts_.size());
  for (std::size_t i = 0; i < scripts_.size(); ++i)
    if (const ScriptLifeOptions& life = scripts_[i].bundle->life; life.has_setup)
      data[i] = TRY(run(self, {.script = i, .function = "setup", .limit = life.setup_max}, ""));
  return {};
}

bool ScriptStages::has_teardown() const {
  return std::ranges::any_of(
      scripts_, [](const PlannedScript& script) { return script.bundle->life.has_teardown; });
}

Result<> ScriptStages::tear_down(Fiber& self) {
  Result<> all;
  for (std::size_t i = 0; i < scripts_.size(); ++i) {
    const ScriptLifeOptions& life = scripts_[i].bundle->life;
    if (!life.has_teardown) continue;
    const auto done = run(self, {.script = i, .function = "teardown", .limit = life.teardown_max},
                          setup_.script_data[i]);
    if (!done && all) all = std::unexpected(done.error());
  }
  return all;
}

std::optional<ScriptTexts> ScriptStages::summarize(Fiber& self, const RunRecord& record,
                                                   K6SummaryOptions options) {
  // Of a plan's several scripts none speaks for all.
  if (setup_.plan.script == nullptr || !setup_.plan.script->life.has_summary || broken_off_)
    return std::nullopt;
  const ScriptLifeOptions& life = setup_.plan.script->life;
  options.trend_stats = life.trend_stats;
  options.time_unit = life.time_unit;
  options.setup_data = setup_.script_data.front();
  const std::string data =
      (options.machine ? k6_machine_summary(record, options) : k6_summary_data(record, options))
          .dump();
  ScriptTexts texts;
  const auto summarize_it = [&](ScriptStage& stage) -> Result<> {
    texts = TRY(stage.summarize(self, data, life.summary_max));
    return {};
  };
  if (const auto done = with_stage(0, summarize_it); !done) {
    warned_(done.error().text + "; the summary is brunt's own");
    return std::nullopt;
  }
  return texts;
}

Result<std::string> ScriptStages::run(Fiber& self, const Call& call, std::string_view data) {
  std::string returned;
  const auto run_it = [&](ScriptStage& stage) -> Result<> {
    returned = TRY(stage.run(self, call.function, data, call.limit));
    return {};
  };
  TRY(with_stage(call.script, run_it));
  return returned;
}

Result<> ScriptStages::with_stage(std::size_t script,
                                  const std::function<Result<>(ScriptStage&)>& work) {
  if (broken_off_) return fail(ErrorCode::cancelled, "the run ends");
  tls_ = TRY(TlsContext::client(tls_options_of(setup_.plan)));
  HttpContext http{.loop = loop_, .dialer = dialer_, .tls = tls_.get()};
  StepContext context{.loop = loop_,
                      .plan = setup_.plan,
                      .members = setup_.members,
                      .cursors = setup_.cursors,
                      .http = http,
                      .recorder = recorder_,
                      .step_errors = setup_.step_errors,
                      .seed = setup_.seed,
                      .watcher = *this};
  ScriptStage stage(context, setup_.registry, scripts_[script].scenario);
  running_ = &stage;
  auto done = work(stage);
  running_ = nullptr;
  return done;
}

void ScriptStages::break_off() {
  broken_off_ = true;
  if (running_ != nullptr) running_->break_off();
}

Snapshot ScriptStages::deliver(std::int64_t second, Seconds& seconds) {
  Snapshot snapshot = recorder_.freeze(second);
  // It can fail only if what we froze ourselves makes no sense.
  (void)seconds.take_aside(snapshot, Seconds::Aside::script);
  return snapshot;
}

void ScriptStages::script_judged(ScriptJudgement judgement, std::string_view reason) {
  if (judgement <= judgement_) return;
  judgement_ = judgement;
  reason_ = reason;
}

void ScriptStages::step_failed(std::string_view, std::string_view text) {
  warned_(std::string(text));
}

void ScriptStages::script_said(std::string_view text) {
  warned_(std::string(text));
}

}  // namespace brunt
