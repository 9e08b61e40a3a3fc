// A script's request on its way: cookies, challenges, turns, and the samples of each hop.
#include <fmt/format.h>

#include <algorithm>

#include "client/http_hop.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/url_words.h"
#include "step/hop_recorder.h"
#include "wire/digest_auth.h"

namespace brunt {
namespace {

struct Counted {
  std::string_view method, url, expected;
};

HttpSeries& series_of(ScriptBody& body, const ScriptExchange& exchange, const Counted& counted) {
  const std::string_view name =
      exchange.name.empty() ? body.name_of_url(counted.url) : std::string_view(exchange.name);
  return body.http_series({counted.method, name, exchange.group, exchange.tags, counted.expected});
}

// Each hop counts under its own URL and method, as in k6; under the request's name, if it has one.
class ScriptHops final : public HttpHopVisitor {
 public:
  // All must outlive it. `first`: of the request's own hop.
  ScriptHops(Engine& engine, const ScriptExchange& exchange, HttpSeries& first)
      : engine_(engine), exchange_(exchange), first_(first) {}

  void hop(const HttpHop& hop) override {
    ScriptBody& body = *engine_.body;
    HttpSeries& series =
        hop.index == 0
            ? first_
            : series_of(body, exchange_, {hop.method, hop.url.text(), exchange_.expected});
    HopRecorder(body.scenario(), *engine_.vu, series).hop(hop);
    if (engine_.bundle->http.debug != ScriptHttpOptions::Debug::off) show(hop);
  }

 private:
  // For options.httpDebug: as on the wire, but for the coding of bodies.
  void show(const HttpHop& hop) {
    const bool full = engine_.bundle->http.debug == ScriptHttpOptions::Debug::full;
    std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", hop.method, hop.url.target,
                                   hop.url.authority());
    const auto add = [&text](std::string_view name, std::string_view value) {
      text.append(name).append(": ").append(value).append("\r\n");
    };
    if (exchange_.field("User-Agent") == nullptr)
      add("User-Agent", engine_.bundle->http.user_agent);
    for (const auto& [name, value] : exchange_.fields) add(name, value);
    if (!exchange_.jar_cookies.empty()) add("Cookie", exchange_.jar_cookies);
    text.append("\r\n").append(full && hop.index == 0 ? exchange_.body : "");
    engine_.body->say("http-debug: Request:\n" + text);
    if (!hop.reply.ok()) return;
    const HttpMessage& message = hop.reply.message();
    text = fmt::format("{} {} {}\r\n", message.version(), message.status(), message.reason());
    for (const HttpField field : message.fields())
      add(canonical_field_name(field.name), field.value);
    text.append("\r\n").append(full ? std::string_view(message.body) : std::string_view());
    engine_.body->say("http-debug: Response:\n" + text);
  }

  Engine& engine_;
  const ScriptExchange& exchange_;
  HttpSeries& first_;
};

// All cookies of the request where it replaces some of the jar's; else what the jar will add.
void gather_cookies(ScriptExchange& exchange, CookieJar& jar, WallTime now) {
  if (jar.empty()) return;
  const Url& url = exchange.known != nullptr ? exchange.known->url : exchange.url;
  if (exchange.cookies_replaced.empty()) {
    jar.append_cookie_field(exchange.jar_cookies, url, now);
    return;
  }
  const auto own =
      std::ranges::find(exchange.fields, "Cookie", &std::pair<std::string, std::string>::first);
  for (const Cookie& cookie : jar.matching(url, now))
    if (std::ranges::find(exchange.cookies_replaced, cookie.name) ==
        exchange.cookies_replaced.end())
      own->second.append("; ").append(cookie.name).append("=").append(cookie.value);
}

// Answers the challenge of a 401. False: there was none that can be answered.
bool answer_challenge(Engine& engine, ScriptExchange& exchange, const Url& asked) {
  const auto challenge = exchange.reply.fields().find("www-authenticate");
  if (exchange.reply.status() != 401 || !challenge) return false;
  const std::string chance = fmt::format("{:016x}", engine.vu->prng.next());
  auto field = digest_authorization(*challenge, {.user = asked.user,
                                                 .password = asked.password,
                                                 .method = exchange.method,
                                                 .target = asked.target,
                                                 .chance = chance});
  if (!field) {
    engine.body->note_error("auth \"digest\": " + field.error().text);
    return false;
  }
  exchange.fields.emplace_back("Authorization", std::move(*field));
  return true;
}

// Waits for its turn where options.rps says how many there are.
Result<> take_turn(Fiber& self, RequestPace& pace) {
  if (pace.interval <= Duration{}) return {};
  const Instant at = std::max(pace.next, self.now());
  pace.next = at + pace.interval;
  return at > self.now() ? self.sleep_until(at) : Result<>();
}

Result<> send_once(Fiber& self, Engine& engine, ScriptExchange& exchange, HttpSeries& series) {
  exchange.views.clear();
  for (const auto& [name, value] : exchange.fields) exchange.views.push_back({name, value});
  const HttpRequest request{
      .method = exchange.method,
      .url = exchange.known != nullptr ? exchange.known->url : exchange.url,
      .fields = exchange.views,
      .body = exchange.body,
      .encoded = exchange.known != nullptr ? &exchange.known->encoded : nullptr};
  const HttpSendOptions options{.deadline = self.now() + exchange.timeout,
                                .redirects_max = exchange.redirects_max,
                                .body = exchange.response_type == ScriptExchange::Body::none
                                            ? BodyHandling::discard
                                            : BodyHandling::keep,
                                .jar = exchange.jar.get(),
                                .sends_jar = exchange.cookies_replaced.empty()};
  ScriptHops hops(engine, exchange, series);
  return engine.vu->session.send(self, request, options, exchange.reply, &hops);
}

// The first answer is the challenge: it is what was expected, and counts as that.
Result<> send_with_digest(Fiber& self, Engine& engine, ScriptExchange& exchange) {
  ScriptBody& body = *engine.body;
  const Url asked = exchange.url;
  exchange.url.user.clear();
  exchange.url.password.clear();
  const std::string url = exchange.url.text();
  const std::string_view challenged =
      exchange.expected == nothing_expected ? nothing_expected : "401-401";
  TRY(send_once(self, engine, exchange,
                series_of(body, exchange, {exchange.method, url, challenged})));
  if (!answer_challenge(engine, exchange, asked)) return {};
  return send_once(self, engine, exchange,
                   series_of(body, exchange, {exchange.method, url, exchange.expected}));
}

bool stopped_at_redirect(const ScriptExchange& exchange) {
  return redirect_of(exchange.reply.status(), exchange.method) != Redirect::none &&
         exchange.reply.fields().find("location").has_value();
}

}  // namespace

Result<> send_exchange(Fiber& self, Engine& engine, ScriptExchange& exchange) {
  ScriptBody& body = *engine.body;
  if (exchange.unsent == ScriptExchange::Unsent::refused) return {};
  TRY(take_turn(self, body.scenario().shared.pace));
  const std::string& text = exchange.url_text;
  if (exchange.unsent == ScriptExchange::Unsent::no_protocol) {
    HttpSeries& series = series_of(body, exchange, {exchange.method, text, exchange.expected});
    HopRecorder(body.scenario(), *engine.vu, series)
        .hop({.method = exchange.method, .url = exchange.url, .reply = exchange.reply});
    return {};
  }
  gather_cookies(exchange, exchange.jar ? *exchange.jar : engine.vu->session.cookies(),
                 self.loop().wall());
  if (exchange.digest) return send_with_digest(self, engine, exchange);
  HttpSeries* series = exchange.known != nullptr ? exchange.known->series : nullptr;
  if (series == nullptr) {
    const std::string shown = exchange.url.user.empty() ? std::string() : without_secrets(text);
    series = &series_of(
        body, exchange,
        {exchange.method, shown.empty() ? std::string_view(text) : shown, exchange.expected});
  }
  TRY(send_once(self, engine, exchange, *series));
  if (!exchange.redirects_given && stopped_at_redirect(exchange))
    body.warn(fmt::format(
        "{}: Stopped after {} redirects and returned the redirection; pass {{ redirects: n }} in "
        "request params or set global maxRedirects to silence this",
        text, exchange.redirects_max + 1));
  return {};
}

}  // namespace brunt
