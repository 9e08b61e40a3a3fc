// A timetable carried out in virtual time, on switches that only note what was asked of them.
#include "fault/fault_runner.h"

#include <doctest/doctest.h>

#include <map>

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Notes each call with its second.
class NotingSwitches final : public ServiceSwitch, public LinkSwitch {
 public:
  explicit NotingSwitches(Loop& loop) : loop_(loop) {}

  Result<> take_down(Fiber& self, std::string_view service, Outage how) override {
    if (service == "gone") return fail(ErrorCode::not_found, "it has ended");
    note(how == Outage::killed ? "kill" : "stop", service);
    return self.sleep(takes_to_end);
  }
  Result<> bring_back(Fiber& self, std::string_view service) override {
    TRY(self.sleep(takes_to_come));
    note("back", service);
    return {};
  }
  Result<> freeze(std::string_view service) override {
    note("freeze", service);
    return {};
  }
  void thaw(std::string_view service) override { note("thaw", service); }
  Result<> starve(Fiber&, std::string_view service, const Starvation&) override {
    note("starve", service);
    return {};
  }
  Result<> feed(Fiber&, std::string_view service) override {
    note("feed", service);
    return {};
  }
  Result<> set(Fiber&, std::string_view link, const Toxic& toxic) override {
    note("set " + toxic.name, link);
    return {};
  }
  Result<> clear(Fiber&, std::string_view link, std::string_view toxic) override {
    note("clear " + std::string(toxic), link);
    return {};
  }

  Duration takes_to_end{}, takes_to_come{};
  std::string notes;

 private:
  void note(const std::string& what, std::string_view whom) {
    const auto at =
        std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now().time_since_epoch());
    notes += std::to_string(at.count()) + " " + what + " " + std::string(whom) + "; ";
  }
  Loop& loop_;
};

struct Told {
  std::vector<FaultBand> bands;
  std::string notes, failed, in_force_at_11s;
};

Told carry_out(const std::vector<FaultSpec>& specs, Duration load, Duration takes_to_come = {}) {
  Told told;
  auto loop = Loop::create({.backend = BackendKind::simulated});
  REQUIRE(loop.has_value());
  NotingSwitches switches(**loop);
  switches.takes_to_come = takes_to_come;
  const auto planned = make_timetable(specs, {.end = load});
  REQUIRE(planned.has_value());
  FaultRunner runner(**loop, specs, *planned, {&switches, &switches},
                     {.began = [](const FaultSpec&, const FaultBand&) {},
                      .ended = [](const FaultSpec&, const FaultBand&) {},
                      .failed = [&](const std::string& text) { told.failed += text; }});
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) {
    FiberGroup group(**loop);
    REQUIRE(runner.start(group, self.now()).has_value());
    (void)self.sleep(std::min<Duration>(load, 11s));
    for (const std::string& text : runner.in_force()) told.in_force_at_11s += text + ";";
    if (load > 11s) (void)self.sleep(load - 11s);
    group.cancel();
    (void)group.join(self);
  }));
  (*loop)->run();
  told.bands = runner.bands();
  told.notes = switches.notes;
  return told;
}

FaultSpec spec(std::string name, FaultAction action, std::string target, std::vector<Duration> at,
               Duration lasts) {
  FaultSpec fault{.name = std::move(name), .action = action, .target = std::move(target)};
  fault.at = std::move(at);
  fault.lasts = {lasts, lasts};
  fault.toxic.type = ToxicType::down;
  return fault;
}

TEST_CASE("each action is done and undone at its instants") {
  const Told told = carry_out({spec("a", FaultAction::stop, "web", {1s}, 2s),
                               spec("b", FaultAction::freeze, "web", {5s}, 1s),
                               spec("c", FaultAction::kill, "web", {7s}, 0s),
                               spec("d", FaultAction::starve, "web", {8s}, 1s),
                               spec("e", FaultAction::link, "load->web", {10s}, 5s),
                               spec("f", FaultAction::link, "load->web", {10500ms}, 1s)},
                              30s);
  CHECK(told.failed == "");
  CHECK(told.notes ==
        "1000 stop web; 3000 back web; 5000 freeze web; 6000 thaw web; 7000 kill web; "
        "7000 back web; 8000 starve web; 9000 feed web; 10000 set e load->web; "
        "10500 set f load->web; 11500 clear f load->web; 15000 clear e load->web; ");
  CHECK(told.in_force_at_11s == "load->web cut;load->web cut;");
  CHECK(told.bands.size() == 6);
}

TEST_CASE("a service that takes its time to come back has a longer band, and the next one waits") {
  const Told told = carry_out({spec("a", FaultAction::kill, "web", {1s, 3s}, 1s)}, 30s, 5s);
  REQUIRE(told.bands.size() == 2);
  CHECK(told.bands[0].from == 1s);
  CHECK(told.bands[0].to == 7s);
  CHECK(told.bands[1].from == 7s);
  CHECK(told.bands[1].to == 12s);
}

TEST_CASE("what cannot be done is told, leaves no band, and the rest goes on") {
  const Told told = carry_out({spec("a", FaultAction::stop, "gone", {1s}, 1s),
                               spec("b", FaultAction::freeze, "web", {2s}, 1s)},
                              10s);
  CHECK(told.failed == "faults.a: gone stopped: could not be done: it has ended");
  CHECK(told.bands.size() == 1);
}

TEST_CASE("a run that ends early lets go what is frozen and brings nothing back") {
  auto loop = Loop::create({.backend = BackendKind::simulated});
  REQUIRE(loop.has_value());
  NotingSwitches switches(**loop);
  switches.takes_to_come = 1s;
  const std::vector<FaultSpec> specs = {spec("a", FaultAction::freeze, "web", {1s}, 60s),
                                        spec("b", FaultAction::stop, "db", {1s}, 60s)};
  const auto planned = make_timetable(specs, {.end = 100s});
  std::string failed;
  FaultRunner runner(**loop, specs, *planned, {&switches, &switches},
                     {.began = [](const FaultSpec&, const FaultBand&) {},
                      .ended = [](const FaultSpec&, const FaultBand&) {},
                      .failed = [&](const std::string& text) { failed += text; }});
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) {
    FiberGroup group(**loop);
    REQUIRE(runner.start(group, self.now()).has_value());
    (void)self.sleep(5s);
    group.cancel();
    (void)group.join(self);
  }));
  (*loop)->run();
  CHECK(switches.notes == "1000 stop db; 1000 freeze web; 5000 thaw web; ");
  CHECK(failed == "");
  REQUIRE(runner.bands().size() == 2);
  CHECK(runner.in_force() == std::vector<std::string>{"db stopped"});
}

}  // namespace
}  // namespace brunt
