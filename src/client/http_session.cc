#include "client/http_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "client/http_hop.h"

namespace brunt {
namespace {

// Up to this size a body is copied behind its head, so that one system call sends both.
constexpr std::size_t joined_body_max = 16u << 10u;
constexpr std::string_view head_end = "\r\n";

// The value of the Cookie field: what the request says, then what the jar adds. "": leave it.
void join_cookies(std::string& out, const HttpHopState& hop, CookieJar& jar, WallTime now) {
  const std::size_t before = out.size();
  if (hop.shares_secrets)
    for (const HttpField& field : hop.request.fields)
      if (equal_ignoring_case(field.name, "cookie") && !field.value.empty())
        out.append(field.value).append("; ");
  if (!jar.append_cookie_field(out, *hop.url, now)) out.resize(before);
}

// Behind the head's last field, before its blank line.
void splice_cookie(std::string& out, const EncodedRequest& encoded, std::string_view cookie) {
  const std::string_view bytes = encoded.bytes;
  out.assign(bytes.substr(0, encoded.head_size - head_end.size()));
  out.append("Cookie: ").append(cookie).append("\r\n").append(head_end);
  out.append(bytes.substr(encoded.head_size));
}

// Where the reply's Location leads from `url`; nullopt where there is none. One that cannot be read
// makes the reply a failure.
std::optional<Url> redirect_target(const Url& url, HttpReply& reply) {
  const auto location = reply.fields().find("location");
  if (!location || location->empty()) return std::nullopt;
  auto target = resolve_url(url, *location);
  if (target) return *std::move(target);
  std::string shown;
  append_json_string(shown, *location);
  reply.failure = RequestFailure{
      .message = "failed to parse Location header",
      .cause = ErrorCode::invalid,
      .detail = fmt::format("failed to parse Location header {}: {}", shown, target.error().text)};
  return std::nullopt;
}

}  // namespace

HttpSession::HttpSession(HttpContext& context, const HttpSessionOptions& options)
    : context_(context), options_(options), client_(context, options.client) {}

Result<EncodedRequest> HttpSession::prepare(const HttpRequest& request,
                                            const HttpSessionOptions& options) {
  EncodedRequest encoded{.origin = HttpOrigin::of(request.url), .bytes = {}};
  std::vector<HttpField> fields;
  TRY(append_hop_head(encoded.bytes, fields, first_hop(request), options, {}));
  encoded.head_size = encoded.bytes.size();
  encoded.bytes += request.body;
  return encoded;
}

// Encodes anew, or puts a cookie into what was encoded long ago.
Result<> HttpSession::encode(std::string& out, const HttpHopState& hop, std::string_view cookie) {
  const EncodedRequest* const encoded = hop.index == 0 ? hop.request.encoded : nullptr;
  if (encoded != nullptr && !has_field(hop.request.fields, "cookie")) {
    splice_cookie(out, *encoded, cookie);
    return {};
  }
  TRY(append_hop_head(out, context_.scratch_fields, hop, options_, cookie));
  if (hop.body.size() <= joined_body_max) out += hop.body;
  return {};
}

Result<> HttpSession::send_hop(Fiber& self, const HttpHopState& hop, const HttpSendOptions& options,
                               HttpReply& reply) {
  const Http1Expectation expect{.body = options.body, .answers_head = hop.method == "HEAD"};
  const bool repeatable = is_safe_method(hop.method) && hop.body.empty();
  std::string& cookie = context_.scratch_text;
  cookie.clear();
  CookieJar& jar = jar_of(options);
  if (options_.cookies && options.sends_jar && !jar.empty())
    join_cookies(cookie, hop, jar, context_.loop.wall());

  const EncodedRequest* const encoded = hop.index == 0 ? hop.request.encoded : nullptr;
  if (encoded != nullptr && cookie.empty())
    return client_.send(self,
                        {.origin = encoded->origin,
                         .head = encoded->bytes,
                         .expect = expect,
                         .repeatable = repeatable},
                        reply, options.deadline);

  const HttpTextLease buffer = context_.buffers.text();
  if (auto done = encode(*buffer, hop, cookie); !done) {
    reply.reset();
    reply.timings.started = context_.loop.precise_now();
    reply.failure =
        failure_of(std::move(done).error(), RequestPhase::prepare, DeadlineState::running);
    return {};
  }
  const bool joined = encoded != nullptr || hop.body.size() <= joined_body_max;
  const HttpOrigin origin = HttpOrigin::of(*hop.url);
  return client_.send(self,
                      {.origin = origin,
                       .head = *buffer,
                       .body = joined ? std::string_view() : hop.body,
                       .expect = expect,
                       .repeatable = repeatable},
                      reply, options.deadline);
}

// Cookies into the jar, the body out of its coding.
void HttpSession::take_response(const Url& url, const HttpSendOptions& options, HttpReply& reply) {
  if (!reply.ok()) return;
  HttpMessage& message = *reply.lease;
  if (message.has_set_cookie() && options_.cookies) {
    const WallTime now = context_.loop.wall();
    for (const HttpField field : message.fields()) {
      if (!equal_ignoring_case(field.name, "set-cookie")) continue;
      // A cookie that the jar refuses is no failure of the request, in browsers as in k6.
      [[maybe_unused]] const auto stored = jar_of(options).store(url, field.value, now);
    }
  }
  if (!message.has_content_encoding() || message.body.empty() ||
      options.decoding == ContentDecoding::leave)
    return;
  const std::string codings = message.fields().join("content-encoding");
  auto decoded = context_.decoder.decode(codings, message.body, context_.scratch_text,
                                         options_.client.decode_limits);
  if (decoded)
    std::swap(message.body, context_.scratch_text);
  else
    reply.failure =
        failure_of(std::move(decoded).error(), RequestPhase::decode, DeadlineState::running);
}

Result<> HttpSession::send(Fiber& self, const HttpRequest& request, const HttpSendOptions& options,
                           HttpReply& reply, HttpHopVisitor* visitor) {
  HttpHopState hop = first_hop(request);
  while (true) {
    Result<> sent = send_hop(self, hop, options, reply);
    if (sent) take_response(*hop.url, options, reply);
    const Redirect redirect = redirect_of(reply.status(), hop.method);
    std::optional<Url> target;
    if (redirect != Redirect::none && hop.index < options.redirects_max)
      target = redirect_target(*hop.url, reply);
    if (visitor != nullptr)
      visitor->hop({.method = hop.method,
                    .url = *hop.url,
                    .reply = reply,
                    .index = hop.index,
                    .last = !target});
    if (!target) {
      reply.redirected_url = std::move(hop.own_url);
      return sent;
    }
    follow_redirect(hop, *std::move(target), redirect);
  }
}

}  // namespace brunt
