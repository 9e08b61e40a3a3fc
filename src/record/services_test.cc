// Services kept among a run's log lines.
#include "record/services.h"

#include <doctest/doctest.h>

namespace brunt {
namespace {

TEST_CASE("a service comes back from its log line, once, whatever other lines say") {
  const ServiceInfo queue{.name = "queue",
                          .kind = "redis",
                          .version = "7.0.15",
                          .address = "127.0.0.1:4711",
                          .log = "/logs/queue.log"};
  RunRecord record;
  record.logs = {LogLine{.event = "naz.Client.send", .log_id = "queue"}, log_line_of(queue, {}),
                 log_line_of(queue, {})};
  LogLine damaged = log_line_of({.name = "other"}, {});
  damaged.metadata = "no JSON";
  record.logs.push_back(damaged);
  CHECK(services_of(record) == std::vector<ServiceInfo>{queue});
}

TEST_CASE("the name of a fault stands before its text") {
  CHECK(fault_name_of({.kind = EventKind::fault, .text = "cold: cache frozen"}) == "cold");
  CHECK(fault_name_of({.kind = EventKind::warm_up, .text = "warm-up"}) == "");
}

}  // namespace
}  // namespace brunt
