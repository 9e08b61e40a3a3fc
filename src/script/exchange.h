// One request of a script, and what came of it: read from the call's arguments, sent, then shown
// as a Response.
//
// For this layer only. Exchanges are used again: ScriptBody::exchanges() keeps idle ones.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "script/engine.h"
#include "script/lazy_object.h"
#include "script/script_body.h"

namespace brunt {

struct ScriptExchange : LazyObject {
  std::string method;
  std::string url_text;
  std::uint32_t group = 0;  // ScriptBody's, where it was asked for.
  std::string name;         // The `name` tag as given; "": of the URL.
  std::string tags;         // tag_text.h.
  Url url;
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<HttpField> views;
  std::string body;
  bool has_body = false;
  const KnownRequest* known = nullptr;
  Duration timeout = std::chrono::seconds(60);
  std::uint32_t redirects_max = 10;
  enum class Body : std::uint8_t { text, binary, none } response_type = Body::text;
  bool throws = false;
  bool digest = false;   // Its URL's user and password answer a challenge.
  std::string expected;  // expected_statuses.h
  // Shared: a script may drop its jar while a request with it is under way. nullptr: the VU's own.
  std::shared_ptr<CookieJar> jar;
  std::vector<std::string> cookies_replaced;  // Not taken from the jar.
  std::string jar_cookies;                    // "a=1; b=2": what the jar adds.
  bool redirects_given = false;               // Somebody said how many are followed.
  // Why it is not sent; `reply` says more. Nobody speaks its URL's protocol: it counts all the
  // same. Its arguments cannot be read: it does not count.
  enum class Unsent : std::uint8_t { no, no_protocol, refused } unsent = Unsent::no;
  HttpReply reply;

  void reset(const ScriptHttpOptions& defaults);
  // Its arguments cannot be read: it is not sent, and `error` says why. False, always.
  bool refuse(std::string why) { return refuse(0, std::move(why)); }
  bool refuse(std::uint16_t error_code, std::string why);
  // The value of a header of the request's own, of any case; nullptr: it has none.
  const std::string* field(std::string_view field_name) const;
  // Unless the request has it.
  void set_default_field(std::string_view field_name, std::string_view value);
  // For DraftPool.
  bool rest() {
    reply.reset();
    return body.capacity() < draft_bytes_kept;
  }
};

struct RequestArguments {
  std::string_view method;
  JSValueConst url;
  JSValueConst body;    // undefined: none.
  JSValueConst params;  // undefined: none.
};

// Fills it in. What cannot be read is refused (ScriptExchange::unsent), or thrown where that was
// asked for. False: an exception is pending.
bool read_request(JSContext* context, const RequestArguments& arguments, ScriptExchange& exchange);
// Parts of it. False: refused, or an exception is pending.
bool read_body(JSContext* context, JSValueConst body, ScriptExchange& exchange);
// `codings`: "gzip" or "gzip, br": the body is put into each in its turn.
bool compress_body(JSContext* context, std::string_view codings, ScriptExchange& exchange);

// Parks until it has ended. Errors: cancelled.
Result<> send_exchange(Fiber& self, Engine& engine, ScriptExchange& exchange);

// http.request(): reads, sends, and gives the Response.
JSValue make_request(JSContext* context, const RequestArguments& arguments);

// Takes the exchange; it goes back to the body with the last reference. A failure is told, or
// thrown where that was asked for.
JSValue make_response(JSContext* context, std::unique_ptr<ScriptExchange> exchange);

// Content-type as Content-Type: as Go spells them.
std::string canonical_field_name(std::string_view name);
// { Name: "value, value" }
JSValue js_headers(JSContext* context, HttpFields fields);

// Of res.json(): "user.ids.0", "ids.#". undefined: nothing there.
JSValue select_json(JSContext* context, JSValueConst value, std::string_view selector);

}  // namespace brunt
