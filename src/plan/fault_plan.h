// What a plan says about its faults: what is done to which service or link, and when.
#pragma once
#include <vector>

#include "fault/timetable.h"
#include "plan/position.h"

namespace brunt {

struct FaultPlan {
  Position at;
  FaultSpec spec;
};

}  // namespace brunt
