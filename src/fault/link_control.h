// Switching links while a run goes on: what the timetable holds on to. A link is a proxy with a
// name; a fault of it is a toxic under the fault's own name, so that overlapping faults do not
// disturb each other.
//
//   LinkSwitch& links = ...;                       // of a run, or of a rehearsal
//   TRY(links.set(self, "gateway->smsc", {.name = "smsc-cut", .type = ToxicType::down}));
//   ...
//   TRY(links.clear(self, "gateway->smsc", "smsc-cut"));
//
// Cut, refuse, reset, blackhole, slow, narrow: each is a ToxicType (fault/toxic.h). A run's links
// are in a process of their own, reached by LinkControl; a rehearsal's in a ProxySet
// (fault/proxy_set.h) on the simulated loop.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fault/toxic.h"
#include "loop/fiber.h"
#include "net/dialer.h"

namespace brunt {

class LinkSwitch {
 public:
  virtual ~LinkSwitch() = default;

  // Puts the toxic on the link, in place of one of the same name. Parks. Errors: invalid (the
  // toxic), not_found (the link), and what keeps the proxy from being reached.
  virtual Result<> set(Fiber& self, std::string_view link, const Toxic& toxic) = 0;

  // Takes it off again; nothing if it is not there. Parks. Errors: as set().
  virtual Result<> clear(Fiber& self, std::string_view link, std::string_view toxic_name) = 0;
};

// A link as the proxy's process is asked for it.
struct LinkOrder {
  std::string name;
  std::string upstream;  // host:port, or unix:/path
  std::string listen = "127.0.0.1:0";
  std::vector<Toxic> toxics;
};

// The links in another process (`brunt tool proxy --control`), by its control API. Several fibers
// may use it at once.
class LinkControl final : public LinkSwitch {
 public:
  // `control`: host:port, or unix:/path. Both must outlive it. Errors: invalid.
  static Result<std::unique_ptr<LinkControl>> create(Loop& loop, Dialer& dialer,
                                                     std::string_view control);
  ~LinkControl() override;

  // Opens a link; gives where it listens. Parks. Errors: invalid, denied (the name is taken), and
  // what keeps the process from being reached.
  Result<Endpoint> open(Fiber& self, const LinkOrder& order);

  Result<> set(Fiber& self, std::string_view link, const Toxic& toxic) override;
  Result<> clear(Fiber& self, std::string_view link, std::string_view toxic_name) override;

 private:
  struct State;
  explicit LinkControl(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
