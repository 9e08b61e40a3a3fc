#include "client/outcome.h"

#include <doctest/doctest.h>

using namespace brunt;

TEST_CASE("each failure has the code and the words that k6 gives it") {
  struct Row {
    Error error;
    RequestPhase phase;
    DeadlineState deadline;
    std::uint16_t code;
    std::string_view message;
  };
  constexpr auto running = DeadlineState::running;
  constexpr auto passed = DeadlineState::passed;
  const Row rows[] = {
      {{ErrorCode::timeout, "x"}, RequestPhase::receive, passed, 1050, "request timeout"},
      {{ErrorCode::timeout, "x"}, RequestPhase::dial, passed, 1050, "request timeout"},
      {{ErrorCode::timeout, "x"}, RequestPhase::dial, running, 1211, "dial: i/o timeout"},
      {{ErrorCode::refused, "x"}, RequestPhase::dial, running, 1212, "dial: connection refused"},
      {{ErrorCode::unreachable, "x"},
       RequestPhase::dial,
       running,
       1213,
       "dial: network is unreachable"},
      {{ErrorCode::exhausted, "x"},
       RequestPhase::dial,
       running,
       1210,
       "dial: no ports or descriptors left"},
      {{ErrorCode::dns, "x"}, RequestPhase::dial, running, 1101, "lookup: no such host"},
      {{ErrorCode::denied, "x"}, RequestPhase::dial, running, 1110, "address is not allowed"},
      {{ErrorCode::denied, "x is on the list of blocked addresses"},
       RequestPhase::dial,
       running,
       1110,
       "ip is blacklisted"},
      {{ErrorCode::denied, "x is on the list of blocked hosts"},
       RequestPhase::dial,
       running,
       1111,
       "hostname is blocked"},
      {{ErrorCode::reset, "x"},
       RequestPhase::send,
       running,
       1220,
       "write: connection reset by peer"},
      {{ErrorCode::reset, "x"},
       RequestPhase::receive,
       running,
       1220,
       "read: connection reset by peer"},
      {{ErrorCode::io, "x"}, RequestPhase::receive, running, 1200, "read: failed"},
      {{ErrorCode::tls, "shop.test: expired: since 2020"},
       RequestPhase::dial,
       running,
       1300,
       "x509: certificate has expired or is not yet valid"},
      {{ErrorCode::tls, "something new"},
       RequestPhase::receive,
       running,
       1300,
       "tls: connection broken"},
      {{ErrorCode::invalid, "x"}, RequestPhase::prepare, running, 1020, "invalid URL or request"},
      {{ErrorCode::malformed, "x"},
       RequestPhase::decode,
       running,
       1701,
       "response could not be decompressed"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    const RequestFailure failure = failure_of(row.error, row.phase, row.deadline);
    CHECK(failure.code == row.code);
    CHECK(failure.message == row.message);
    CHECK(failure.detail == row.error.text);
    CHECK(failure.cause == row.error.code);
  }
}

TEST_CASE("a status from 400 on is a code of its own") {
  CHECK(error_code_of_status(200) == 0);
  CHECK(error_code_of_status(399) == 0);
  CHECK(error_code_of_status(400) == 1400);
  CHECK(error_code_of_status(503) == 1503);
}
