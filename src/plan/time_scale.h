// `--time-scale N`: rehearses a long timetable in an N-th of the time.
//
// Divided by N: durations of executors and stages, start times, think times, the pace of
// iterations, warm-up, the times of faults, the delay until an expectation may abort. Multiplied:
// rates (arrivals, a builtin's `with.rate`). Never scaled: time-outs, max_duration, graceful stops
// and ramp-downs, what is measured (limits of expectations and their windows), numbers of VUs and
// iterations.
#pragma once
#include "base/result.h"
#include "plan/plan.h"

namespace brunt {

// Errors: invalid: a factor that is not above 0, or that makes a load longer or denser than loads
// may be; a `with.rate` that is not a rate.
Result<> apply_time_scale(Plan& plan, double factor);

}  // namespace brunt
