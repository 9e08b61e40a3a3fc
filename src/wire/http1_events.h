// What a byte stream means as a list of messages, for tests and the fuzzer: feeding it whole and
// feeding it in pieces must give equal lists.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/http1_parser.h"

namespace brunt {

struct Http1Event {
  std::string start;  // Start line, taken apart and put together again.
  std::vector<std::pair<std::string, std::string>> fields, trailers;
  std::string body;
  std::uint64_t body_bytes = 0;
  std::uint32_t interim_count = 0;
  bool keep_alive = false, upgraded = false, complete = false;
  ErrorCode error = ErrorCode::io;  // Of a message that is not complete.

  friend bool operator==(const Http1Event&, const Http1Event&) = default;
};

struct Http1Reading {
  Http1Role role = Http1Role::client;
  Http1Expectation expectation = {};
  Http1Limits limits = {};
};

inline Http1Event event_of(const HttpMessage& message, const Http1Parser& parser) {
  Http1Event event;
  event.start = std::string(message.method()) + "|" + std::string(message.target()) + "|" +
                std::to_string(message.status()) + "|" + std::string(message.reason()) + "|" +
                std::to_string(message.version_minor());
  for (const HttpField field : message.fields()) event.fields.emplace_back(field.name, field.value);
  for (const HttpField field : message.trailers())
    event.trailers.emplace_back(field.name, field.value);
  event.body = message.body;
  event.body_bytes = message.body_bytes();
  event.interim_count = message.interim_count();
  event.keep_alive = message.keep_alive();
  event.upgraded = parser.upgraded();
  event.complete = true;
  return event;
}

// Reads the pieces one after the other, then the end of the stream. Stops at an error, and at an
// upgrade.
inline std::vector<Http1Event> read_http1(const Http1Reading& reading,
                                          std::span<const std::string_view> pieces) {
  std::vector<Http1Event> events;
  HttpMessage message;
  Http1Parser parser(reading.role, reading.limits);
  parser.begin(message, reading.expectation);
  const auto failed = [&](const Error& error) {
    events.push_back({});
    events.back().error = error.code;
    return events;
  };
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const auto used = parser.feed(as_bytes(piece));
      if (!used) return failed(used.error());
      piece.remove_prefix(*used);
      if (!parser.done()) continue;
      events.push_back(event_of(message, parser));
      if (parser.upgraded()) return events;
      parser.begin(message, reading.expectation);
    }
  }
  if (!parser.started()) return events;
  const auto end = parser.finish();
  if (!end) return failed(end.error());
  events.push_back(event_of(message, parser));
  return events;
}

}  // namespace brunt
