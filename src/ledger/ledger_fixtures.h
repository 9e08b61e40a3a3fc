// For the ledger's tests: a folder that goes away, a real PostgreSQL, and a run to write.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/temporary_folder.h"
#include "ledger/ledger.h"
#include "metrics/recorder.h"

namespace brunt {

inline TemporaryFolder ledger_folder() {
  return TemporaryFolder::make("brunt-ledger").value();
}

// A server of its own on a unix socket, as the user postgres (it refuses root).
class TemporaryPostgres {
 public:
  TemporaryPostgres() {
    std::ofstream script((folder_ / "start.sh").string());
    script << "set -e\nD=" << folder_.path().string() << "\n"
           << "B=$(ls -d /usr/lib/postgresql/*/bin | tail -1)\n"
           << "as=''\nif [ \"$(id -u)\" = 0 ]; then chown -R postgres $D; "
              "as='setpriv --reuid=postgres --regid=postgres --clear-groups'; fi\n"
           << "$as $B/initdb -D $D/d -A trust --no-sync -U postgres >$D/init.log 2>&1\n"
           << "$as $B/pg_ctl -D $D/d -o \"-c listen_addresses='' -k $D -F\" -l $D/log -w start "
              ">$D/start.log 2>&1\n";
    script.close();
    REQUIRE_MESSAGE(std::system(("sh " + (folder_ / "start.sh").string()).c_str()) == 0,
                    "PostgreSQL did not start: is the package postgresql there?");
  }
  ~TemporaryPostgres() { control("stop -m immediate"); }

  void control(const std::string& order) const {
    const std::string command =
        "D=" + folder_.path().string() +
        "; B=$(ls -d /usr/lib/postgresql/*/bin | tail -1); as=''; [ \"$(id -u)\" = 0 ] && "
        "as='setpriv --reuid=postgres --regid=postgres --clear-groups'; $as $B/pg_ctl -D $D/d -o "
        "\"-c listen_addresses='' -k $D -F\" -l $D/log -w " +
        order + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) MESSAGE("pg_ctl failed: " << order);
  }
  std::string url() const {
    return "postgres:///postgres?user=postgres&host=" + folder_.path().string();
  }

 private:
  TemporaryFolder folder_ = ledger_folder();
};

inline RunRecord sample_head(const std::string& id) {
  RunRecord head;
  head.run.id = id;
  head.run.plan_name = "checkout";
  head.run.plan_text = "name: checkout\n# caf\xC3\xA9, \"quotes\" and 'more'\n";
  head.run.arguments = {"run", "plans/checkout.yaml", "--set", "x=\"1\""};
  head.run.started = {1'795'337'050'000'000'000};
  head.run.host = "bench-7";
  head.run.kernel = "6.1.0";
  head.run.cores = 2;
  head.run.process = current_process();
  head.run.brunt_version = "0.1.0";
  head.run.backend = "io_uring";
  head.run.seed = 0xFFFF'FFFF'FFFF'FFFEu;
  head.run.warm_up = std::chrono::seconds(1);
  head.scenarios = {{.name = "browse",
                     .executor = "constant-arrival-rate",
                     .description = "500/s for 8s",
                     .start = {},
                     .duration = std::chrono::seconds(8),
                     .vus_max = 50,
                     .open_model = true}};
  head.events = {
      {.from = {}, .to = std::chrono::seconds(1), .kind = EventKind::warm_up, .text = ""}};
  return head;
}

// Seconds as a conductor hands them over.
class SampleSeconds {
 public:
  explicit SampleSeconds(const std::string& origin) : seconds_(origin) {}
  SecondRecord next() {
    const auto name = recorder_.tags().intern({{"name", "/cart"}, {"status", "200"}});
    for (int i = 0; i < 10; ++i) {
      recorder_.series(MetricId::http_reqs, name).add(1);
      recorder_.series(MetricId::http_req_failed, name).add(i == 9 ? 1 : 0);
      recorder_.series(MetricId::http_req_duration, name).add(second_ + i * 0.25);
    }
    recorder_.series(MetricId::vus, TagSetId::none).add(50);
    REQUIRE(totals_.merge(0, recorder_.freeze(second_)));
    auto records = seconds_.take(second_, totals_.close_second(second_));
    ++second_;
    REQUIRE(records.size() == 1);
    return std::move(records.front());
  }

 private:
  MetricRegistry registry_;
  Recorder recorder_{registry_};
  Totals totals_;
  SecondRecorder seconds_;
  int second_ = 0;
};

// What the head becomes when the run has ended.
inline RunRecord sample_end(RunRecord head) {
  head.run.status = RunStatus::finished;
  head.run.ended = {head.run.started.unix_ns + 3'000'000'000};
  head.run.exit_code = 99;
  head.run.verdict = "Failed: p(95) of http_req_duration was 250ms, not below 200ms.";
  head.scenarios[0].iterations_completed = 1234;
  head.scenarios[0].iterations_dropped = 5;
  head.checks = {{.name = "status is 200", .group = "::shop", .passes = 29, .fails = 1}};
  head.thresholds = {{.selector = "http_req_duration",
                      .expression = "p(95)<200",
                      .passed = false,
                      .measured = 250.0,
                      .measured_text = "p(95)=250ms",
                      .aborted_run = false},
                     {.selector = "checks",
                      .expression = "rate>0.9",
                      .passed = true,
                      .measured = {},
                      .measured_text = "",
                      .aborted_run = false}};
  head.subjects = {{.subject = "client-1", .metric = "rtt_ms", .value = 1.5}};
  head.profiles = {{.service = "gateway", .folded = "gateway;main;write_[k] 17\n"}};
  head.notes = {"One thing to know."};
  head.logs = {{.time = {1'795'337'050'123'456'000},
                .event = "naz.Client.send_data",
                .stage = "start",
                .client_id = "c1",
                .log_id = "N-abcdefg",
                .error = "",
                .metadata = R"({"a": 1})"}};
  return head;
}

}  // namespace brunt
