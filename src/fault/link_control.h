// Switching links while a run goes on: what the timetable holds on to. A link is a proxy with a
// name; a fault of it is a toxic under the fault's own name, so that overlapping faults do not
// disturb each other.
//
//   LinkSwitch& links = ...;                       // of a run, or of a rehearsal
//   TRY(links.set(self, "gateway->smsc", {.name = "smsc-cut", .type = ToxicType::down}));
//   ...
//   TRY(links.clear(self, "gateway->smsc", "smsc-cut"));
//
// Cut, refuse, reset, blackhole, slow, narrow: each is a ToxicType (fault/toxic.h).
#pragma once
#include <string_view>

#include "base/result.h"
#include "fault/toxic.h"
#include "loop/fiber.h"

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

}  // namespace brunt
