#include "base/prng.h"

#include <bit>
#include <cmath>

#include "base/assert.h"

namespace brunt {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

Prng::Prng(std::uint64_t seed) : seed_(seed), state_{} {
  for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t Prng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Prng::uniform() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::int64_t Prng::between(std::int64_t low, std::int64_t high) {
  ASSERT(low <= high);
  const std::uint64_t width =
      static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  if (width == 0) return static_cast<std::int64_t>(next());
  // Lemire's multiply-shift; its bias is below width / 2^64.
  __extension__ using Wide = unsigned __int128;
  const auto scaled = static_cast<std::uint64_t>((static_cast<Wide>(next()) * width) >> 64U);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + scaled);
}

Duration Prng::between(Duration low, Duration high) {
  return Duration(between(low.count(), high.count()));
}

double Prng::exponential(double mean) {
  return -mean * std::log1p(-uniform());
}

Prng Prng::split(std::uint64_t stream) const {
  std::uint64_t mixed = seed_ ^ (stream * 0xd1342543de82ef95U + 0x2545f4914f6cdd1dU);
  return Prng(splitmix(mixed));
}

}  // namespace brunt
