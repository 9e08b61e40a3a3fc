// What the command line adds to a plan: where to keep the run, how to make the load, what may be
// loaded.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "net/dialer.h"
#include "report/k6_streams.h"

namespace brunt {

enum class Thresholds : std::uint8_t { judged, ignored };  // k6's --no-thresholds.

struct RunOptions {
  std::filesystem::path program;       // brunt itself: built-in services are started with it.
  std::vector<std::string> arguments;  // For the record.
  BackendKind backend = BackendKind::automatic;
  std::uint64_t threads = 1;          // Generator threads.
  std::optional<std::uint64_t> seed;  // Wins over the plan's.
  Segment segment;                    // This process's part of the test.
  std::string ledger =
      ".brunt/ledger.db";          // A path or postgres://…; empty: a file that goes after the run.
  std::vector<std::string> allow;  // Besides the plan's.
  std::vector<Redirection> redirections;
  std::vector<Endpoint> local_ips;
  std::vector<K6StreamOptions> streams;
  Thresholds thresholds = Thresholds::judged;
};

}  // namespace brunt
