// HTTP as one virtual user speaks it: a client with its connections, a cookie jar, default fields,
// redirects, basic authentication, and content decoding.
//
// Every redirect is a request of its own, measured and shown to the visitor with its own reply, as
// k6 does. Belongs to one loop; several fibers may send at once, each with a reply of its own.
//
//   HttpSession session(context, options);
//   TRY(session.send(self, {.method = "GET", .url = url}, {.deadline = self.now() + 5s}, reply));
//
// A request whose text never changes is encoded once, by prepare(), and shared by every session
// with the same options; a cookie is spliced in where the jar has one.
//
// Source: RFC 9110, sections 7 to 9 and 15.4; Go's net/http.Client for what a redirect keeps.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/url.h"
#include "client/http_client.h"
#include "wire/cookie.h"

namespace brunt {

struct HttpHopState;

struct HttpSessionOptions {
  HttpClientOptions client;
  std::vector<std::pair<std::string, std::string>> fields;  // Unless the request has them.
  std::string user_agent = "brunt";  // Unless the request has one, or an empty one; "": none.
  bool cookies = true;               // false: the jar is neither read nor filled.
};

// A request encoded once. Valid for sessions of the same options.
struct EncodedRequest {
  HttpOrigin origin;
  std::string bytes;  // Head, then body.
  std::size_t head_size = 0;
};

// What is viewed must stay until send() returns.
struct HttpRequest {
  std::string_view method = "GET";
  const Url& url;                          // Its user and password become basic authentication.
  std::span<const HttpField> fields = {};  // Host is honoured; Content-Length, Transfer-Encoding
                                           // are ours and left out.
  std::string_view body = {};
  const EncodedRequest* encoded = nullptr;  // By prepare() from this very request.
};

enum class ContentDecoding : std::uint8_t { decode, leave };

struct HttpSendOptions {
  Instant deadline = far_future;     // For everything, redirects included.
  std::uint32_t redirects_max = 10;  // One more is not followed: the 3xx is the reply.
  BodyHandling body = BodyHandling::keep;
  ContentDecoding decoding = ContentDecoding::decode;
  CookieJar* jar = nullptr;  // Instead of the session's own.
  // false: the jar is filled and not read: the request's fields have all its cookies.
  bool sends_jar = true;
};

// One request of a chain, and its reply. All of it is valid during the call.
struct HttpHop {
  std::string_view method;
  const Url& url;
  const HttpReply& reply;
  std::uint32_t index = 0;  // 0 for the request itself, then one for each redirect.
  bool last = true;
};

class HttpHopVisitor {
 public:
  virtual ~HttpHopVisitor() = default;
  // Called once for each hop when it has ended, well or badly; cancelled too (its failure's cause
  // says so). Must not park.
  virtual void hop(const HttpHop& hop) = 0;
};

class HttpSession {
 public:
  // Both must outlive the session.
  HttpSession(HttpContext& context, const HttpSessionOptions& options);

  // Encodes for later. Errors: invalid (a line end in a field, a bad method).
  static Result<EncodedRequest> prepare(const HttpRequest& request,
                                        const HttpSessionOptions& options);

  // Parks until the last hop has ended. `reply` is the last hop's. Errors: cancelled.
  Result<> send(Fiber& self, const HttpRequest& request, const HttpSendOptions& options,
                HttpReply& reply, HttpHopVisitor* visitor = nullptr);

  CookieJar& cookies() { return jar_; }
  HttpClient& client() { return client_; }

 private:
  CookieJar& jar_of(const HttpSendOptions& options) {
    return options.jar != nullptr ? *options.jar : jar_;
  }
  Result<> encode(std::string& out, const HttpHopState& hop, std::string_view cookie);
  Result<> send_hop(Fiber& self, const HttpHopState& hop, const HttpSendOptions& options,
                    HttpReply& reply);
  void take_response(const Url& url, const HttpSendOptions& options, HttpReply& reply);

  HttpContext& context_;
  const HttpSessionOptions& options_;
  HttpClient client_;
  CookieJar jar_;
};

}  // namespace brunt
