#include "step/http_series.h"

#include <fmt/format.h>

#include <algorithm>

namespace brunt {

namespace {

// "tls1.3", as k6 writes it.
std::string tls_version_tag(std::string_view version) {
  constexpr std::string_view prefix = "TLSv";
  if (!version.starts_with(prefix)) return std::string(version);
  return fmt::format("tls{}", version.substr(prefix.size()));
}

}  // namespace

HttpSeries::HttpSeries(Recorder& recorder, const HttpSeriesOptions& options)
    : recorder_(recorder), options_(options) {}

bool HttpSeries::record(const HttpHop& hop, Duration lateness) {
  Outcome& outcome = outcome_of(hop);
  const HttpTimings& timings = hop.reply.timings;
  const Duration duration = timings.duration();
  outcome.reqs->add(1.0);
  if (outcome.failed != nullptr) outcome.failed->add(outcome.expected ? 0.0 : 1.0);
  outcome.duration->add(duration);
  outcome.blocked->add(timings.blocked);
  outcome.connecting->add(timings.connecting);
  outcome.tls_handshaking->add(timings.tls_handshaking);
  outcome.sending->add(timings.sending);
  outcome.waiting->add(timings.waiting);
  outcome.receiving->add(timings.receiving);
  if (outcome.response_time != nullptr)
    outcome.response_time->add(lateness + timings.blocked + duration);
  if (!hop.reply.connection_reused && timings.connecting > Duration{}) [[unlikely]]
    outcome.setup_time->add(timings.looking_up + timings.connecting + timings.tls_handshaking);
  return outcome.expected;
}

HttpSeries::Outcome& HttpSeries::outcome_of(const HttpHop& hop) {
  const std::uint16_t status = hop.reply.status();
  const std::uint16_t error_code = hop.reply.error_code();
  const char* tls_version = hop.reply.tls_version.data();
  const char* version = hop.reply.message().version().data();
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    const Outcome& known = outcomes_[i];
    if (known.status != status || known.error_code != error_code ||
        known.tls_version != tls_version || known.version != version)
      continue;
    if (i > 0) std::swap(outcomes_[i], outcomes_[i - 1]);
    return outcomes_[i == 0 ? 0 : i - 1];
  }
  return add_outcome(hop);
}

HttpSeries::Outcome& HttpSeries::add_outcome(const HttpHop& hop) {
  const HttpReply& reply = hop.reply;
  Outcome outcome{.status = reply.status(), .error_code = reply.error_code()};
  outcome.tls_version = reply.tls_version.data();
  outcome.version = reply.message().version().data();
  const bool default_expected = outcome.status >= 200 && outcome.status < 400;
  outcome.expected =
      !options_.judged ||
      (reply.ok() && (options_.expected != nullptr ? options_.expected->contains(outcome.status)
                                                   : default_expected));
  std::vector<Tag> tags = {{"status", std::to_string(outcome.status)}};
  if (options_.judged) tags.push_back({"expected_response", outcome.expected ? "true" : "false"});
  if (reply.ok()) tags.push_back({"proto", std::string(reply.message().version())});
  if (outcome.error_code != 0) tags.push_back({"error_code", std::to_string(outcome.error_code)});
  if (reply.failure) tags.push_back({"error", std::string(reply.failure->message)});
  if (!reply.tls_version.empty())
    tags.push_back({"tls_version", tls_version_tag(reply.tls_version)});
  const TagSetId id = recorder_.tags().with(options_.base, tags);
  const auto series = [&](MetricId metric) { return &recorder_.series(metric, id); };
  outcome.reqs = series(MetricId::http_reqs);
  if (options_.judged) outcome.failed = series(MetricId::http_req_failed);
  outcome.duration = series(MetricId::http_req_duration);
  outcome.blocked = series(MetricId::http_req_blocked);
  outcome.connecting = series(MetricId::http_req_connecting);
  outcome.tls_handshaking = series(MetricId::http_req_tls_handshaking);
  outcome.sending = series(MetricId::http_req_sending);
  outcome.waiting = series(MetricId::http_req_waiting);
  outcome.receiving = series(MetricId::http_req_receiving);
  outcome.setup_time = series(MetricId::setup_time);
  if (options_.model == LoadModel::open) outcome.response_time = series(MetricId::response_time);
  outcomes_.push_back(outcome);
  return outcomes_.back();
}

}  // namespace brunt
