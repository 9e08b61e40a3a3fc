// Adds up what `perf script` prints, one sample after the other, to folded stacks: for each way
// from the first function to the one at work, how many samples were taken there.
//
//   PerfScript script;
//   while (...) script.feed(bytes);                 // in any split
//   script.finish();
//   script.folded();      // "server;main;handle;write_[k] 17\n" ..., the root first, sorted
//
// A function of the kernel ends in `_[k]`; one without a name stands as its library: [libc.so.6].
// Lines that make no sense are counted and left out; what is too long or too deep is cut.
// No I/O; of one thread.
//
// Source: perf-script(1), with -F comm,tid,ip,sym,dso.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace brunt {

class PerfScript {
 public:
  struct Limits {
    std::size_t line_bytes_max = 16u << 10u;  // Longer: a C++ name gone mad; cut.
    std::size_t name_bytes_max = 256;
    std::size_t depth_max = 256;       // Frames nearer to the root are left out.
    std::size_t stacks_max = 100'000;  // Further ones count as [other].
  };

  explicit PerfScript(Limits limits) : limits_(limits) {}
  PerfScript() : PerfScript(Limits{}) {}

  void feed(std::string_view bytes);
  void finish();  // The last sample may have no empty line behind it.

  std::uint64_t samples() const { return samples_; }
  std::uint64_t lines_refused() const { return lines_refused_; }
  std::string folded() const;

 private:
  void take_line(std::string_view line);
  void take_frame(std::string_view line);
  void end_sample();

  Limits limits_;
  std::string partial_;              // A line whose end is yet to come.
  bool is_cut_ = false;              // Of which the rest is left out.
  std::string command_;              // Of the sample under way; empty: none is.
  std::vector<std::string> frames_;  // The one at work first.
  std::map<std::string, std::uint64_t> stacks_;
  std::uint64_t samples_ = 0, lines_refused_ = 0;
};

}  // namespace brunt
