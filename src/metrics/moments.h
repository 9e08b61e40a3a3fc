// Count, sum, smallest and largest of some values: exact, 32 bytes, merged by adding.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>

namespace brunt {

struct Moments {
  std::uint64_t count = 0;
  double sum = 0;
  double low = std::numeric_limits<double>::infinity();    // +inf while empty.
  double high = -std::numeric_limits<double>::infinity();  // -inf while empty.

  void add(double value) {
    ++count;
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void merge(const Moments& other) {
    count += other.count;
    sum += other.sum;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }

  // Zero while empty, so that nobody prints an infinity.
  double min() const { return count == 0 ? 0 : low; }
  double max() const { return count == 0 ? 0 : high; }
  double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }

  friend bool operator==(const Moments&, const Moments&) = default;
};

}  // namespace brunt
