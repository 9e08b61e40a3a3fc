// The part of a run that makes load on one loop: its connections, its VUs, its recorder, its
// segment of every scenario.
//
// The same on a generator thread, in a generator process, and on the simulated loop of a rehearsal.
// It is told where to put its seconds; it shares only constants and the atomic counters of the
// setup with others.
//
//   Generator generator(loop, setup, sink);
//   TRY(generator.prepare(self));            // VUs that must be ready
//   generator.run(self, start);              // parks until the last VU has ended; a second handed
//   over each second
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/http_session.h"
#include "load/scenario_set.h"
#include "load/weighted_body.h"
#include "metrics/recorder.h"
#include "net/dialer.h"
#include "plan/plan.h"
#include "run/load_units.h"
#include "run/steering.h"
#include "step/step_context.h"

namespace brunt {

// An execution segment as it was written, to be handed on to generator processes.
struct SegmentText {
  std::string bounds, sequence;
};

// What all generators of a process share. Constant once they run, but for the counters that the
// pointers lead to.
struct GeneratorSetup {
  const Plan& plan;
  std::span<const std::string> members;  // Of services, as each sees them (plan/link_plan.h).
  const MetricRegistry& registry;
  MetricId step_errors{};
  AllowList allow;
  std::vector<std::string> allow_rules;  // What `allow` was made of: for generator processes.
  std::vector<HostEntry> hosts;          // For the simulated network.
  std::vector<Redirection> redirections;
  std::vector<Endpoint> local_ips;
  std::uint32_t loopback_first = 0;  // DialerOptions' for the first of its generators.
  SampleTap tap = SampleTap::off;
  Segment segment;                 // This process's part of the test.
  SegmentText segment_text;        // The instance's: what generator processes share out.
  std::uint64_t threads = 1;       // Of this process.
  std::uint32_t first_thread = 0;  // Of the run's generator threads, the first that is its own.
  std::uint64_t seed = 1;
  std::vector<IterationBudget*> budgets;  // By load unit; nullptr but for shared-iterations.
  ScenarioEnds* ends = nullptr;           // By load unit.
  std::vector<DataCursor*> cursors;       // By Plan::data.
  Rehearsing rehearsal = Rehearsing::no;
  std::vector<std::string> script_data;  // By scripts_of(): JSON of what setup() returned, or "".
};

// Adds what the plan's steps count, and the metrics of its script. Errors: invalid, exhausted.
Result<MetricId> register_metrics(const Plan& plan, MetricRegistry& registry);

// What a generator did in one second, and how it is.
struct GeneratorSecond {
  std::uint32_t generator = 0;
  Snapshot snapshot;
  std::vector<ScenarioProgress> progress;
  std::vector<SubjectFigure> subjects;  // Of clients that have ended.
  double cpu = 0;                       // Of one core, by this thread, over the second.
  Duration lag{};                       // The loop's longest turn.
  ScriptJudgement judgement = ScriptJudgement::none;  // The script's, of the run so far.
  std::string reason;                                 // The one it gave.
  bool last = false;                                  // Nothing comes after it.
};

// Where seconds and sentences go. Called on the generator's loop; must not park.
class GeneratorSink {
 public:
  virtual ~GeneratorSink() = default;
  virtual void second(GeneratorSecond second) = 0;
  virtual void warned(std::string text) = 0;
};

class Generator : LoadObserver, StepWatcher {
 public:
  // All must outlive it. `index`: which of setup.threads.
  Generator(Loop& loop, const GeneratorSetup& setup, std::uint32_t index, GeneratorSink& sink);
  ~Generator() override;

  // Parks until the VUs that are to be ready are. Errors: what the plan's files, names or `before:`
  // gave.
  Result<> prepare(Fiber& self);

  // Parks until every VU has ended, then hands over the last second. Errors: the first of any
  // scenario.
  Result<> run(Fiber& self, Instant start);

  void stop(StopKind kind);
  void steer(const SteeringOrder& order);

  // Takes a rinsed snapshot's memory back; on the loop's thread.
  void recycle(Snapshot snapshot) { recorder_.recycle(std::move(snapshot)); }

 private:
  struct UnitSeries {
    Series* iterations = nullptr;
    Series* iteration_duration = nullptr;
    Series* dropped = nullptr;
    Series* interrupted = nullptr;
    Series* slip = nullptr;
    Series* delay = nullptr;
    Series* dropped_late = nullptr;
    Series* vus = nullptr;
    Series* vus_max = nullptr;
  };

  void arrival_started(std::size_t scenario, const Iteration& iteration) override;
  void iteration_ended(std::size_t scenario, const Iteration& iteration, Instant ended,
                       IterationEnd end) override;
  void iterations_dropped(std::size_t scenario, std::uint64_t count, Instant at) override;
  void warned(std::size_t scenario, std::string_view text) override;
  void step_failed(std::string_view scenario, std::string_view text) override;
  void data_used_up(std::uint32_t scenario) override;
  void subject_ended(const Subject& subject) override;
  void script_said(std::string_view text) override;
  void script_judged(ScriptJudgement judgement, std::string_view reason) override;
  InstanceFigures instance() const override;

  Result<> make_tls();
  Result<std::unique_ptr<VuBody>> make_body(std::uint32_t scenario, LoadModel model);
  Result<> add_unit(std::size_t index);
  void make_series();
  void hand_over_seconds(Fiber& self, Instant start);
  void hand_over(std::int64_t second, bool last);

  Loop& loop_;
  const GeneratorSetup& setup_;
  std::uint32_t index_;
  GeneratorSink& sink_;
  Resolver resolver_;
  Dialer dialer_;
  std::unique_ptr<TlsContext> tls_;
  std::vector<LoadUnit> units_;
  Recorder recorder_;
  std::unique_ptr<HttpContext> http_;
  std::optional<StepContext> step_;
  std::vector<std::unique_ptr<VuBody>> bodies_;
  std::vector<std::unique_ptr<WeightedBody>> weighted_;
  ScenarioSet scenarios_;
  std::vector<UnitSeries> series_;  // By load unit, as the executors number them.
  Series* cpu_ = nullptr;
  Series* lag_ = nullptr;
  Series* held_up_ = nullptr;
  std::vector<std::string> warned_;      // Each sentence once.
  std::vector<SubjectFigure> subjects_;  // Of this second.
  Duration cpu_before_{};
  Instant started_{}, frozen_at_{};
  ScriptJudgement judgement_ = ScriptJudgement::none;
  std::string reason_;
};

}  // namespace brunt
