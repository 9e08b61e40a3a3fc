#include "run/script_stages.h"

#include "script/script_stage.h"

namespace brunt {

ScriptStages::ScriptStages(Loop& loop, const GeneratorSetup& setup,
                           std::function<void(std::string)> warned)
    : loop_(loop),
      setup_(setup),
      warned_(std::move(warned)),
      resolver_(loop, {.hosts = setup.hosts}),
      dialer_(loop, resolver_, setup.allow,
              {.local_ips = setup.local_ips, .redirections = setup.redirections}),
      recorder_(setup.registry) {}

ScriptStages::~ScriptStages() = default;

Result<std::string> ScriptStages::set_up(Fiber& self) {
  return setup_.plan.script->has_setup ? run(self, "setup", limits_.setup_max) : std::string();
}

Result<> ScriptStages::tear_down(Fiber& self) {
  if (setup_.plan.script->has_teardown) TRY(run(self, "teardown", limits_.teardown_max));
  return {};
}

Result<std::string> ScriptStages::run(Fiber& self, const std::string& function, Duration limit) {
  const TlsOptions& options = setup_.plan.tls;
  tls_ = TRY(TlsContext::client({.ca_file = options.ca.string(),
                                 .insecure = options.insecure,
                                 .certificate = options.certificate.string(),
                                 .key = options.key.string()}));
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
  return stage.run(self, function, setup_.script_data, limit);
}

void ScriptStages::deliver(std::int64_t second, Seconds& seconds) {
  Snapshot snapshot = recorder_.freeze(second);
  // It can fail only if what we froze ourselves makes no sense.
  (void)seconds.take_aside(snapshot, Seconds::Aside::script);
}

void ScriptStages::step_failed(std::string_view, std::string_view text) {
  warned_(std::string(text));
}

void ScriptStages::script_said(std::string_view text) {
  warned_(std::string(text));
}

}  // namespace brunt
