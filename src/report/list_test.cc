#include "report/list.h"

#include <doctest/doctest.h>

#include "report/sample_run.h"

namespace brunt {
namespace {

TEST_CASE("the list is a table of runs with their verdicts and main figures") {
  RunSummary failed;
  failed.run = SampleRun({.seconds = 1}).build().run;
  failed.requests = 12'345;
  failed.failed_requests = 123;
  failed.p95_ms = 41.2;
  RunSummary interrupted = failed;
  interrupted.run.id = "20261122-090000-abcd";
  interrupted.run.status = RunStatus::interrupted;
  interrupted.run.ended = {};
  interrupted.seconds = 17;
  interrupted.failed_requests = 0;
  interrupted.p95_ms = 0;
  const std::string text = list_report(std::vector{interrupted, failed}, {});
  CHECK(text ==
        "run                   plan      started (UTC)        verdict         length   requests    "
        " errors        p95\n"
        "20261122-090000-abcd  checkout  2026-11-22 08:44:10  interrupted      17.0s     12,345    "
        "      0          –\n"
        "20261122-084410-k3f9  checkout  2026-11-22 08:44:10  failed           1.00s     12,345    "
        "  1.00%     41.2ms\n");
  const Json json = list_json(std::vector{interrupted, failed});
  CHECK(json.array().size() == 2);
  CHECK(json.array()[1].find("outcome")->string() == "failed");
  CHECK(list_report({}, {}) == "No runs yet.\n");
}

}  // namespace
}  // namespace brunt
