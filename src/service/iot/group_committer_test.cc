// Group commit over a store that takes its time, in virtual time.
#include "service/iot/group_committer.h"

#include <doctest/doctest.h>

#include "loop/fiber_group.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

// Each commit takes 10 ms; fails while `broken` is set.
class SlowStore final : public IotStore {
 public:
  Result<> commit(Fiber& self, const IotGroup& group) override {
    groups.push_back(group.size());
    TRY(self.sleep(10ms));
    if (broken) return std::unexpected(*broken);
    stored.insert(stored.end(), group.measurements.begin(), group.measurements.end());
    commands += group.commands.size();
    return {};
  }
  Result<> each_device(Fiber&, UseDevice) override { return {}; }
  Result<bool> has_device(Fiber&, const Uuid&) override { return false; }
  Result<IotStatistics> statistics(Fiber&) override { return IotStatistics(); }
  std::size_t lanes() const override { return 1; }
  bool shared_by_loops() const override { return true; }
  std::string_view kind() const override { return "slow"; }

  std::vector<std::size_t> groups;
  std::vector<Measurement> stored;
  std::size_t commands = 0;
  std::optional<Error> broken;
};

struct Stage {
  SlowStore store;
  GroupLimits limits;
  std::size_t lanes = 1;
  std::vector<CommitReport> reports;

  void run(const std::function<void(Fiber&, GroupCommitter&)>& story) {
    auto loop = Loop::create({.backend = BackendKind::simulated});
    REQUIRE(loop);
    GroupCommitter committer(store, limits,
                             [&](const CommitReport& report) { reports.push_back(report); });
    REQUIRE((*loop)->spawn("story", [&](Fiber& self) {
      FiberGroup group(**loop);
      for (std::size_t lane = 0; lane < lanes; ++lane)
        REQUIRE(group.spawn("lane", [&](Fiber& fiber) { committer.run_lane(fiber); }));
      REQUIRE(self.sleep(1ms));
      story(self, committer);
      committer.stop();
      CHECK(group.join(self));
    }));
    (*loop)->run();
  }
};

// `count` requests at once; gives how many were told that their record is durable.
int add_many(Fiber& self, GroupCommitter& committer, int count) {
  FiberGroup group(self.loop());
  int good = 0;
  for (int i = 0; i < count; ++i)
    REQUIRE(group.spawn("request", [&](Fiber& fiber) {
      if (committer.add(fiber, Measurement())) ++good;
    }));
  CHECK(group.join(self));
  return good;
}

}  // namespace

TEST_CASE("a lonely record is committed at once, those that come meanwhile together") {
  Stage stage;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    const Instant start = self.now();
    CHECK(committer.add(self, Measurement()));
    CHECK(self.now() - start == 10ms);
    FiberGroup group(self.loop());
    for (int i = 0; i < 5; ++i)
      REQUIRE(group.spawn("request", [&, i](Fiber& fiber) {
        REQUIRE(fiber.sleep(i * 1ms));
        CHECK(committer.add(fiber, Measurement()));
      }));
    CHECK(group.join(self));
    CHECK(self.now() - start == 30ms);
  });
  CHECK(stage.store.groups == std::vector<std::size_t>{1, 1, 4});
  CHECK(stage.reports.size() == 3);
  CHECK(stage.reports[2].measurements == 4);
  CHECK(stage.reports[2].took == 10ms);
}

TEST_CASE("with a gather time a group waits for company, until it is large enough") {
  Stage stage;
  stage.limits.gather_time = 5ms;
  stage.limits.gather_enough = 3;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    Instant start = self.now();
    CHECK(committer.add(self, Measurement()));
    CHECK(self.now() - start == 15ms);
    start = self.now();
    CHECK(add_many(self, committer, 3) == 3);
    CHECK(self.now() - start == 10ms);
  });
  CHECK(stage.store.groups == std::vector<std::size_t>{1, 3});
}

TEST_CASE("several lanes commit several groups at once") {
  Stage stage;
  stage.lanes = 2;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    const Instant start = self.now();
    FiberGroup group(self.loop());
    for (int i = 0; i < 2; ++i)
      REQUIRE(group.spawn("request", [&, i](Fiber& fiber) {
        REQUIRE(fiber.sleep(i * 1ms));
        CHECK(committer.add(fiber, Measurement()));
      }));
    CHECK(group.join(self));
    CHECK(self.now() - start == 11ms);
  });
  CHECK(stage.store.groups == std::vector<std::size_t>{1, 1});
}

TEST_CASE("a lane that comes free leaves a group to the lane that gathers it") {
  Stage stage;
  stage.lanes = 2;
  stage.limits.gather_time = 20ms;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    const Instant start = self.now();
    FiberGroup group(self.loop());
    // The first group is committed from 20 to 30 ms; the second gathers from 25 to 45 ms.
    for (const Duration at : {0ms, 25ms, 31ms, 40ms})
      REQUIRE(group.spawn("request", [&, at](Fiber& fiber) {
        REQUIRE((at == Duration::zero() || fiber.sleep(at)));
        CHECK(committer.add(fiber, Measurement()));
      }));
    CHECK(group.join(self));
    CHECK(self.now() - start == 55ms);
  });
  CHECK(stage.store.groups == std::vector<std::size_t>{1, 3});
}

TEST_CASE("when the store fails everybody of the group is told, and the next group is tried") {
  Stage stage;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    stage.store.broken = Error{ErrorCode::exhausted, "disk full"};
    CHECK(add_many(self, committer, 7) == 0);
    CHECK(committer.add(self, Uuid{1, 2}).error().text == "disk full");
    stage.store.broken.reset();
    CHECK(add_many(self, committer, 7) == 7);
  });
  CHECK(stage.store.stored.size() == 7);
  CHECK(stage.reports.front().error != nullptr);
}

TEST_CASE("a full queue refuses at once and takes again when it is emptied") {
  Stage stage;
  stage.limits.queue_max = 4;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    FiberGroup group(self.loop());
    int good = 0;
    int refused = 0;
    for (int i = 0; i < 12; ++i)
      REQUIRE(group.spawn("request", [&](Fiber& fiber) {
        REQUIRE(fiber.sleep(1ms));
        const auto added = committer.add(fiber, Measurement());
        if (added) ++good;
        if (!added && added.error().code == ErrorCode::exhausted) ++refused;
      }));
    CHECK(group.join(self));
    CHECK(good == 4);
    CHECK(refused == 8);
    CHECK(committer.waiting() == 0);
    CHECK(add_many(self, committer, 4) == 4);
  });
}

TEST_CASE("who waits too long or is cancelled leaves, the others get their answer") {
  Stage stage;
  stage.limits.answer_timeout = 12ms;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    FiberGroup group(self.loop());
    Fiber* impatient = nullptr;
    REQUIRE(
        group.spawn("first", [&](Fiber& fiber) { CHECK(committer.add(fiber, Measurement())); }));
    REQUIRE(group.spawn("cancelled", [&](Fiber& fiber) {
      impatient = &fiber;
      REQUIRE(fiber.sleep(1ms));
      CHECK(committer.add(fiber, Measurement()).error().code == ErrorCode::cancelled);
    }));
    REQUIRE(group.spawn("late", [&](Fiber& fiber) {
      REQUIRE(fiber.sleep(1ms));
      CHECK(committer.add(fiber, Measurement()).error().code == ErrorCode::timeout);
    }));
    REQUIRE(group.spawn("patient", [&](Fiber& fiber) {
      REQUIRE(fiber.sleep(9ms));
      CHECK(committer.add(fiber, Measurement()));
    }));
    REQUIRE(self.sleep(5ms));
    impatient->cancel();
    CHECK(group.join(self));
  });
  CHECK(stage.store.stored.size() == 4);  // Nobody waits for two of them, but they are there.
}

TEST_CASE("what is left at the end is still committed, and nothing is taken after it") {
  Stage stage;
  stage.run([&](Fiber& self, GroupCommitter& committer) {
    FiberGroup group(self.loop());
    for (int i = 0; i < 3; ++i)
      REQUIRE(group.spawn("request", [&, i](Fiber& fiber) {
        REQUIRE(fiber.sleep(i * 1ms));
        CHECK(committer.add(fiber, Measurement()));
      }));
    REQUIRE(self.sleep(5ms));
    committer.note({});
    committer.stop();
    CHECK(group.join(self));
    REQUIRE(self.sleep(50ms));
    CHECK(committer.add(self, Measurement()).error().code == ErrorCode::cancelled);
  });
  CHECK(stage.store.stored.size() == 3);
  CHECK(stage.store.commands == 1);
}

TEST_CASE("when the lane is cancelled who waits is told, not left alone") {
  Stage stage;
  auto loop = Loop::create({.backend = BackendKind::simulated});
  GroupCommitter committer(stage.store, {}, nullptr);
  int told = 0;
  REQUIRE((*loop)->spawn("lane", [&](Fiber& self) { committer.run_lane(self); }));
  for (int i = 0; i < 3; ++i)
    REQUIRE((*loop)->spawn("request", [&, i](Fiber& self) {
      REQUIRE(self.sleep(1ms + i * 1ms));
      if (!committer.add(self, Measurement())) ++told;
    }));
  REQUIRE((*loop)->spawn("end", [&](Fiber& self) {
    REQUIRE(self.sleep(5ms));
    (*loop)->stop();
  }));
  (*loop)->run();
  CHECK(told == 3);
}
