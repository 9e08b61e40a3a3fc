// A histogram of doubles with three significant digits: what every trend is kept in.
//
// A value's bucket is its sign, its exponent, and the top ten bits of its mantissa, so a bucket is
// at most 1/1024 (0.0977 %) of its value wide, as in an HDR histogram of 3 digits. One kind serves
// latencies (milliseconds, as k6 has them), sizes, and whatever a script puts into a Trend, without
// a range to configure; finding the bucket is one shift. Zero has a bucket of its own.
//
// Memory comes in chunks of 32 buckets (256 bytes) where values are: a quiet series costs about
// 1 KiB. count, sum, mean, min and max are exact; merging is exact in the counts. As long as every
// value lay on the lower edge of its bucket (whole numbers up to 2048 do), quantiles are exact too.
//
//   Histogram latency_ms;
//   latency_ms.record(0.412);
//   latency_ms.quantile(0.99);
//
// One thread at a time. Recording allocates only when a value falls where none was before.
//
// Source: G. Tene, HdrHistogram (count rule, highest equivalent value, sparse encoding).
#pragma once
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "metrics/moments.h"

namespace brunt {

// Counters for keys 0 .. 2^21-1 in chunks of 32, found through a directory that spans only the
// chunks between the lowest and the highest key seen. A part of Histogram.
class BucketStore {
 public:
  static constexpr std::uint32_t chunk_bits = 5;  // 65,504 chunks of finite values: 16 bits.
  static constexpr std::uint32_t keys_max = 1u << 21u;

  // The counter of `key`, or nullptr where its chunk is not there yet.
  std::uint64_t* find(std::uint32_t key) {
    const std::uint32_t chunk = (key >> chunk_bits) - base_;  // Wraps far above size() if below.
    if (chunk >= directory_.size()) [[unlikely]]
      return nullptr;
    const std::size_t slot = directory_[chunk];
    if (slot == 0) [[unlikely]]
      return nullptr;
    return &counts_[(slot - 1) << chunk_bits | (key & ((1u << chunk_bits) - 1))];
  }
  std::uint64_t& make(std::uint32_t key);  // The same, adding the chunk if need be.

  // Calls visit(key, count) for every counter that is not zero, with rising keys.
  template <typename Visit>
  void each(Visit&& visit) const {
    for (std::size_t i = 0; i < directory_.size(); ++i) {
      if (directory_[i] == 0) continue;
      const std::uint64_t* chunk = &counts_[(directory_[i] - std::size_t{1}) << chunk_bits];
      const auto first = static_cast<std::uint32_t>(base_ + i) << chunk_bits;
      for (std::uint32_t k = 0; k < (1u << chunk_bits); ++k)
        if (chunk[k] != 0) visit(first + k, chunk[k]);
    }
  }
  void merge(const BucketStore& other);
  void clear();  // All counters to zero; keeps the chunks.
  std::size_t chunks() const { return counts_.size() >> chunk_bits; }
  std::size_t memory_bytes() const;

 private:
  void cover(std::uint32_t chunk);

  std::uint32_t base_ = 0;                // The chunk that directory_[0] stands for.
  std::vector<std::uint16_t> directory_;  // 1 + the chunk's place in counts_; 0: not there.
  std::vector<std::uint64_t> counts_;
};

class Histogram {
 public:
  struct Bucket {
    double low, high;  // Values v with low <= v < high; below zero low < v <= high; zero: both 0.
    std::uint64_t count;
  };

  Histogram() = default;
  Histogram(Histogram&&) = default;
  Histogram& operator=(Histogram&&) = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);

  // Adds one value. Returns false, and changes nothing, for NaN and infinities.
  bool record(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits == 0) {
      ++zeros_;
    } else {
      // Negative values have the key's sign bit set, which find() never has: record_slowly's work.
      auto* counter = positive_.find(static_cast<std::uint32_t>(bits >> key_shift));
      if (counter == nullptr) [[unlikely]]
        return record_slowly(value, 1);
      ++*counter;
      below_edge_ |= bits;
    }
    moments_.add(value);
    return true;
  }
  bool record_many(double value, std::uint64_t times);

  void merge(const Histogram& other);
  void clear();  // To empty, keeping the memory for the next second of a busy series.

  const Moments& moments() const { return moments_; }
  std::uint64_t count() const { return moments_.count; }
  double sum() const { return moments_.sum; }
  double min() const { return moments_.min(); }
  double max() const { return moments_.max(); }
  double mean() const { return moments_.mean(); }

  // The least value that ceil(q * count) of the values do not exceed, as the highest value of its
  // bucket, but never above max(). 0 when empty. REQUIRES: 0 <= q <= 1 (q = 0 gives min()).
  double quantile(double q) const;
  double percentile(double p) const { return quantile(p / 100.0); }

  // How many values lie in buckets that end at or below `value`, counting its own bucket whole.
  std::uint64_t count_at_most(double value) const;

  // The buckets that are not empty, ascending: for heat maps, bootstraps, and exports.
  std::vector<Bucket> buckets() const;

  // What a sender that waited for each answer before the next send would have seen, had it sent
  // every `interval`: for each value v also v - interval, v - 2*interval ... >= interval. A model,
  // not a measurement: response_time, which counts from the planned instant, needs none.
  // Errors: invalid if interval <= 0 or so small that a value would add more than a million.
  Result<Histogram> corrected_for(double interval) const;

  // Sparse bytes, the same for equal contents however they came together (the form: histogram.cc).
  void encode_to(std::string& out) const;
  std::string encode() const;
  // Takes the whole of `bytes`. Errors: malformed.
  static Result<Histogram> decode(ByteView bytes);

  std::size_t memory_bytes() const;  // Of the object and what it holds.
  std::size_t chunks() const;

  // Equal counts in equal buckets and equal moments.
  friend bool operator==(const Histogram& a, const Histogram& b);

 private:
  static constexpr std::uint32_t key_shift = 42;  // 52 bits of mantissa, of which we keep 10.

  bool record_slowly(double value, std::uint64_t times);
  bool is_exact() const;
  bool is_plausible() const;
  template <typename Visit>
  void each_ascending(Visit&& visit) const;

  Moments moments_;
  std::uint64_t zeros_ = 0;
  std::uint64_t below_edge_ = 0;           // All values' bits together: what the keys do not keep.
  BucketStore positive_;                   // By key.
  std::unique_ptr<BucketStore> negative_;  // By key of the absolute value; rare.
};

}  // namespace brunt
