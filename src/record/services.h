// What took part in a run as a process of its own: which program, which version, where, and where
// its log is. Kept among the run's log lines (event `brunt.run.service`), so that they are there
// also when the run was killed.
//
//   ledger.log({log_line_of(service, loop.wall())});
//   for (const ServiceInfo& service : services_of(record)) ...
#pragma once
#include <string>
#include <vector>

#include "record/run_record.h"

namespace brunt {

struct ServiceInfo {
  std::string name;     // As the plan calls it.
  std::string kind;     // "redis", "command", "iot"
  std::string version;  // "7.0.15"; empty where it is not known.
  std::string address;  // host:port; empty where it has none.
  std::string log;      // Its log file; empty where none was kept.

  friend bool operator==(const ServiceInfo&, const ServiceInfo&) = default;
};

LogLine log_line_of(const ServiceInfo& service, WallTime time);

// In the order of their start; each once.
std::vector<ServiceInfo> services_of(const RunRecord& record);

// Of an event of kind fault: what the plan calls it. Its text is "NAME: WHAT".
std::string_view fault_name_of(const RunEvent& event);

}  // namespace brunt
