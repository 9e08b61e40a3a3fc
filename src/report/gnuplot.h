// gnuplot as a process: draws what gnuplot_script() has written.
#pragma once
#include <string_view>

#include "base/result.h"
#include "loop/fiber.h"

namespace brunt {

// Parks until the picture is there. Errors: not_found (no gnuplot; names the package), invalid
// (gnuplot's own words), timeout, io.
Result<> run_gnuplot(Fiber& self, std::string_view script);

}  // namespace brunt
