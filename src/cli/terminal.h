// What standard output or error is connected to: a terminal with colours and a width, or a file or
// pipe with neither.
#pragma once
#include "report/style.h"

namespace brunt {

struct Terminal {
  bool interactive = false;  // A terminal that can move its cursor.
  Style style;               // NO_COLOR and TERM=dumb switch colours off.

  // `descriptor` is 1 or 2.
  static Terminal detect(int descriptor);
};

}  // namespace brunt
