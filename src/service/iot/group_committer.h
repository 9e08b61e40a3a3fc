// Gathers the records of many requests into groups, and lets each request wait until the commit
// that holds its record is durable. One for each loop.
//
// A lane (a fiber) takes what has been gathered, commits it as one group, and wakes those who wait
// for it; meanwhile the next group gathers. So a lonely request costs one commit, and a thousand at
// once cost one commit too.
//
//   GroupCommitter committer(store, {});
//   loop.spawn("lane", [&](Fiber& lane) { committer.run_lane(lane); });   // store.lanes() of them
//   TRY(committer.add(self, measurement));                                // durable when it
//   returns
//
// Bounded: when `queue_max` records wait, add() fails with `exhausted` at once.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "loop/fiber.h"
#include "server/counter.h"
#include "service/iot/iot_store.h"

namespace brunt {

struct GroupLimits {
  // How long a lane that is free waits for company after a group's first record. None: a commit
  // takes what came during the one before it.
  Duration gather_time{};
  std::size_t gather_enough = 1024;  // So many are committed without waiting any longer.
  std::size_t queue_max = 65'536;    // Records that wait, 100 bytes each.
  // Longer than this nobody waits; whether the record is stored is unknown then.
  Duration answer_timeout = std::chrono::seconds(30);
};

// Told of each commit, on the loop's thread.
struct CommitReport {
  std::size_t measurements = 0, records = 0;
  Duration took{};
  const Error* error = nullptr;
};

class GroupCommitter {
 public:
  using Observer = std::move_only_function<void(const CommitReport&)>;

  // `store` must outlive the committer.
  GroupCommitter(IotStore& store, const GroupLimits& limits, Observer observer);
  ~GroupCommitter();  // REQUIRES: every lane has ended.

  // Park until the record is durable. Errors: exhausted (the queue is full), those of
  // IotStore::commit, timeout, cancelled.
  Result<> add(Fiber& self, const Measurement& measurement);
  Result<> add(Fiber& self, const Uuid& device);

  // Goes into the next group; nobody waits. Dropped when the queue is full or the commit fails.
  void note(const CommandRecord& command);

  // Commits groups until stop(), and then what is left. When `lane` is cancelled, those who wait
  // get `cancelled`. add() needs a lane that runs.
  void run_lane(Fiber& lane);
  void stop();

  // Records not yet handed to the store. Any thread.
  std::size_t waiting() const { return waiting_.get(); }

  GroupCommitter(const GroupCommitter&) = delete;
  GroupCommitter& operator=(const GroupCommitter&) = delete;

 private:
  struct Batch;
  // Somebody in add(); lives on the waiting fiber's stack.
  struct Waiter {
    Fiber* fiber;
    Batch* batch;
    std::size_t index;  // In batch->waiters, where it is set to null by who gives up.
    bool done = false;
    std::optional<Error> error;
  };

  Result<> check_room() const;
  Result<> wait(Fiber& self);
  void gathered();
  bool gather(Fiber& lane);
  std::unique_ptr<Batch> take();
  void finish(std::unique_ptr<Batch> batch, const Result<>& outcome);

  IotStore& store_;
  GroupLimits limits_;
  Observer observer_;
  std::unique_ptr<Batch> gathering_;
  std::vector<std::unique_ptr<Batch>> spare_;  // Kept for their memory.
  std::vector<Fiber*> idle_;                   // Lanes with nothing to do.
  Fiber* gatherer_ = nullptr;                  // The lane that waits for company.
  std::size_t lanes_ = 0;                      // That run.
  Counter waiting_;
  bool stopping_ = false;
};

}  // namespace brunt
