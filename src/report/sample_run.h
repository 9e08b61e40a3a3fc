// For the report's tests, and to look at a page: a run as a real one looks, drawn from a seed. An
// open model whose target stalls for two seconds, with a warm-up, errors, and drops.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "base/assert.h"
#include "base/prng.h"
#include "metrics/recorder.h"
#include "record/run_record.h"

namespace brunt {

class SampleRun {
 public:
  struct Options {
    std::uint32_t seconds = 60;
    int each_second = 200;
    std::uint64_t seed = 7;
  };

  explicit SampleRun(const Options& options) : options_(options), prng_(options.seed) {}

  RunRecord build() {
    head();
    RecordBuilder builder(record_);
    SecondRecorder seconds("bench-7");
    for (second_ = 0; second_ < options_.seconds; ++second_) {
      measure();
      services();
      ASSERT(totals_.merge(0, recorder_.freeze(second_)).has_value());
      for (const SecondRecord& one : seconds.take(second_, totals_.close_second(second_)))
        ASSERT(builder.append(one).has_value());
    }
    end();
    return std::move(record_);
  }

 private:
  void head() {
    RunInfo& run = record_.run;
    run.id = "20261122-084410-k3f9";
    run.plan_name = "checkout";
    run.plan_text = "name: checkout\nscenarios:\n  shop: { target: shop, vus: 50 }\n";
    run.arguments = {"run", "plans/checkout.yaml", "--set", "shop.rate=200/s"};
    run.started = {1'795'337'050'000'000'000};
    run.host = "bench-7";
    run.kernel = "6.1.0-28-amd64";
    run.cores = 2;
    run.brunt_version = "0.1.0";
    run.backend = "io_uring";
    run.seed = options_.seed;
    run.warm_up = std::chrono::seconds(5);
    record_.events = {
        {.from = {}, .to = std::chrono::seconds(5), .kind = EventKind::warm_up, .text = "warm-up"},
        {.from = std::chrono::seconds(30),
         .to = std::chrono::seconds(32),
         .kind = EventKind::fault,
         .text = "shop frozen"}};
  }

  void add(MetricId metric, TagSetId tags, double value) {
    recorder_.series(metric, tags).add(value);
  }

  void request(std::string_view name, double median_ms, double share) {
    TagTable& tags = recorder_.tags();
    const auto base = std::vector<Tag>{{"expected_response", "true"},
                                       {"method", "GET"},
                                       {"name", std::string(name)},
                                       {"scenario", "shop"},
                                       {"status", "200"}};
    const TagSetId fine = tags.intern(make_tag_set(base));
    const TagSetId refused = tags.with(fine, {{"expected_response", "false"},
                                              {"status", "0"},
                                              {"error_code", "1212"},
                                              {"error", "dial: connection refused"}});
    const TagSetId busy = tags.with(
        fine, {{"expected_response", "false"}, {"status", "503"}, {"error_code", "1503"}});
    const bool stalled = second_ >= 30 && second_ < 32;
    const int requests = static_cast<int>(options_.each_second * share * (stalled ? 0.4 : 1.0));
    for (int i = 0; i < requests; ++i) {
      const double normal =
          std::sqrt(-2 * std::log(1 - prng_.uniform())) * std::cos(6.283185307 * prng_.uniform());
      const double warming = second_ < 5 ? 3.0 - 0.4 * static_cast<double>(second_) : 1.0;
      double service = median_ms * warming * std::exp(0.35 * normal);
      if (prng_.uniform() < 0.01) service *= 8;
      const double waited = stalled ? 1900 * prng_.uniform() : 0.02 * prng_.uniform();
      const bool fails = stalled ? prng_.uniform() < 0.2 : prng_.uniform() < 0.001;
      const TagSetId which = !fails ? fine : stalled ? refused : busy;
      add(MetricId::http_reqs, which, 1);
      add(MetricId::http_req_failed, which, fails ? 1 : 0);
      add(MetricId::http_req_duration, which, service);
      add(MetricId::http_req_waiting, which, service * 0.9);
      add(MetricId::http_req_tls_handshaking, which, 0);
      add(MetricId::response_time, which, service + waited);
      add(MetricId::generator_schedule_slip, TagSetId::none, 0.004 + 0.05 * prng_.uniform());
      ++requests_;
      if (fails) ++failed_;
    }
  }

  void measure() {
    request("GET /command", 1.2, 0.5);
    request("POST /measurement", 3.5, 0.4);
    request("POST /login", 12, 0.1);
    const bool stalled = second_ >= 30 && second_ < 32;
    const TagSetId scenario = recorder_.tags().intern({{"scenario", "shop"}});
    add(MetricId::iterations, scenario, options_.each_second * (stalled ? 0.4 : 1.0));
    if (stalled) {
      add(MetricId::dropped_iterations, scenario, options_.each_second * 0.3);
      dropped_ += static_cast<std::uint64_t>(options_.each_second * 0.3);
    }
    add(MetricId::vus, scenario, stalled ? 50 : 8 + static_cast<double>(second_ % 3));
    add(MetricId::vus_max, TagSetId::none, 50);
    add(MetricId::data_received, TagSetId::none, options_.each_second * 412.0);
    add(MetricId::data_sent, TagSetId::none, options_.each_second * 180.0);
    add(MetricId::generator_cpu, recorder_.tags().intern({{"thread", "0"}}),
        0.21 + 0.02 * prng_.uniform());
    add(MetricId::generator_loop_lag, TagSetId::none, 0.3 + prng_.uniform());
  }

  void services() {
    const auto add_of = [&](const char* service, MetricId metric, double value) {
      add(metric, recorder_.tags().intern({{"service", service}}), value);
    };
    const bool stalled = second_ >= 30 && second_ < 32;
    add_of("shop", MetricId::service_cpu, stalled ? 0.01 : 0.62 + 0.01 * (second_ % 10));
    add_of("shop", MetricId::service_rss, 48e6 + 2e5 * second_);
    add_of("shop", MetricId::service_threads, 6);
    add_of("shop", MetricId::service_descriptors, 60 + second_ % 7);
    add_of("shop", MetricId::service_switches_voluntary, 4'000);
    add_of("shop", MetricId::service_disk_written, 1e5);
    add_of("database", MetricId::service_cpu, 0.2 + 0.02 * (second_ % 5));
    add_of("database", MetricId::service_rss, 120e6);
    add_of("database", MetricId::service_threads, 9);
    add(MetricId::host_cpu, TagSetId::none, 1.2 + 0.03 * (second_ % 7));
    add(MetricId::host_pressure_cpu, TagSetId::none, 0.08);
  }

  void end() {
    RunInfo& run = record_.run;
    run.ended = {run.started.unix_ns + std::int64_t{options_.seconds} * 1'000'000'000};
    run.status = RunStatus::finished;
    run.exit_code = 99;
    run.verdict = "failed: http_req_failed was 0.73%, wanted < 0.5%";
    record_.scenarios = {{.name = "shop",
                          .executor = "constant-arrival-rate",
                          .description = std::to_string(options_.each_second) + "/s, up to 50 VUs",
                          .start = {},
                          .duration = std::chrono::seconds(options_.seconds),
                          .vus_max = 50,
                          .open_model = true,
                          .iterations_completed = requests_,
                          .iterations_interrupted = 3,
                          .iterations_dropped = dropped_,
                          .iterations_late = 0}};
    record_.checks = {
        {.name = "status is 200", .group = "", .passes = requests_ - failed_, .fails = failed_},
        {.name = "has a session", .group = "::login", .passes = 1100, .fails = 0}};
    record_.profiles = {{.service = "shop",
                         .folded = "shop;main;serve;answer 300\nshop;main;serve;write_[k] 420\n"
                                   "shop;main;serve;answer;format 180\nshop;main;wait_[k] 90\n"
                                   "shop;main;serve;[libc.so.6] 60\n"}};
    record_.thresholds = {{.selector = "http_req_duration{name:POST /measurement}",
                           .expression = "p(99) < 250ms",
                           .passed = true,
                           .measured = 31.2,
                           .measured_text = "p(99)=31.2ms",
                           .aborted_run = false},
                          {.selector = "http_req_failed",
                           .expression = "rate < 0.5%",
                           .passed = false,
                           .measured = 0.0073,
                           .measured_text = "rate=0.73%",
                           .aborted_run = false},
                          {.selector = "orders",
                           .expression = "count > 100",
                           .passed = true,
                           .measured = {},
                           .measured_text = "",
                           .aborted_run = false}};
  }

  Options options_;
  Prng prng_;
  MetricRegistry registry_;
  Recorder recorder_{registry_};
  Totals totals_;
  RunRecord record_;
  std::uint32_t second_ = 0;
  std::uint64_t requests_ = 0, failed_ = 0, dropped_ = 0;
};

}  // namespace brunt
