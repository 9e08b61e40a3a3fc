#include "stats/block_bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/assert.h"
#include "base/prng.h"
#include "stats/autocorrelation.h"

namespace brunt {
namespace {

std::uint64_t rank_of(double quantile, std::uint64_t count) {
  const double rank = std::ceil(std::nextafter(quantile, 0.0) * static_cast<double>(count));
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count);
}

// All seconds together: each value once, ascending. Merged one by one, as a sort of all of an
// hour's buckets would take longer than the bootstrap.
CountedSecond pooled(std::span<const CountedSecond> seconds) {
  CountedSecond all, merged;
  for (const CountedSecond& second : seconds) {
    ASSERT(std::ranges::is_sorted(second, {}, &CountedValue::value));
    merged.clear();
    std::ranges::merge(all, second, std::back_inserter(merged), {}, &CountedValue::value,
                       &CountedValue::value);
    all.clear();
    for (const CountedValue& cell : merged) {
      if (!all.empty() && all.back().value == cell.value)
        all.back().count += cell.count;
      else
        all.push_back(cell);
    }
  }
  return all;
}

std::uint64_t count_of(const CountedSecond& second) {
  std::uint64_t count = 0;
  for (const CountedValue& cell : second) count += cell.count;
  return count;
}

std::size_t quantile_index(const CountedSecond& all, double quantile) {
  const std::uint64_t rank = rank_of(quantile, count_of(all));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    seen += all[i].count;
    if (seen >= rank) return i;
  }
  return all.size() - 1;
}

// Values at which counts are compared: every one near the estimate, fewer further out; always the
// largest, so that each resample finds its quantile among them.
std::vector<double> cut_points(const CountedSecond& all, std::size_t estimate) {
  std::vector<double> cuts;
  const auto step_at = [](std::size_t distance) { return std::max<std::size_t>(1, distance / 64); };
  for (std::size_t d = 1; d <= estimate; d += step_at(d)) cuts.push_back(all[estimate - d].value);
  std::ranges::reverse(cuts);
  for (std::size_t d = 0; estimate + d < all.size(); d += step_at(d))
    cuts.push_back(all[estimate + d].value);
  if (cuts.back() != all.back().value) cuts.push_back(all.back().value);
  return cuts;
}

// How many values of each circular block of `length` seconds lie at or below a cut point. A row is
// made when it is first asked for: the searches visit few of them.
class BlockCounts {
 public:
  BlockCounts(std::span<const CountedSecond> seconds, std::vector<double> cuts, std::size_t length)
      : below_(seconds.begin(), seconds.end()),
        cuts_(std::move(cuts)),
        rows_(cuts_.size()),
        length_(length) {
    for (CountedSecond& second : below_)
      for (std::size_t i = 1; i < second.size(); ++i) second[i].count += second[i - 1].count;
  }

  const std::vector<double>& cuts() const { return cuts_; }
  // One count for each second that a block can start at.
  const std::vector<std::uint64_t>& row(std::size_t cut) {
    if (rows_[cut].empty()) fill(cut);
    return rows_[cut];
  }
  const std::vector<std::uint64_t>& totals() { return row(cuts_.size() - 1); }

 private:
  void fill(std::size_t cut) {
    const std::size_t n = below_.size();
    std::vector<std::uint64_t> single(n, 0);
    for (std::size_t s = 0; s < n; ++s) {
      const auto above = std::ranges::upper_bound(below_[s], cuts_[cut], {}, &CountedValue::value);
      if (above != below_[s].begin()) single[s] = std::prev(above)->count;
    }
    std::vector<std::uint64_t>& blocks = rows_[cut];
    blocks.resize(n);
    std::uint64_t sum = 0;
    for (std::size_t s = 0; s < length_; ++s) sum += single[s];
    for (std::size_t s = 0; s < n; ++s) {
      blocks[s] = sum;
      sum += single[(s + length_) % n];
      sum -= single[s];
    }
  }

  std::vector<CountedSecond> below_;  // Counts at or below each value of a second.
  std::vector<double> cuts_;
  std::vector<std::vector<std::uint64_t>> rows_;
  std::size_t length_;
};

std::uint64_t sum_at(const std::vector<std::uint64_t>& row, const std::vector<std::uint32_t>& at) {
  std::uint64_t sum = 0;
  for (const std::uint32_t start : at) sum += row[start];
  return sum;
}

// The quantile of one resample, as an index into the cuts.
std::size_t resampled_quantile(BlockCounts& counts, const std::vector<std::uint32_t>& starts,
                               double quantile) {
  const std::uint64_t rank = rank_of(quantile, sum_at(counts.totals(), starts));
  std::size_t low = 0, high = counts.cuts().size() - 1;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (sum_at(counts.row(middle), starts) >= rank)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Each second's share of values above the estimate; a second without values is as the average.
std::vector<double> exceedance(std::span<const CountedSecond> seconds, double estimate) {
  std::vector<double> shares(seconds.size(), -1);
  double sum = 0;
  std::size_t known = 0;
  for (std::size_t s = 0; s < seconds.size(); ++s) {
    const std::uint64_t count = count_of(seconds[s]);
    if (count == 0) continue;
    std::uint64_t above = 0;
    for (const CountedValue& cell : seconds[s])
      if (cell.value > estimate) above += cell.count;
    shares[s] = static_cast<double>(above) / static_cast<double>(count);
    sum += shares[s];
    ++known;
  }
  for (double& share : shares)
    if (share < 0) share = sum / static_cast<double>(known);
  return shares;
}

Result<std::size_t> block_length(std::span<const CountedSecond> seconds, double estimate) {
  if (seconds.size() < blocks_min)
    return fail(ErrorCode::invalid,
                fmt::format("{} seconds are too few for an interval: it needs {} blocks of at "
                            "least a second",
                            seconds.size(), blocks_min));
  const auto lag = decorrelation_lag(exceedance(seconds, estimate), seconds.size() / blocks_min);
  if (!lag)
    return fail(ErrorCode::invalid,
                fmt::format("slow seconds come together for so long that {} seconds hold fewer "
                            "than {} independent blocks: run longer",
                            seconds.size(), blocks_min));
  return *lag;
}

}  // namespace

Result<PercentileInterval> percentile_interval(std::span<const CountedSecond> seconds,
                                               const BlockBootstrapOptions& options) {
  const bool in_range = options.quantile > 0 && options.quantile < 1 && options.confidence > 0 &&
                        options.confidence < 1 && options.resamples >= 100;
  if (!in_range)
    return fail(ErrorCode::invalid,
                "quantile and confidence must lie between 0 and 1, resamples be at least 100");
  const CountedSecond all = pooled(seconds);
  if (count_of(all) == 0) return fail(ErrorCode::invalid, "nothing was measured");
  const std::size_t estimate = quantile_index(all, options.quantile);
  const std::size_t length = TRY(block_length(seconds, all[estimate].value));
  const std::size_t blocks = (seconds.size() + length - 1) / length;

  BlockCounts counts(seconds, cut_points(all, estimate), length);
  Prng prng(options.seed);
  std::vector<std::uint32_t> starts(blocks);
  std::vector<std::size_t> found;
  found.reserve(options.resamples);
  const std::uint64_t n = seconds.size();
  for (std::uint32_t b = 0; b < options.resamples; ++b) {
    // The top 32 bits scaled to [0, n): fair to within n / 2^32.
    for (std::uint32_t& start : starts)
      start = static_cast<std::uint32_t>(((prng.next() >> 32U) * n) >> 32U);
    if (sum_at(counts.totals(), starts) > 0)
      found.push_back(resampled_quantile(counts, starts, options.quantile));
  }
  if (found.empty()) return fail(ErrorCode::invalid, "too little was measured");
  std::ranges::sort(found);
  const double tail = (1 - options.confidence) / 2;
  const auto last = static_cast<double>(found.size() - 1);
  const std::size_t low = found[static_cast<std::size_t>(std::floor(tail * last))];
  const std::size_t high = found[static_cast<std::size_t>(std::ceil((1 - tail) * last))];
  return PercentileInterval{std::min(counts.cuts()[low], all[estimate].value), all[estimate].value,
                            std::max(counts.cuts()[high], all[estimate].value),
                            static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(blocks)};
}

}  // namespace brunt
