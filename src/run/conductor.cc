#include "run/conductor.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "loop/fiber_group.h"
#include "metrics/threshold_judge.h"
#include "plan/describe_plan.h"
#include "plan/script_bundle.h"
#include "run/generator_processes.h"
#include "run/generator_setup.h"
#include "run/generator_threads.h"
#include "run/kept_record.h"
#include "run/load_units.h"
#include "run/run_control.h"
#include "run/run_description.h"
#include "run/run_faults.h"
#include "run/run_folder.h"
#include "run/run_verdict.h"
#include "run/script_stages.h"
#include "run/seconds.h"
#include "run/service_profile.h"
#include "run/service_set.h"
#include "run/service_watch.h"
#include "run/shared_counters.h"
#include "run/subject_book.h"
#include "run/target_check.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

class Conductor {
 public:
  Conductor(const Plan& plan, const RunOptions& options, RunObserver& observer, Loop& loop)
      : plan_(plan),
        options_(options),
        observer_(observer),
        loop_(loop),
        resolver_(loop, {}),
        seconds_(options.processes > 1 ? options.processes
                                       : static_cast<std::uint32_t>(options.threads)),
        recorder_("local"),
        judge_(thresholds_of(plan, options), {.warm_up = plan.warmup.value_or(Duration{}),
                                              .load_end = load_end_of(plan),
                                              .is_of_fault =
                                                  [this](std::int64_t second) {
                                                    return faults_ != nullptr &&
                                                           faults_->is_of_fault(second);
                                                  }}),
        control_(loop, {.plan = plan,
                        .seconds = seconds_,
                        .judge = judge_,
                        .elapsed = [this] { return started_ ? loop_.now() - start_ : Duration{}; },
                        .stop = [this] { stop(StopKind::gracefully); },
                        .phase = [this](const std::string& text) { observer_.phase(text); }}) {}

  Result<ConductedRun> conduct(Fiber& self, Signals* signals);
  // Where a run did not begin for a reason that its error's code does not tell.
  std::optional<ExitCode> code_of_failure() const { return code_of_failure_; }
  std::optional<ScriptTexts> take_texts_of_failure() { return std::move(texts_of_failure_); }

 private:
  static std::vector<Threshold> thresholds_of(const Plan& plan, const RunOptions& options) {
    std::vector<Threshold> thresholds;
    if (options.thresholds == Thresholds::ignored) return thresholds;
    for (const Expectation& expectation : plan.expectations)
      thresholds.push_back(expectation.threshold);
    return thresholds;
  }

  Result<> make_setup();
  Result<> make_folders();
  Result<> open_streams();
  void make_generators();
  Result<> generate(Fiber& self, ServiceSet& services);
  Result<> make_faults(ServiceSet& services);
  void tear_down(Fiber& self);
  void take_stages(std::int64_t second);
  void hear(ScriptJudgement judgement, const std::string& reason);
  void begin_ledger();
  void take(GeneratorSecond second);
  void close(std::vector<ClosedSecond> closed);
  void show(std::span<const ClosedSecond> closed);
  void watch_abort();
  void watch_signals(Fiber& self, Signals& signals);
  void stop(StopKind kind);
  ConductedRun finish(Fiber& self);
  void summarize_failure(Fiber& self, const Error& error);
  void finish_streams(RunRecord& record);

  const Plan& plan_;
  const RunOptions& options_;
  RunObserver& observer_;
  Loop& loop_;
  Resolver resolver_;
  MetricRegistry registry_;
  std::unique_ptr<GeneratorSetup> setup_;
  std::unique_ptr<SharedCounters> counters_;
  std::vector<std::string> members_;
  std::unique_ptr<ScriptStages> stages_;  // Where the plan has scripts.
  std::unique_ptr<Generators> generators_;
  Seconds seconds_;
  SecondRecorder recorder_;
  ThresholdJudge judge_;
  RunControl control_;
  HonestyGate honesty_;
  std::unique_ptr<LedgerWriter> ledger_;
  std::vector<std::unique_ptr<K6Stream>> streams_;
  RunRecord record_;
  std::optional<RunFolder> folder_;  // Stores, engines, a ledger that nobody wants to keep.
  fs::path logs_;                    // Of services; in folder_ where no record is kept.
  Instant start_{};
  bool started_ = false;
  bool is_over_ = false;  // What is left is to write down what it came to.
  std::uint32_t interrupts_ = 0;
  const Threshold* aborted_by_ = nullptr;
  std::string casualty_, failure_;
  ExitCode failure_code_ = ExitCode::other;
  std::optional<ExitCode> code_of_failure_;
  std::optional<ScriptTexts> texts_of_failure_;
  ScriptJudgement judgement_ = ScriptJudgement::none;  // The script's own.
  std::string reason_;
  SubjectBook subjects_;
  std::unique_ptr<ServiceOutages> outages_;
  std::unique_ptr<RunFaults> faults_;
  FiberGroup* fault_fibers_ = nullptr;  // While the load goes on.
};

Result<> Conductor::make_setup() {
  setup_ =
      std::make_unique<GeneratorSetup>(TRY(setup_of(plan_, options_, registry_, record_.run.seed)));
  counters_ = std::make_unique<SharedCounters>(plan_, options_.segment, setup_->threads);
  counters_->lend(*setup_);
  return {};
}

Result<> Conductor::make_folders() {
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  folder_.emplace(TRY(RunFolder::make(error ? fs::path("/tmp") : temporary, loop_.wall())));
  logs_ = folder_->path();
  const bool has_process = std::ranges::any_of(plan_.services, [](const ServicePlan& service) {
    return !std::holds_alternative<AddressService>(service.kind);
  });
  if (!options_.ledger.empty() && has_process)
    logs_ = TRY(make_log_folder(options_.ledger, record_.run.id));
  return {};
}

Result<> Conductor::open_streams() {
  for (K6StreamOptions stream : options_.streams) {
    for (const Threshold& threshold : judge_.thresholds())
      stream.thresholds[threshold.selector.text()].push_back(threshold.condition.text);
    streams_.push_back(TRY(K6Stream::open(stream)));
  }
  return {};
}

void Conductor::begin_ledger() {
  LedgerWriterOptions options{.ledger = {.place = options_.ledger},
                              .spill_folder = fs::temp_directory_path().string()};
  if (options_.ledger.empty()) options.ledger.place = (folder_->path() / "ledger.db").string();
  ledger_ = std::make_unique<LedgerWriter>(options);
  RunRecord head = record_;
  head.scenarios = seconds_.scenarios(plan_);
  head.events = faults_->planned_events();
  ledger_->begin(std::move(head));
}

Result<ConductedRun> Conductor::conduct(Fiber& self, Signals* signals) {
  record_.run = describe_run(plan_, options_, loop_);
  TRY(make_setup());
  TRY(make_folders());
  FiberGroup watchers(loop_), listeners(loop_);
  if (auto open = control_.open(watchers, options_.address); !open) {
    code_of_failure_ = ExitCode::cannot_start_api;
    return std::unexpected(std::move(open).error());
  }
  if (signals != nullptr)
    TRY(listeners.spawn("signals", [&](Fiber& fiber) { watch_signals(fiber, *signals); }));
  Dialer dialer(loop_, resolver_, setup_->allow, {});
  ServiceSet services(dialer, {.program = options_.program,
                               .logs = logs_,
                               .temporary = folder_->path(),
                               .allow = setup_->allow_rules,
                               .seed = record_.run.seed});
  Result<> done = services.start(self, plan_, observer_);
  if (!done && logs_ != folder_->path()) done.error().text += "; logs are in " + logs_.string();
  if (done && interrupts_ == 0) done = generate(self, services);
  if (!started_ && generators_ != nullptr) generators_->abandon(self);
  if (!started_ && interrupts_ > 0)
    done = fail(ErrorCode::cancelled, "interrupted before the load began");
  if (!started_ && control_.stopped()) {
    code_of_failure_ = ExitCode::stopped_by_api;
    done = fail(ErrorCode::cancelled, "stopped over the REST API before the load began");
  }
  services.stop(self, observer_);
  trim_logs(logs_, LogLimits{}.bytes_max, {});
  watchers.cancel();
  (void)watchers.join(self);
  is_over_ = true;
  if (!done && !started_) summarize_failure(self, done.error());
  if (!done) failure_ = done.error().text;
  Result<ConductedRun> outcome =
      started_ ? finish(self) : Result<ConductedRun>(std::unexpected(std::move(done).error()));
  listeners.cancel();
  (void)listeners.join(self);
  return outcome;
}

void Conductor::make_generators() {
  GeneratorEvents events{.second = [this](GeneratorSecond second) { take(std::move(second)); },
                         .warned = [this](const std::string& text) { observer_.warning(text); }};
  if (options_.processes > 1) {
    generators_ = std::make_unique<GeneratorProcesses>(
        loop_, *setup_, std::move(events),
        GeneratorProcessesOptions{.program = options_.program,
                                  .arguments = options_.source_arguments,
                                  .processes = options_.processes,
                                  .folder = folder_->path(),
                                  .backend = options_.backend});
    return;
  }
  generators_ = std::make_unique<GeneratorThreads>(
      loop_, *setup_, std::move(events),
      GeneratorThreadsOptions{
          .backend = options_.backend, .seed = record_.run.seed, .threads = options_.threads});
}

Result<> Conductor::make_faults(ServiceSet& services) {
  outages_ = std::make_unique<ServiceOutages>(services);
  faults_ = std::make_unique<RunFaults>(
      loop_, plan_, *outages_, services.links(),
      RunFaultsOptions{.seed = record_.run.seed,
                       .load_end = load_end_of(plan_),
                       .phase = [this](const std::string& text) { observer_.phase(text); },
                       .warning = [this](const std::string& text) { observer_.warning(text); },
                       .log = [this](LogLine line) { ledger_->log({std::move(line)}); }});
  return faults_->prepare();
}

Result<> Conductor::generate(Fiber& self, ServiceSet& services) {
  members_ = services.members();
  setup_->members = members_;
  TRY(check_targets(self, {resolver_, setup_->allow, setup_->redirections}, plan_, members_));
  ServiceProfiling profiling(services, {.service = options_.profile, .folder = folder_->path()});
  TRY(profiling.check());
  TRY(open_streams());
  TRY(make_faults(services));
  if (!scripts_of(plan_).empty()) {
    stages_ = std::make_unique<ScriptStages>(
        loop_, *setup_, [this](const std::string& text) { observer_.warning(text); });
    control_.lead(*stages_, setup_->script_data);
    TRY(control_.wait_for_start(self));
    control_.enter(RunPhase::setup);
    auto done = stages_->set_up(self, setup_->script_data);
    hear(stages_->judgement(), stages_->reason());
    if (judgement_ == ScriptJudgement::aborted)
      return fail(ErrorCode::aborted, "setup(): test aborted: " + reason_);
    TRY(std::move(done));
  }
  control_.enter(RunPhase::init_vus);
  make_generators();
  TRY(generators_->prepare(self));
  if (interrupts_ > 0 || control_.stopped()) return {};
  control_.lead(*generators_);
  record_.run.backend = name_of(generators_->backend());
  begin_ledger();
  // At once: a run that is killed has had services too.
  ledger_->log(describe_services(
      services, plan_, {.at = record_.run.started, .logs_stay = logs_ != folder_->path()}));
  started_ = true;
  start_ = loop_.precise_now() + std::chrono::milliseconds(2);
  const auto casualties = [this, &services](Fiber& fiber) {
    while (fiber.sleep(std::chrono::milliseconds(500))) {
      if (casualty_.empty()) {
        casualty_ = services.first_casualty();
        if (!casualty_.empty()) observer_.warning(casualty_);
      }
      trim_logs(logs_, LogLimits{}.running_bytes_max, {});
    }
  };
  ServiceWatch watch(plan_, services, registry_);
  FiberGroup watchers(loop_);
  TRY(watchers.spawn("casualties", casualties));
  TRY(watchers.spawn("watch", [&](Fiber& fiber) { watch.run(fiber, start_, seconds_); }));
  TRY(watchers.spawn("profile", [&](Fiber& fiber) {
    profiling.run(fiber, start_ + plan_.warmup.value_or(Duration{}));
  }));
  FiberGroup fault_fibers(loop_);
  TRY(faults_->start(fault_fibers, start_));
  fault_fibers_ = &fault_fibers;
  if (stages_) take_stages(0);
  control_.enter(RunPhase::running);
  auto done = generators_->run(self, start_);
  fault_fibers_ = nullptr;
  fault_fibers.cancel();
  (void)fault_fibers.join(self);
  control_.enter(RunPhase::teardown);
  control_.settle(self);
  if (stages_ && interrupts_ < 2) tear_down(self);
  if (interrupts_ == 0) control_.linger(self);
  watchers.cancel();
  (void)watchers.join(self);
  observer_.ended();
  profiling.finish(self, record_);
  return done;
}

// What fails here breaks nothing off: the load was made.
void Conductor::tear_down(Fiber& self) {
  if (!stages_->has_teardown()) return;
  const auto done = stages_->tear_down(self);
  if (!done && done.error().code != ErrorCode::cancelled) {
    observer_.warning(done.error().text);
    if (failure_.empty()) failure_ = done.error().text;
    failure_code_ = done.error().code == ErrorCode::timeout ? ExitCode::teardown_timeout
                                                            : ExitCode::script_exception;
  }
  hear(stages_->judgement(), stages_->reason());
  const std::int64_t second = (loop_.now() - start_) / std::chrono::seconds(1);
  take_stages(second);
  close(seconds_.close_rest(second));
}

// What setup() or teardown() measured.
void Conductor::take_stages(std::int64_t second) {
  const Snapshot measured = stages_->deliver(second, seconds_);
  for (auto& stream : streams_) stream->take(seconds_.origin_of(Seconds::Aside::script), measured);
}

// The script's word on its own run: the worst, and the first of these, counts.
void Conductor::hear(ScriptJudgement judgement, const std::string& reason) {
  if (judgement <= judgement_) return;
  judgement_ = judgement;
  reason_ = reason.empty() ? "no reason given" : reason;
  if (judgement != ScriptJudgement::aborted) return;
  observer_.warning("test aborted: " + reason_);
  stop(StopKind::now);
}

void Conductor::take(GeneratorSecond second) {
  if (!started_) return;  // A load that was abandoned hands over its one, empty second.
  for (auto& stream : streams_) stream->take(second.generator, second.snapshot);
  subjects_.take(second.subjects);
  hear(second.judgement, second.reason);
  auto closed = seconds_.take(second);
  const std::uint32_t generator = second.generator;
  const bool last = second.last;
  rinse(second.snapshot);
  if (!last) generators_->recycle(generator, std::move(second.snapshot));
  if (!closed) {
    observer_.warning(closed.error().text);
    return;
  }
  close(std::move(*closed));
}

void Conductor::close(std::vector<ClosedSecond> closed) {
  if (closed.empty()) return;
  for (const ClosedSecond& second : closed) {
    judge_.observe(second.second, second.rows);
    honesty_.observe(second.rows);
    for (SecondRecord& record : recorder_.take(second.second, second.rows))
      ledger_->append(std::move(record));
  }
  show(closed);
  watch_abort();
}

void Conductor::show(std::span<const ClosedSecond> closed) {
  Progress progress = seconds_.progress(plan_, closed);
  progress.elapsed = loop_.now() - start_;
  progress.duration = load_end_of(plan_);
  progress.faults = faults_->in_force();
  const bool warming = plan_.warmup && progress.elapsed < *plan_.warmup;
  const bool stopping = interrupts_ > 0 || aborted_by_ != nullptr || control_.stopped();
  progress.phase = stopping               ? "stopping"
                   : control_.is_paused() ? "paused"
                   : warming              ? "warm-up"
                                          : "running";
  observer_.second(progress);
}

void Conductor::watch_abort() {
  if (aborted_by_ != nullptr || interrupts_ > 0) return;
  aborted_by_ = judge_.abort_wanted(loop_.now() - start_);
  if (aborted_by_ == nullptr) return;
  observer_.warning(fmt::format("{}: {} does not hold, and it has abort_on_fail: stopping",
                                aborted_by_->selector.text(), aborted_by_->condition.text));
  stop(StopKind::gracefully);
}

void Conductor::stop(StopKind kind) {
  control_.end();
  const bool is_wanted = interrupts_ > 0 || control_.stopped();
  if (stages_ && (interrupts_ > 1 || (is_wanted && !started_))) stages_->break_off();
  // Before the start there is nothing to end gracefully.
  if (generators_ != nullptr) generators_->stop(started_ ? kind : StopKind::now);
  // What is frozen goes on, so that iterations under way can end.
  if (fault_fibers_ != nullptr) fault_fibers_->cancel();
}

void Conductor::watch_signals(Fiber& self, Signals& signals) {
  while (signals.next(self, far_future)) {
    if (is_over_ || control_.is_lingering()) {
      control_.end();
      if (stages_ && (is_over_ || signals.count() > 1)) stages_->break_off();
      continue;
    }
    interrupts_ = signals.count();
    if (interrupts_ == 1) {
      observer_.phase(!started_ ? "stopping before the load begins"
                      : control_.phase() == RunPhase::teardown
                          ? "teardown() goes on (Ctrl-C again breaks it off)"
                          : "stopping: iterations under way may end (Ctrl-C again ends at once)");
      stop(StopKind::gracefully);
    } else {
      stop(StopKind::now);
    }
  }
}

void Conductor::finish_streams(RunRecord& record) {
  for (auto& stream : streams_)
    for (std::string& note : stream->finish()) record.notes.push_back(std::move(note));
}

ConductedRun Conductor::finish(Fiber& self) {
  const Duration elapsed = loop_.precise_now() - start_;
  record_.run.ended = loop_.wall();
  record_.scenarios = seconds_.scenarios(plan_);
  record_.checks = seconds_.checks();
  record_.subjects = subjects_.close(record_.notes);
  finish_streams(record_);
  if (const std::uint64_t lost = seconds_.totals().series_overflowed(); lost > 0)
    record_.notes.push_back(
        fmt::format("more metrics and tags than can be held apart: {} more of them were counted "
                    "together, under overflow:true, so figures of single names and tags are too "
                    "small",
                    format_count(static_cast<double>(lost))));
  if (!casualty_.empty()) record_.notes.push_back(casualty_);
  record_.events = faults_->events(elapsed);
  for (const std::string& text : faults_->failures()) record_.notes.push_back(text);
  if (plan_.warmup)
    record_.events.push_back(
        {.to = std::min(*plan_.warmup, elapsed), .kind = EventKind::warm_up, .text = "warm-up"});
  add_verdict(record_, {.thresholds = judge_.final_results(elapsed),
                        .generator = honesty_.health(),
                        .aborted_by = aborted_by_,
                        .ending = interrupts_ > 0      ? VerdictInput::Ending::signal
                                  : control_.stopped() ? VerdictInput::Ending::api
                                                       : VerdictInput::Ending::planned,
                        .failure = failure_,
                        .failure_code = failure_code_,
                        .judgement = judgement_,
                        .reason = reason_});
  auto [record, kept] = keep_record(self, std::move(ledger_), record_, observer_);
  ConductedRun outcome{.record = std::move(record), .ledger = std::move(kept)};
  if (options_.ledger.empty()) outcome.ledger.place.clear();
  if (plan_.script != nullptr) outcome.setup_data = setup_->script_data.front();
  if (stages_) outcome.script_texts = stages_->summarize(self, outcome.record, options_.summary);
  return outcome;
}

// As in k6, handleSummary() has its say also where setup() or a VU's init code ended the run.
void Conductor::summarize_failure(Fiber& self, const Error& error) {
  if (!stages_ || error.code == ErrorCode::cancelled) return;
  record_.run.ended = loop_.wall();
  texts_of_failure_ = stages_->summarize(self, record_, options_.summary);
}

}  // namespace

std::expected<ConductedRun, RunFailure> conduct(Fiber& self, const Plan& plan,
                                                const RunOptions& options, RunObserver& observer,
                                                Signals* signals) {
  // Long-lived and large: not on a fiber's stack.
  const auto conductor = std::make_unique<Conductor>(plan, options, observer, self.loop());
  auto done = conductor->conduct(self, signals);
  if (!done)
    return std::unexpected(RunFailure{.error = done.error(),
                                      .code = conductor->code_of_failure(),
                                      .script_texts = conductor->take_texts_of_failure()});
  return std::move(*done);
}

}  // namespace brunt
