#include "client/http_reply.h"

namespace brunt {

const HttpMessage& HttpReply::message() const {
  static const HttpMessage none;
  return lease ? *lease : none;
}

std::uint16_t HttpReply::error_code() const {
  return failure ? failure->code : error_code_of_status(status());
}

void HttpReply::reset() {
  lease.reset();
  failure.reset();
  redirected_url.reset();
  timings = {};
  bytes_sent = bytes_received = 0;
  remote = {};
  tls_version = tls_cipher = {};
  connection_reused = retried = false;
}

}  // namespace brunt
