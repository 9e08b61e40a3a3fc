// `--time-scale N`: rehearses a long timetable in an N-th of the time.
//
// Divided by N: durations of executors and stages, start times, think times, warm-up, how long
// expectations wait. Multiplied: rates (arrivals, a builtin's `with.rate`). Never scaled:
// time-outs, graceful stops, RTT, backoff, measured thresholds, numbers of VUs and iterations.
#pragma once
#include "base/result.h"
#include "plan/plan.h"

namespace brunt {

// Errors: invalid: a factor that is not above 0, a `with.rate` that is not a rate.
Result<> apply_time_scale(Plan& plan, double factor);

}  // namespace brunt
