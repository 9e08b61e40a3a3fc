// What a run is told from outside while it goes on.
#pragma once
#include <cstdint>
#include <optional>

#include "load/executor.h"

namespace brunt {

struct SteeringOrder {
  std::optional<bool> paused;    // All scenarios; nullopt: as they are.
  std::optional<VuScale> scale;  // The first externally-controlled one. REQUIRES: there is one.
};

}  // namespace brunt
