// Where the samples of one kind of request go: k6's nine HTTP metrics and our response_time, looked
// up once for each outcome (status, error, versions) and kept.
//
// Belongs to one loop. record() takes about a hundred nanoseconds and allocates nothing once an
// outcome has been seen.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_session.h"
#include "metrics/recorder.h"
#include "plan/check.h"
#include "step/step_context.h"

namespace brunt {

struct HttpSeriesOptions {
  TagSetId base = TagSetId::none;  // Plan's, scenario's, and request's own tags, name among them.
  LoadModel model = LoadModel::closed;
  const StatusCheck* expected = nullptr;  // nullptr: 200 to 399, as k6.
  bool judged = true;  // false: nobody expects anything, and http_req_failed is not measured.
};

class HttpSeries {
 public:
  // `recorder` and `expected` must outlive it.
  HttpSeries(Recorder& recorder, const HttpSeriesOptions& options);

  // Takes all samples of one hop. `lateness`: how much earlier than it was sent it was due.
  // Gives whether the reply was as expected.
  bool record(const HttpHop& hop, Duration lateness);

 private:
  struct Outcome {
    std::uint16_t status = 0, error_code = 0;
    // Of TLS and HTTP; literals' addresses, as there are few.
    const char* tls_version = nullptr;
    const char* version = nullptr;
    bool expected = true;
    Series* reqs = nullptr;
    Series* failed = nullptr;
    Series* duration = nullptr;
    Series* blocked = nullptr;
    Series* connecting = nullptr;
    Series* tls_handshaking = nullptr;
    Series* sending = nullptr;
    Series* waiting = nullptr;
    Series* receiving = nullptr;
    Series* setup_time = nullptr;
    Series* response_time = nullptr;  // Open model only.
  };
  Outcome& outcome_of(const HttpHop& hop);
  Outcome& add_outcome(const HttpHop& hop);

  Recorder& recorder_;
  HttpSeriesOptions options_;
  std::vector<Outcome> outcomes_;  // Few; the one used last is in front.
};

}  // namespace brunt
