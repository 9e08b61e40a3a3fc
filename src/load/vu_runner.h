// What both executors do with a VU: start it, run one iteration of it, rest, end it; and count.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "load/executor.h"
#include "load/load_observer.h"
#include "load/scenario_options.h"
#include "load/vu.h"

namespace brunt {

class VuRunner {
 public:
  VuRunner(const ScenarioOptions& options, const ExecutorContext& context);

  // Runs start_vu(). False: the VU cannot be used; counted, and warned about once. A VU that was
  // cancelled in the middle is not counted as failed.
  bool start(Fiber& self, Vu& vu);
  void end(Fiber& self, Vu& vu);
  // No fiber could be had for a VU.
  void spawn_failed(const Error& error);

  // Counts an iteration as started. run() or give_up() follows, once.
  void begin();
  // Runs it; fills in `started` and index_in_vu. Returns when it ended.
  Instant run(Fiber& self, Vu& vu, Iteration& iteration);
  // It was given to a VU that was cancelled before it could run it.
  void give_up(Iteration& iteration);

  // Until when a VU has to rest after an iteration, so that iterations are not shorter than the
  // scenario's minimum, and so that a body that never waits cannot keep the loop for itself.
  // `turn` is the loop's now() from before the iteration. Nothing: go on at once.
  std::optional<Instant> rest_until(const Iteration& iteration, Instant ended, Instant turn) const;

  void drop(std::uint64_t count, Instant at);
  void warn_once(bool& warned, std::string_view text);

  // The first error of all, if no VU has ever started.
  Result<> outcome() const;
  // After preparation: of scripts, whose VUs are all wanted, the first error of any.
  Result<> preparation() const;
  std::uint64_t vus_started() const { return vus_started_; }

  LoadCounts counts;

 private:
  void vu_failed(const Error& error);

  Loop& loop_;
  VuBody& body_;
  LoadObserver& observer_;
  std::size_t scenario_;
  bool open_;
  bool needs_all_;
  Duration iteration_min_;
  Duration shortest_rest_;
  std::uint64_t vus_started_ = 0;
  bool warned_of_failure_ = false;
  std::optional<Error> first_error_;
};

// Parks until `deadline` or a wake. False: the fiber was cancelled. `why` of at most four letters
// keeps the time-out's text in the string itself, so that this allocates nothing.
bool park_until(Fiber& self, Instant deadline, const char* why);

}  // namespace brunt
