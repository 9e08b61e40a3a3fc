// A small, fast, seeded random generator: one seed reproduces a run. Not for secrets.
//
//   Prng prng(7);
//   const Duration think = prng.between(25s, 35s);
//
// Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators" (xoshiro256**),
// seeded by splitmix64.
#pragma once
#include <array>
#include <cstdint>

#include "base/time.h"

namespace brunt {

class Prng {
 public:
  explicit Prng(std::uint64_t seed);

  std::uint64_t next();

  // Uniform over [0, 1).
  double uniform();

  // Uniform over [low, high], both ends included. REQUIRES: low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  Duration between(Duration low, Duration high);

  // Exponentially distributed with this mean; the gap of a Poisson process.
  double exponential(double mean);

  // A generator of its own for part `stream` of a run; the same (seed, stream) gives the same one.
  Prng split(std::uint64_t stream) const;

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_;
};

}  // namespace brunt
