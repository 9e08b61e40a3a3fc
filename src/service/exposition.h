// Prometheus text for the built-in services: families of samples, histograms of fixed buckets, and
// what every process says of itself.
//
//   Exposition out;
//   out.single("messages_total", "counter", "Messages stored.", count);
//   response.body() += out.take();
//
// Source: Prometheus text exposition format 0.0.4.
#pragma once
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "server/counter.h"

namespace brunt {

// A histogram of fixed buckets, as Prometheus wants it.
class BucketHistogram {
 public:
  static constexpr std::size_t buckets_max = 16;

  // `bounds` ascend, at most buckets_max, and live for ever.
  explicit BucketHistogram(std::span<const double> bounds) : bounds_(bounds) {}
  void record(double value);
  std::span<const double> bounds() const { return bounds_; }
  std::uint64_t bucket(std::size_t index) const { return buckets_[index].get(); }  // Not cumulated.
  double sum() const { return static_cast<double>(sum_millionths_.get()) / 1e6; }

 private:
  std::span<const double> bounds_;
  std::array<Counter, buckets_max + 1> buckets_;
  Counter sum_millionths_;
};

// Writes the text, family by family.
class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
    name_ = name;
  }
  template <typename Number>
  void sample(Number value, std::string_view labels = "") {
    const std::string_view open = labels.empty() ? "" : "{";
    const std::string_view close = labels.empty() ? "" : "}";
    fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name_, open, labels, close, value);
  }
  template <typename Number>
  void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
    family(name, type, help);
    sample(value);
  }
  // The sum of the same histogram of every loop.
  void histogram(std::span<const BucketHistogram* const> parts, std::string_view labels = "");

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

// CPU time, memory in RAM and start of this process.
void render_process(Exposition& out, WallTime started);

}  // namespace brunt
