#include "metrics/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "metrics/codec.h"

// The encoded form, version 1. Numbers as in codec.h.
//
//   u8      version: 1
//   u8      flags: 1 all values lay on their buckets' lower edges; 2 a negative part; 4 any values
//   (nothing more if there are no values)
//   varint  zeros
//   8+8+8   sum, min, max
//   part    positive values by key
//   part    negative values by key of their absolute value, if flagged
//
//   part: varint number of buckets, then for each, with rising keys, zigzag varints:
//         -gap where `gap` > 0 keys are skipped first (from the last key + 1; at the start from 0),
//         then +count.
//
// A dense distribution takes a byte or two for each bucket. The number of values is the sum of the
// counts.

namespace brunt {
namespace {

constexpr std::uint32_t mantissa_bits_kept = 10;
constexpr std::uint32_t dropped_bits = 52 - mantissa_bits_kept;
constexpr unsigned char version = 1;
constexpr std::uint64_t count_max = 1ULL << 61U;  // Three parts of so many do not overflow.
constexpr unsigned flag_exact = 1;
constexpr unsigned flag_negative = 2;
constexpr unsigned flag_values = 4;

std::uint32_t key_of(double size) {
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(size) >> dropped_bits);
}
double lower_edge(std::uint32_t key) {
  return std::bit_cast<double>(std::uint64_t{key} << dropped_bits);
}
// The next bucket's lower edge; infinity after the last.
double upper_edge(std::uint32_t key) {
  return lower_edge(key + 1);
}
double highest_equivalent(std::uint32_t key) {
  return std::bit_cast<double>(((std::uint64_t{key} + 1) << dropped_bits) - 1);
}

void encode_part(const BucketStore& store, std::string& out) {
  std::uint64_t used = 0;
  store.each([&](std::uint32_t, std::uint64_t) { ++used; });
  put_varint(out, used);
  std::uint32_t next = 0;
  store.each([&](std::uint32_t key, std::uint64_t count) {
    if (key != next) put_zigzag(out, -static_cast<std::int64_t>(key - next));
    put_zigzag(out, static_cast<std::int64_t>(count));
    next = key + 1;
  });
}

// Returns the number of values in the part.
Result<std::uint64_t> decode_part(ByteReader& in, BucketStore& store) {
  const std::uint64_t used = TRY(in.varint());
  std::uint64_t values = 0;
  std::uint64_t key = 0;
  for (std::uint64_t i = 0; i < used; ++i, ++key) {
    std::int64_t item = TRY(in.zigzag());
    if (item < 0) {
      if (item < -static_cast<std::int64_t>(BucketStore::keys_max))
        return in.malformed("a gap is too wide");
      key += static_cast<std::uint64_t>(-item);
      item = TRY(in.zigzag());
    }
    const bool finite = key < BucketStore::keys_max &&
                        std::isfinite(highest_equivalent(static_cast<std::uint32_t>(key)));
    if (!finite) return in.malformed("a bucket is out of range");
    if (item <= 0) return in.malformed("a bucket's count is not positive");
    const auto count = static_cast<std::uint64_t>(item);
    if (count > count_max - values) return in.malformed("the counts are too large");
    values += count;
    store.make(static_cast<std::uint32_t>(key)) += count;
  }
  return values;
}

}  // namespace

std::uint64_t& BucketStore::make(std::uint32_t key) {
  ASSERT(key < keys_max);
  if (std::uint64_t* counter = find(key)) return *counter;
  const std::uint32_t chunk = key >> chunk_bits;
  cover(chunk);
  // The first chunks come a few at a time: most series are quiet, and doubling would be half empty.
  const std::size_t chunk_size = std::size_t{1} << chunk_bits;
  const std::size_t size = counts_.size() + chunk_size;
  if (size > counts_.capacity() && size <= 16 * chunk_size) counts_.reserve(size + chunk_size);
  counts_.resize(size);
  directory_[chunk - base_] = static_cast<std::uint16_t>(chunks());
  return *find(key);
}

// Makes the directory span `chunk`, with some room on that side: a distribution that grows a tail
// grows it further.
void BucketStore::cover(std::uint32_t chunk) {
  constexpr std::uint32_t room = 32;  // An octave.
  constexpr std::uint32_t chunks_end = keys_max >> chunk_bits;
  if (directory_.empty()) {
    base_ = chunk - std::min(chunk, room);
    directory_.resize(std::min(chunk + room, chunks_end) - base_);
  } else if (chunk < base_) {
    const std::uint32_t base = chunk - std::min(chunk, room);
    directory_.insert(directory_.begin(), base_ - base, std::uint16_t{0});
    base_ = base;
  } else if (chunk - base_ >= directory_.size()) {
    directory_.resize(std::min(chunk + room, chunks_end) - base_);
  }
}

void BucketStore::merge(const BucketStore& other) {
  other.each([&](std::uint32_t key, std::uint64_t count) { make(key) += count; });
}

void BucketStore::clear() {
  std::ranges::fill(counts_, 0);
}

std::size_t BucketStore::memory_bytes() const {
  return directory_.capacity() * sizeof(directory_[0]) + counts_.capacity() * sizeof(counts_[0]);
}

Histogram::Histogram(const Histogram& other)
    : moments_(other.moments_),
      zeros_(other.zeros_),
      below_edge_(other.below_edge_),
      positive_(other.positive_),
      negative_(other.negative_ ? std::make_unique<BucketStore>(*other.negative_) : nullptr) {}

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) *this = Histogram(other);
  return *this;
}

bool Histogram::record_slowly(double value, std::uint64_t times) {
  if (!std::isfinite(value)) return false;
  if (value == 0) {
    zeros_ += times;
  } else if (value > 0) {
    positive_.make(key_of(value)) += times;
  } else {
    if (!negative_) negative_ = std::make_unique<BucketStore>();
    negative_->make(key_of(-value)) += times;
  }
  below_edge_ |= std::bit_cast<std::uint64_t>(value);
  moments_.count += times;
  moments_.sum += value * static_cast<double>(times);
  moments_.low = std::min(moments_.low, value);
  moments_.high = std::max(moments_.high, value);
  return true;
}

bool Histogram::record_many(double value, std::uint64_t times) {
  return times == 0 ? std::isfinite(value) : record_slowly(value, times);
}

void Histogram::merge(const Histogram& other) {
  moments_.merge(other.moments_);
  zeros_ += other.zeros_;
  below_edge_ |= other.below_edge_;
  positive_.merge(other.positive_);
  if (!other.negative_) return;
  if (!negative_) negative_ = std::make_unique<BucketStore>();
  negative_->merge(*other.negative_);
}

void Histogram::clear() {
  moments_ = {};
  zeros_ = 0;
  below_edge_ = 0;
  positive_.clear();
  negative_.reset();
}

bool Histogram::is_exact() const {
  return (below_edge_ & ((1ULL << dropped_bits) - 1)) == 0;
}

// Calls visit(Bucket, representative) from the lowest value up until it returns false.
template <typename Visit>
void Histogram::each_ascending(Visit&& visit) const {
  const bool exact = is_exact();
  if (negative_) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> falling;
    negative_->each(
        [&](std::uint32_t key, std::uint64_t count) { falling.push_back({key, count}); });
    for (auto it = falling.rbegin(); it != falling.rend(); ++it) {
      // The highest value of a negative bucket is its edge towards zero.
      const Bucket bucket{-upper_edge(it->first), -lower_edge(it->first), it->second};
      if (!visit(bucket, bucket.high)) return;
    }
  }
  if (zeros_ > 0 && !visit(Bucket{0, 0, zeros_}, 0.0)) return;
  bool more = true;
  positive_.each([&](std::uint32_t key, std::uint64_t count) {
    if (!more) return;
    const Bucket bucket{lower_edge(key), upper_edge(key), count};
    more = visit(bucket, exact ? bucket.low : highest_equivalent(key));
  });
}

double Histogram::quantile(double q) const {
  ASSERT(q >= 0 && q <= 1);
  if (count() == 0) return 0;
  if (q == 0) return min();
  // One step below q, so that 0.07 * 100 = 7.000000000000001 asks for the 7th and not the 8th.
  const double exact_rank = std::nextafter(q, 0.0) * static_cast<double>(count());
  const std::uint64_t rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(exact_rank)), std::uint64_t{1}, count());
  std::uint64_t seen = 0;
  double value = max();
  each_ascending([&](const Bucket& bucket, double representative) {
    seen += bucket.count;
    if (seen < rank) return true;
    value = representative;
    return false;
  });
  return std::clamp(value, min(), max());
}

std::uint64_t Histogram::count_at_most(double value) const {
  std::uint64_t seen = 0;
  each_ascending([&](const Bucket& bucket, double) {
    if (bucket.low > value || (bucket.low == value && bucket.high <= 0 && bucket.low < 0))
      return false;
    seen += bucket.count;
    return true;
  });
  return seen;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> all;
  each_ascending([&](const Bucket& bucket, double) {
    all.push_back(bucket);
    return true;
  });
  return all;
}

Result<Histogram> Histogram::corrected_for(double interval) const {
  constexpr double added_max = 1e6;
  if (!(interval > 0) || max() / interval > added_max)
    return fail(ErrorCode::invalid,
                "the expected interval must be above zero and at least a millionth of the largest "
                "value");
  Histogram corrected;
  each_ascending([&](const Bucket& bucket, double representative) {
    const double value = std::clamp(representative, min(), max());
    corrected.record_many(value, bucket.count);
    // Multiplied, not summed up: the error of a million subtractions would show.
    for (double step = 1; value - step * interval >= interval; ++step)
      corrected.record_many(value - step * interval, bucket.count);
    return true;
  });
  return corrected;
}

void Histogram::encode_to(std::string& out) const {
  unsigned flags = is_exact() ? flag_exact : 0U;
  if (negative_) flags |= flag_negative;
  if (count() > 0) flags |= flag_values;
  out.push_back(static_cast<char>(version));
  out.push_back(static_cast<char>(flags));
  if (count() == 0) return;
  put_varint(out, zeros_);
  put_double(out, moments_.sum);
  put_double(out, moments_.low);
  put_double(out, moments_.high);
  encode_part(positive_, out);
  if (negative_) encode_part(*negative_, out);
}

std::string Histogram::encode() const {
  std::string out;
  encode_to(out);
  return out;
}

Result<Histogram> Histogram::decode(ByteView bytes) {
  ByteReader in(bytes, "histogram");
  Histogram result;
  if (TRY(in.byte()) != version) return in.malformed("unknown version");
  const unsigned flags = TRY(in.byte());
  if ((flags & ~(flag_exact | flag_negative | flag_values)) != 0)
    return in.malformed("unknown flags");
  result.below_edge_ = (flags & flag_exact) != 0 ? 0 : 1;
  if ((flags & flag_values) == 0) {
    if ((flags & flag_negative) != 0 || (flags & flag_exact) == 0)
      return in.malformed("flags of values, but no values");
    TRY(in.finish());
    return result;
  }
  result.zeros_ = TRY(in.varint());
  if (result.zeros_ > count_max) return in.malformed("the counts are too large");
  result.moments_.sum = TRY(in.number());
  result.moments_.low = TRY(in.number());
  result.moments_.high = TRY(in.number());
  result.moments_.count = result.zeros_ + TRY(decode_part(in, result.positive_));
  if ((flags & flag_negative) != 0) {
    result.negative_ = std::make_unique<BucketStore>();
    result.moments_.count += TRY(decode_part(in, *result.negative_));
  }
  TRY(in.finish());
  if (!result.is_plausible()) return in.malformed("sum, min or max do not fit the buckets");
  return result;
}

// Whether min and max lie in the outermost buckets; so they are finite and in order, too.
bool Histogram::is_plausible() const {
  const std::vector<Bucket> all = buckets();
  if (all.empty() || std::isnan(moments_.sum) || moments_.low > moments_.high) return false;
  const auto holds = [](const Bucket& bucket, double value) {
    if (bucket.high <= 0)
      return bucket.low == bucket.high ? value == 0
                                       : value > bucket.low && value <= bucket.high && value < 0;
    return value >= bucket.low && value < bucket.high && value > 0;
  };
  return holds(all.front(), moments_.low) && holds(all.back(), moments_.high);
}

bool operator==(const Histogram& a, const Histogram& b) {
  return a.encode() == b.encode();
}

std::size_t Histogram::memory_bytes() const {
  return sizeof(*this) + positive_.memory_bytes() +
         (negative_ ? sizeof(BucketStore) + negative_->memory_bytes() : 0);
}

std::size_t Histogram::chunks() const {
  return positive_.chunks() + (negative_ ? negative_->chunks() : 0);
}

}  // namespace brunt
