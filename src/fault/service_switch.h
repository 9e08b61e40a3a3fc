// Taking services down and bringing them back while a run goes on: what the timetable holds on to,
// as it holds a LinkSwitch (fault/link_control.h) for links. Of a run (real processes), or of a
// rehearsal (models).
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "fault/timetable.h"
#include "loop/fiber.h"

namespace brunt {

enum class Outage : std::uint8_t { asked, killed };

class ServiceSwitch {
 public:
  virtual ~ServiceSwitch() = default;

  // Ends the service; its directory and its address stay. Parks until it is gone. Errors: not_found
  // (no such process, or it has ended by itself), io.
  virtual Result<> take_down(Fiber& self, std::string_view service, Outage how) = 0;
  // Parks until it is ready again. Errors: those of its start.
  virtual Result<> bring_back(Fiber& self, std::string_view service) = 0;

  // Do not park. thaw() of one that is not frozen does nothing. Errors: not_found.
  virtual Result<> freeze(std::string_view service) = 0;
  virtual void thaw(std::string_view service) = 0;

  // Gives it less, and gives it back. Parks. Errors: not_found, unsupported (the machine gives no
  // way: says why).
  virtual Result<> starve(Fiber& self, std::string_view service, const Starvation& starvation) = 0;
  virtual Result<> feed(Fiber& self, std::string_view service) = 0;
};

}  // namespace brunt
