// Puts things that need each other into an order in which each comes after what it needs.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace brunt {

struct Dependent {
  std::string name;                  // For the error text.
  std::vector<std::uint32_t> needs;  // Indices of others.
};

// Indices; what needs nothing keeps its place. Errors: invalid: a cycle, named: "a needs b needs
// a".
Result<std::vector<std::uint32_t>> dependency_order(std::span<const Dependent> things);

}  // namespace brunt
