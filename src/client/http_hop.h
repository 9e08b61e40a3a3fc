// One request of a chain of redirects: what goes into its head, and what the next one becomes. For
// http_session.cc, but redirect_of(). No I/O.
//
// Source: RFC 9110, section 15.4; Go's net/http.Client for what a redirect keeps and drops.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_session.h"

namespace brunt {

// At the begin it is what the caller wants.
struct HttpHopState {
  const HttpRequest& request;
  std::string_view method;
  const Url* url;
  std::string_view body;
  std::unique_ptr<Url> own_url = nullptr;  // Where a redirect led.
  std::string referer = {};
  std::uint32_t index = 0;
  bool shares_secrets = true;  // The request's credentials may still be sent.
  bool without_body = false;   // A redirect turned the method into GET.
};

HttpHopState first_hop(const HttpRequest& request);

// Appends the head; its Content-Length is the body's. `cookie`, if not empty, replaces the
// request's own Cookie field. Errors: invalid.
Result<> append_hop_head(std::string& out, std::vector<HttpField>& scratch, const HttpHopState& hop,
                         const HttpSessionOptions& options, std::string_view cookie);

// Where a response of 3xx with a Location sends the client.
enum class Redirect : std::uint8_t { none, as_get, same_method };
Redirect redirect_of(std::uint16_t status, std::string_view method);

// Turns `hop` into the next one.
void follow_redirect(HttpHopState& hop, Url target, Redirect redirect);

bool has_field(std::span<const HttpField> fields, std::string_view name);
// GET, HEAD, OPTIONS, TRACE: may be sent once more when an idle connection broke under it.
bool is_safe_method(std::string_view method);

}  // namespace brunt
