// Every sample of a run in k6's own stream formats: `--out json=FILE` and `--out csv=FILE`. `.gz`
// at the end of the name compresses; `-` is standard output.
//
// Fed with the snapshots of tapping recorders (SampleTap::on), written on a helper thread: the
// loops never wait. What the disk cannot take in time is bounded: beyond pending_max bytes samples
// are left out, counted, and told at the end.
//
//   auto stream = TRY(K6Stream::open({.format = K6StreamFormat::json, .place =
//   "samples.json.gz"})); stream->take(origin, snapshot);                 // each freeze, any
//   thread; copies what it needs for (const std::string& note : stream->finish()) ...
//
// Source: k6 documentation, "JSON" and "CSV" under "Real-time output".
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/snapshot.h"

namespace brunt {

enum class K6StreamFormat : std::uint8_t { json, csv };

struct K6StreamOptions {
  K6StreamFormat format = K6StreamFormat::json;
  std::string place;  // "-" is standard output.
  // k6 shows a metric's thresholds in its definition: metric -> expressions.
  std::map<std::string, std::vector<std::string>> thresholds;
  // Of k6's system tags the ones that samples have; empty: its default.
  std::vector<std::string> system_tags;
  std::size_t pending_max = 256u << 20u;
};

// `json=FILE`, `csv=FILE`; without `=` to standard output. Errors: invalid.
Result<K6StreamOptions> parse_k6_stream(std::string_view text);

class K6Stream {
 public:
  static Result<std::unique_ptr<K6Stream>> open(const K6StreamOptions& options);
  ~K6Stream();

  // Snapshots of one origin in their order: a series is defined in the first that has it.
  void take(std::uint32_t origin, const Snapshot& snapshot);

  // Blocks until all is written and closed. Sentences on what could not be written; empty when all
  // was. Call it once, last.
  std::vector<std::string> finish();

  K6Stream(const K6Stream&) = delete;
  K6Stream& operator=(const K6Stream&) = delete;

 private:
  struct State;
  explicit K6Stream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
