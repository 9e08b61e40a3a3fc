#include "step/hop_recorder.h"

#include <fmt/format.h>

namespace brunt {

void HopRecorder::hop(const HttpHop& hop) {
  vu_.bytes_sent += hop.reply.bytes_sent;
  vu_.bytes_received += hop.reply.bytes_received;
  // Interrupted at the end of the run: neither the target's success nor its failure.
  if (hop.reply.failure && hop.reply.failure->cause == ErrorCode::cancelled) return;
  if (hop.reply.failure && is_news(scenario_, *hop.reply.failure))
    scenario_.shared.watcher.step_failed(
        scenario_.scenario.name,
        fmt::format("{} {}: {}", hop.method, hop.url.text(), hop.reply.failure->detail));
  begin_samples(scenario_, vu_);
  series_.record(hop, vu_.lateness);
  if (vu_.subject) add_to_subject(hop.reply);
}

void HopRecorder::add_to_subject(const HttpReply& reply) {
  const HttpTimings& timings = reply.timings;
  if (!reply.connection_reused && timings.connecting > Duration{})
    vu_.subject->add(MetricId::setup_time,
                     timings.looking_up + timings.connecting + timings.tls_handshaking);
  if (reply.ok()) vu_.subject->add(MetricId::http_req_duration, timings.duration());
}

}  // namespace brunt
