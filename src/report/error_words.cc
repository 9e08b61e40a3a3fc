#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/units.h"
#include "report/figures.h"
#include "wire/grpc_message.h"

namespace brunt {
namespace {

struct CodeWords {
  int code;
  std::string_view words;
};

// k6's error codes. Ascending, for the search.
constexpr std::array code_words = {
    CodeWords{1000, "the request failed"},
    CodeWords{1010, "not a TCP connection"},
    CodeWords{1020, "the URL is not valid"},
    CodeWords{1050, "no complete answer before the time-out"},
    CodeWords{1100, "the name could not be looked up"},
    CodeWords{1101, "the name does not resolve: no such host"},
    CodeWords{1110, "the address is not allowed"},
    CodeWords{1111, "the host is not allowed"},
    CodeWords{1200, "the connection failed"},
    CodeWords{1201, "broken pipe: the other side had closed the connection"},
    CodeWords{1202, "the connection failed"},
    CodeWords{1210, "could not connect"},
    CodeWords{1211, "could not connect in time"},
    CodeWords{1212, "connection refused: nobody listens there"},
    CodeWords{1213, "could not connect"},
    CodeWords{1220, "connection reset by the other side"},
    CodeWords{1300, "TLS failed"},
    CodeWords{1301, "TLS: the first record is no TLS (plain text behind an https address?)"},
    CodeWords{1310, "TLS: the certificate is signed by an unknown authority"},
    CodeWords{1311, "TLS: the certificate is for another name"},
    CodeWords{1600, "HTTP/2 error"},
    CodeWords{1701, "the body could not be decompressed"},
};

struct StatusWords {
  int status;
  std::string_view words;
};
constexpr std::array status_words = {
    StatusWords{400, "Bad Request"},
    StatusWords{401, "Unauthorized"},
    StatusWords{403, "Forbidden"},
    StatusWords{404, "Not Found"},
    StatusWords{405, "Method Not Allowed"},
    StatusWords{408, "Request Timeout"},
    StatusWords{409, "Conflict"},
    StatusWords{410, "Gone"},
    StatusWords{411, "Length Required"},
    StatusWords{413, "Content Too Large"},
    StatusWords{415, "Unsupported Media Type"},
    StatusWords{422, "Unprocessable Content"},
    StatusWords{429, "Too Many Requests"},
    StatusWords{431, "Request Header Fields Too Large"},
    StatusWords{500, "Internal Server Error"},
    StatusWords{501, "Not Implemented"},
    StatusWords{502, "Bad Gateway"},
    StatusWords{503, "Service Unavailable"},
    StatusWords{504, "Gateway Timeout"},
    StatusWords{507, "Insufficient Storage"},
};

std::string words_of_status(std::int64_t status) {
  std::string words = "answered " + std::to_string(status);
  for (const StatusWords& one : status_words)
    if (one.status == status) words.append(" ").append(one.words);
  return words;
}

}  // namespace

std::string error_words(std::string_view code, std::string_view message, std::string_view status) {
  const auto number = parse_integer(code);
  const auto answered = parse_integer(status);
  if (number && *number >= 1400 && *number < 1600) return words_of_status(*number - 1000);
  if (number) {
    const auto known = std::ranges::find(code_words, *number, &CodeWords::code);
    // The general ones say less than the message.
    const bool general = known == code_words.end() || *number % 100 == 0;
    if (known != code_words.end() && (!general || message.empty()))
      return std::string(known->words);
  }
  // Go's words, which k6 shows.
  if (message == "EOF") return "the connection was closed instead of an answer";
  if (message == "unexpected EOF") return "the connection was closed within the answer";
  if (!message.empty()) return std::string(message);
  if (answered && *answered > 0) return words_of_status(*answered);
  return code.empty() ? "failed without a known cause" : "error " + std::string(code);
}

std::string grpc_status_words(std::string_view status) {
  const auto code = parse_integer(status);
  const bool is_code = code && *code >= 0 && *code <= std::numeric_limits<std::uint8_t>::max();
  const std::string_view name =
      is_code ? name_of(static_cast<GrpcCode>(*code)) : std::string_view();
  return name.empty() ? "gRPC: status " + std::string(status)
                      : fmt::format("gRPC: {} ({})", name, *code);
}

}  // namespace brunt
