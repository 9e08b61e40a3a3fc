#include "client/http_hop.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "wire/http1_writer.h"

namespace brunt {
namespace {

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view n) { return equal_ignoring_case(name, n); });
}

// Whether the request's own field goes into this hop.
bool belongs(std::string_view name, const HttpHopState& hop) {
  static constexpr std::array<std::string_view, 3> ours = {"host", "content-length",
                                                           "transfer-encoding"};
  static constexpr std::array<std::string_view, 4> secrets = {"authorization", "cookie", "cookie2",
                                                              "www-authenticate"};
  static constexpr std::array<std::string_view, 4> of_body = {
      "content-type", "content-encoding", "content-language", "content-location"};
  if (is_one_of(name, ours)) return false;
  if (!hop.shares_secrets && is_one_of(name, secrets)) return false;
  if (hop.without_body && is_one_of(name, of_body)) return false;
  return hop.referer.empty() || !equal_ignoring_case(name, "referer");
}

// What a head needs beside the request's own fields; the texts that the fields view.
struct Extras {
  std::string authority, authorization;
  std::string_view cookie;
};

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

// A Host field of the caller's holds as long as the chain stays where it began.
std::string authority_of(const HttpHopState& hop, const HttpSessionOptions& options) {
  if (!same_origin(hop.request.url, *hop.url)) return hop.url->authority();
  for (const HttpField& field : hop.request.fields)
    if (equal_ignoring_case(field.name, "host")) return std::string(field.value);
  for (const auto& [name, value] : options.fields)
    if (equal_ignoring_case(name, "host")) return value;
  return hop.url->authority();
}

void collect_fields(std::vector<HttpField>& fields, const HttpHopState& hop,
                    const HttpSessionOptions& options, const Extras& extras) {
  fields.clear();
  if (!options.user_agent.empty() && !has_field(hop.request.fields, "user-agent"))
    fields.push_back({"User-Agent", options.user_agent});
  for (const auto& [name, value] : options.fields)
    if (!has_field(hop.request.fields, name) && belongs(name, hop)) fields.push_back({name, value});
  for (const HttpField& field : hop.request.fields)
    // An empty User-Agent says that there is to be none.
    if (belongs(field.name, hop) &&
        !(field.value.empty() && equal_ignoring_case(field.name, "user-agent")) &&
        (extras.cookie.empty() || !equal_ignoring_case(field.name, "cookie")))
      fields.push_back(field);
  if (!extras.authorization.empty() && !has_field(fields, "authorization"))
    fields.push_back({"Authorization", extras.authorization});
  if (!hop.referer.empty()) fields.push_back({"Referer", hop.referer});
  if (!extras.cookie.empty()) fields.push_back({"Cookie", extras.cookie});
}

// "shop.test" may pass its secrets on to itself and to "www.shop.test".
bool may_share_secrets(const Url& from, const Url& to) {
  if (from.secure() && !to.secure()) return false;
  return to.host == from.host || domain_matches(to.host, from.host);
}

}  // namespace

bool has_field(std::span<const HttpField> fields, std::string_view name) {
  return std::ranges::any_of(fields,
                             [&](const HttpField& f) { return equal_ignoring_case(f.name, name); });
}

bool is_safe_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

HttpHopState first_hop(const HttpRequest& request) {
  return {.request = request, .method = request.method, .url = &request.url, .body = request.body};
}

Result<> append_hop_head(std::string& out, std::vector<HttpField>& scratch, const HttpHopState& hop,
                         const HttpSessionOptions& options, std::string_view cookie) {
  Extras extras{.authority = authority_of(hop, options), .authorization = {}, .cookie = cookie};
  if (!hop.url->user.empty() || !hop.url->password.empty())
    extras.authorization = "Basic " + base64_encode(hop.url->user + ":" + hop.url->password);
  collect_fields(scratch, hop, options, extras);
  // A method that may have a body says that it has none; a GET has none unless it says so.
  const bool may_have_body = hop.method == "POST" || hop.method == "PUT" || hop.method == "PATCH";
  const bool announce = !hop.body.empty() || (may_have_body && !hop.without_body);
  return append_request_head(out,
                             {.method = hop.method,
                              .target = hop.url->target,
                              .authority = extras.authority,
                              .fields = scratch,
                              .framing = announce ? BodyFraming::content_length : BodyFraming::none,
                              .content_length = hop.body.size()});
}

Redirect redirect_of(std::uint16_t status, std::string_view method) {
  switch (status) {
    case 301:
    case 302:
    case 303:
      return method == "GET" || method == "HEAD" ? Redirect::same_method : Redirect::as_get;
    case 307:
    case 308:
      return Redirect::same_method;
    default:
      return Redirect::none;
  }
}

void follow_redirect(HttpHopState& hop, Url target, Redirect redirect) {
  if (same_origin(*hop.url, target) && target.user.empty()) {
    target.user = hop.url->user;
    target.password = hop.url->password;
  }
  hop.referer = hop.url->secure() && !target.secure() ? std::string() : hop.url->text();
  hop.shares_secrets = hop.shares_secrets && may_share_secrets(hop.request.url, target);
  if (redirect == Redirect::as_get) hop.method = "GET";
  const bool drops_body =
      redirect == Redirect::as_get || hop.method == "GET" || hop.method == "HEAD";
  if (drops_body) {
    hop.body = {};
    hop.without_body = true;
  }
  hop.own_url = std::make_unique<Url>(std::move(target));
  hop.url = hop.own_url.get();
  ++hop.index;
}

}  // namespace brunt
