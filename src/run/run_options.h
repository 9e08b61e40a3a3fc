// What the command line adds to a plan: where to keep the run, how to make the load, what may be
// loaded.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "load/segment.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "report/k6_streams.h"
#include "report/k6_summary.h"

namespace brunt {

enum class Thresholds : std::uint8_t { judged, ignored };  // k6's --no-thresholds.

struct RunOptions {
  std::filesystem::path program;       // brunt itself: built-in services are started with it.
  std::vector<std::string> arguments;  // For the record.
  BackendKind backend = BackendKind::automatic;
  std::uint64_t threads = 1;                     // Generator threads, where there is one process.
  std::uint32_t processes = 1;                   // Generator processes; see processes_needed().
  std::vector<std::string> source_arguments;     // What a generator process needs to read the plan.
  std::optional<std::uint64_t> seed;             // Wins over the plan's.
  Segment segment;                               // This instance's part of the test.
  std::string segment_bounds, segment_sequence;  // As written, for generator processes.
  std::string ledger =
      ".brunt/ledger.db";          // A path or postgres://…; empty: a file that goes after the run.
  std::vector<std::string> allow;  // Besides the plan's.
  std::vector<Redirection> redirections;
  std::vector<Endpoint> local_ips;
  std::vector<K6StreamOptions> streams;
  std::string address;  // Of the REST API, HOST:PORT; empty: none.
  std::string profile;  // The service whose CPU time is recorded; empty: none.
  Thresholds thresholds = Thresholds::judged;
  K6SummaryOptions summary;  // Where the summary is shown; the script's own options are added.
};

// How many generator processes a plan needs so that its connections fit into their descriptors:
// 15,000 each of the 20,000 that a process usually may have (a share of `descriptors_max` in
// general), the rest being for all else.
std::uint32_t processes_needed(std::uint64_t connections, std::uint64_t descriptors_max);
// How many, and why, for people.
std::string processes_sentence(std::uint64_t connections, std::uint64_t descriptors_max);

}  // namespace brunt
