#include "run/script_stages.h"

#include "plan/script_bundle.h"
#include "run/network_options.h"

namespace brunt {

ScriptStages::ScriptStages(Loop& loop, const GeneratorSetup& setup,
                           std::function<void(std::string)> warned)
    : loop_(loop),
      setup_(setup),
      warned_(std::move(warned)),
      resolver_(loop, resolver_options_of(setup.plan, setup.hosts)),
      dialer_(loop, resolver_, setup.allow,
              {.local_ips = setup.local_ips, .redirections = setup.redirections}),
      recorder_(setup.registry) {}

ScriptStages::~ScriptStages() = default;

Result<std::string> ScriptStages::set_up(Fiber& self) {
  const ScriptLifeOptions& life = setup_.plan.script->life;
  return life.has_setup ? run(self, "setup", life.setup_max) : std::string();
}

Result<> ScriptStages::tear_down(Fiber& self) {
  const ScriptLifeOptions& life = setup_.plan.script->life;
  if (life.has_teardown) TRY(run(self, "teardown", life.teardown_max));
  return {};
}

std::optional<ScriptTexts> ScriptStages::summarize(Fiber& self, const RunRecord& record,
                                                   K6SummaryOptions options) {
  const ScriptLifeOptions& life = setup_.plan.script->life;
  if (!life.has_summary) return std::nullopt;
  options.trend_stats = life.trend_stats;
  options.time_unit = life.time_unit;
  options.setup_data = setup_.script_data;
  const std::string data = k6_summary_data(record, options).dump();
  ScriptTexts texts;
  const auto summarize_it = [&](ScriptStage& stage) -> Result<> {
    texts = TRY(stage.summarize(self, data, life.summary_max));
    return {};
  };
  if (const auto done = with_stage(summarize_it); !done) {
    warned_(done.error().text + "; the summary is brunt's own");
    return std::nullopt;
  }
  return texts;
}

Result<std::string> ScriptStages::run(Fiber& self, const std::string& function, Duration limit) {
  std::string returned;
  const auto run_it = [&](ScriptStage& stage) -> Result<> {
    returned = TRY(stage.run(self, function, setup_.script_data, limit));
    return {};
  };
  TRY(with_stage(run_it));
  return returned;
}

Result<> ScriptStages::with_stage(const std::function<Result<>(ScriptStage&)>& work) {
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
  ScriptStage stage(context, setup_.registry);
  return work(stage);
}

void ScriptStages::deliver(std::int64_t second, Seconds& seconds) {
  Snapshot snapshot = recorder_.freeze(second);
  // It can fail only if what we froze ourselves makes no sense.
  (void)seconds.take_aside(snapshot, Seconds::Aside::script);
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
