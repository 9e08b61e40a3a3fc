#include "load/segment.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <string>

#include "base/assert.h"
#include "base/text.h"
#include "load/even_spread.h"

namespace brunt {
namespace {

// Beyond this a share of VUs is so fine-grained that following it exactly changes nothing.
constexpr std::uint64_t proportion_cycle_max = 100'000;

struct Fraction {
  std::uint64_t above = 0, below = 1;
  bool operator==(const Fraction&) const = default;
  bool operator<(const Fraction& other) const { return above * other.below < other.above * below; }
};

constexpr Fraction zero{0, 1};
constexpr Fraction one{1, 1};

Fraction reduced(std::uint64_t above, std::uint64_t below) {
  const std::uint64_t divisor = std::gcd(above, below);
  return {above / divisor, below / divisor};
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value <= 1'000'000'000 ? std::optional(value) : std::nullopt;
}

// "12.5" with `scale` 100 gives 125/1000.
std::optional<Fraction> parse_decimal(std::string_view text, std::uint64_t scale) {
  const std::size_t dot = text.find('.');
  const auto whole = parse_whole(text.substr(0, dot));
  if (!whole) return std::nullopt;
  if (dot == std::string_view::npos) return reduced(*whole, scale);
  const std::string_view digits = text.substr(dot + 1);
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  const auto decimals = parse_whole(digits);
  if (!decimals) return std::nullopt;
  std::uint64_t power = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) power *= 10;
  return reduced(*whole * power + *decimals, scale * power);
}

Result<Fraction> parse_fraction(std::string_view text) {
  text = trim(text);
  std::optional<Fraction> value;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const auto above = parse_whole(text.substr(0, slash));
    const auto below = parse_whole(text.substr(slash + 1));
    if (above && below && *below > 0) value = reduced(*above, *below);
  } else if (text.ends_with('%')) {
    value = parse_decimal(text.substr(0, text.size() - 1), 100);
  } else {
    value = parse_decimal(text, 1);
  }
  if (!value)
    return fail(ErrorCode::invalid,
                "'" + std::string(text) + "' is not a part of the whole; write 1/4, 25% or 0.25");
  if (one < *value)
    return fail(ErrorCode::invalid, "'" + std::string(text) + "' is more than the whole");
  return *value;
}

Result<std::vector<Fraction>> parse_bounds(std::string_view sequence, Fraction from, Fraction to) {
  if (trim(sequence).empty()) {
    std::vector<Fraction> bounds{zero};
    if (!(from == zero)) bounds.push_back(from);
    bounds.push_back(to);
    if (!(to == one)) bounds.push_back(one);
    return bounds;
  }
  std::vector<Fraction> bounds;
  for (const std::string_view text : split(sequence, ',')) {
    const Fraction bound = TRY(parse_fraction(text));
    if (bounds.empty() && !(bound == zero)) bounds.push_back(zero);
    if (!bounds.empty() && !(bounds.back() < bound))
      return fail(ErrorCode::invalid,
                  "the segment sequence '" + std::string(sequence) + "' does not ascend");
    bounds.push_back(bound);
  }
  if (!(bounds.back() == one)) bounds.push_back(one);
  return bounds;
}

// The segments' lengths in units of their common denominator.
Result<std::vector<std::uint64_t>> lengths_of(const std::vector<Fraction>& bounds) {
  std::uint64_t denominator = 1;
  for (const Fraction& bound : bounds) {
    denominator = std::lcm(denominator, bound.below);
    if (denominator > even_spread_cycle_max)
      return fail(ErrorCode::invalid,
                  "the segments have no common denominator up to a million; use rounder parts");
  }
  std::vector<std::uint64_t> lengths;
  for (std::size_t i = 1; i < bounds.size(); ++i)
    lengths.push_back(bounds[i].above * (denominator / bounds[i].below) -
                      bounds[i - 1].above * (denominator / bounds[i - 1].below));
  return lengths;
}

}  // namespace

std::uint64_t Segment::Level::share(std::uint64_t total) const {
  const auto rest = static_cast<std::uint32_t>(total % cycle);
  const auto below = std::lower_bound(offsets.begin(), offsets.end(), rest) - offsets.begin();
  return total / cycle * offsets.size() + static_cast<std::uint64_t>(below);
}

std::uint64_t Segment::Level::nth(std::uint64_t item) const {
  return item / offsets.size() * cycle + offsets[item % offsets.size()];
}

Segment::Level Segment::make_level(std::vector<std::uint64_t> weights, std::uint64_t index) {
  Level level;
  const std::vector<std::uint32_t> owners = even_spread(weights);
  level.cycle = owners.size();
  level.index = index;
  for (std::uint32_t item = 0; item < owners.size(); ++item)
    if (owners[item] == index) level.offsets.push_back(item);
  level.weights = std::move(weights);
  return level;
}

std::vector<std::uint64_t> Segment::shares_of(const Level& level, std::uint64_t total) {
  const std::vector<std::uint32_t> owners = even_spread(level.weights);
  std::vector<std::uint64_t> shares(level.weights.size(), 0);
  for (std::size_t item = 0; item < owners.size(); ++item)
    shares[owners[item]] += total / owners.size() + (item < total % owners.size() ? 1 : 0);
  return shares;
}

Result<Segment> Segment::parse(std::string_view text, std::string_view sequence) {
  text = trim(text);
  if (text.empty()) {
    if (!trim(sequence).empty())
      return fail(ErrorCode::invalid,
                  "a segment sequence is given, but not which of its segments to run");
    return Segment();
  }
  const std::size_t colon = text.find(':');
  const bool pair = colon != std::string_view::npos;
  const Fraction from = pair ? TRY(parse_fraction(text.substr(0, colon))) : zero;
  const Fraction to = TRY(parse_fraction(pair ? text.substr(colon + 1) : text));
  if (!(from < to))
    return fail(ErrorCode::invalid, "the segment '" + std::string(text) +
                                        "' is empty; it goes from a smaller part to a larger one");
  const std::vector<Fraction> bounds = TRY(parse_bounds(sequence, from, to));
  const auto at = std::find(bounds.begin(), bounds.end(), from);
  if (at == bounds.end() || at + 1 == bounds.end() || !(*(at + 1) == to))
    return fail(ErrorCode::invalid, "the segment '" + std::string(text) +
                                        "' is not one of the sequence '" + std::string(sequence) +
                                        "'");
  std::vector<std::uint64_t> lengths = TRY(lengths_of(bounds));
  Segment segment;
  if (lengths.size() > 1)
    segment.levels_.push_back(
        make_level(std::move(lengths), static_cast<std::uint64_t>(at - bounds.begin())));
  return segment;
}

Segment Segment::part(std::uint64_t index, std::uint64_t count) const {
  ASSERT(index < count && count <= even_spread_cycle_max);
  Segment segment = *this;
  if (count > 1) segment.levels_.push_back(make_level(std::vector<std::uint64_t>(count, 1), index));
  return segment;
}

std::uint64_t Segment::share(std::uint64_t total) const {
  for (const Level& level : levels_) total = level.share(total);
  return total;
}

std::uint64_t Segment::nth(std::uint64_t index) const {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) index = level->nth(index);
  return index;
}

Segment Segment::in_proportion_to(std::uint64_t total) const {
  Segment segment;
  for (const Level& level : levels_) {
    std::vector<std::uint64_t> shares = shares_of(level, total);
    total = shares[level.index];
    const std::uint64_t cycle = even_spread_cycle(shares);
    if (cycle == 0 || cycle > proportion_cycle_max) {
      segment.levels_.push_back(level);
    } else {
      segment.levels_.push_back(make_level(std::move(shares), level.index));
    }
  }
  return segment;
}

bool Segment::owns_any() const {
  return std::none_of(levels_.begin(), levels_.end(),
                      [](const Level& level) { return level.offsets.empty(); });
}

double Segment::fraction() const {
  double fraction = 1;
  for (const Level& level : levels_)
    fraction *= static_cast<double>(level.offsets.size()) / static_cast<double>(level.cycle);
  return fraction;
}

}  // namespace brunt
