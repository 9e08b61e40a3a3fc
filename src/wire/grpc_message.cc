#include "wire/grpc_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "base/base64.h"
#include "base/url.h"
#include "wire/http2_session.h"

namespace brunt {
namespace {

constexpr std::size_t prefix_bytes = 5;

// What is the protocol's own is not the caller's metadata. A content type is, as in k6.
bool is_own_name(std::string_view name) {
  constexpr std::string_view own[] = {
      "te",           "grpc-status",      "grpc-message", "grpc-encoding", "grpc-accept-encoding",
      "grpc-timeout", "grpc-message-type"};
  return name.starts_with(':') || std::ranges::find(own, name) != std::end(own);
}

std::optional<std::string_view> find_field(std::span<const HttpField> fields,
                                           std::string_view name) {
  const auto found = std::ranges::find(fields, name, &HttpField::name);
  return found != fields.end() ? std::optional(found->value) : std::nullopt;
}

// Of the message that begins here.
std::size_t length_of(std::string_view message) {
  std::size_t size = 0;
  for (std::size_t i = 1; i < prefix_bytes; ++i)
    size = size << 8u | static_cast<unsigned char>(message[i]);
  return size;
}

}  // namespace

Result<> check_grpc_metadata(std::string_view name, std::string_view value) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (name.empty() || !std::ranges::all_of(name, is_good))
    return fail(ErrorCode::invalid,
                fmt::format("metadata \"{}\": a name has letters, digits and _ - . only", name));
  if (name.starts_with("grpc-") || is_own_name(name) || name == "content-type" ||
      name == "connection")
    return fail(ErrorCode::invalid, fmt::format("metadata \"{}\" is gRPC's own", name));
  if (!name.ends_with("-bin") && !std::ranges::all_of(value, is_printable))
    return fail(ErrorCode::invalid,
                fmt::format("metadata \"{}\": its value is printable ASCII; bytes go under a name "
                            "that ends in -bin",
                            name));
  return {};
}

std::string encode_grpc_metadata(std::string_view name, std::string_view value) {
  if (!name.ends_with("-bin")) return std::string(value);
  std::string encoded = base64_encode(value);
  encoded.erase(std::min(encoded.find('='), encoded.size()));
  return encoded;
}

GrpcMetadata read_grpc_metadata(std::span<const HttpField> fields) {
  GrpcMetadata metadata;
  for (const auto& [name, value] : fields) {
    if (is_own_name(name)) continue;
    auto& [key, text] = metadata.emplace_back(name, value);
    if (!key.ends_with("-bin")) continue;
    if (auto decoded = base64_decode(value)) text = std::move(*decoded);
  }
  return metadata;
}

std::optional<GrpcStatus> read_grpc_status(std::span<const HttpField> trailers) {
  const auto text = find_field(trailers, "grpc-status");
  if (!text) return std::nullopt;
  GrpcStatus status;
  unsigned code = 0;
  const auto [end, wrong] = std::from_chars(text->data(), text->data() + text->size(), code);
  if (wrong != std::errc() || end != text->data() + text->size()) return std::nullopt;
  constexpr auto last = static_cast<unsigned>(GrpcCode::unauthenticated);
  status.code = code <= last ? static_cast<GrpcCode>(code) : GrpcCode::unknown;
  status.message = percent_decode(find_field(trailers, "grpc-message").value_or(""));
  if (auto details = base64_decode(find_field(trailers, "grpc-status-details-bin").value_or("")))
    status.details = std::move(*details);
  return status;
}

GrpcCode grpc_code_of_http(int http_status) {
  switch (http_status) {
    case 400:
      return GrpcCode::internal;
    case 401:
      return GrpcCode::unauthenticated;
    case 403:
      return GrpcCode::permission_denied;
    case 404:
      return GrpcCode::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode::unavailable;
    default:
      return GrpcCode::unknown;
  }
}

GrpcCode grpc_code_of_reset(std::uint32_t http2_error) {
  switch (http2_error) {
    case http2_refused_stream:
      return GrpcCode::unavailable;
    case http2_cancel:
      return GrpcCode::cancelled;
    case http2_enhance_your_calm:
      return GrpcCode::resource_exhausted;
    case http2_inadequate_security:
      return GrpcCode::permission_denied;
    default:
      return GrpcCode::internal;
  }
}

std::string_view name_of(GrpcCode code) {
  static constexpr std::array<std::string_view, 17> names = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : std::string_view();
}

std::string GrpcStatus::words() const {
  const std::string_view name = name_of(code);
  return fmt::format(
      "rpc error: code = {} desc = {}",
      name.empty() ? fmt::format("Code({})", std::to_underlying(code)) : std::string(name),
      message);
}

std::string format_grpc_timeout(Duration timeout) {
  struct Unit {
    char letter;
    std::int64_t ns;
  };
  constexpr std::array<Unit, 6> units = {{{'n', 1},
                                          {'u', 1'000},
                                          {'m', 1'000'000},
                                          {'S', 1'000'000'000},
                                          {'M', 60'000'000'000},
                                          {'H', 3'600'000'000'000}}};
  constexpr std::int64_t value_max = 99'999'999;
  const std::int64_t ns = std::max<std::int64_t>(timeout.count(), 0);
  for (const auto& [letter, size] : units)
    if (const std::int64_t value = ns / size + (ns % size != 0 ? 1 : 0); value <= value_max)
      return fmt::format("{}{}", value, letter);
  return fmt::format("{}H", value_max);
}

void append_grpc_message(std::string& out, std::string_view message) {
  ASSERT(message.size() <= 0xffffffffu);
  out.push_back('\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((message.size() >> static_cast<unsigned>(shift)) & 0xffu));
  out.append(message);
}

void GrpcMessageDecoder::feed(std::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(bytes);
}

bool GrpcMessageDecoder::has_next() const {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.size() < prefix_bytes) return false;
  const std::size_t size = length_of(rest);
  return rest[0] > 1 || rest[0] < 0 || size > bytes_max_ || rest.size() - prefix_bytes >= size;
}

Result<std::optional<GrpcMessageDecoder::Message>> GrpcMessageDecoder::next() {
  if (!has_next()) return std::nullopt;
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const auto flag = static_cast<unsigned char>(rest[0]);
  if (flag > 1)
    return fail(ErrorCode::malformed,
                fmt::format("gRPC: a message begins with {}, which is no compressed-flag", flag));
  const std::size_t size = length_of(rest);
  if (size > bytes_max_)
    return fail(
        ErrorCode::too_large,
        fmt::format("grpc: received message larger than max ({} vs. {})", size, bytes_max_));
  at_ += prefix_bytes + size;
  return Message{.bytes = rest.substr(prefix_bytes, size), .compressed = flag == 1};
}

}  // namespace brunt
