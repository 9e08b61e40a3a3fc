// Where in a plan file something stands, for error texts: line and column from 1; 0 means "not from
// a file" (an option of the command line, a default).
#pragma once
#include <cstdint>

namespace brunt {

struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace brunt
