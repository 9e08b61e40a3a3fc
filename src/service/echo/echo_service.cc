#include "service/echo/echo_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "base/text.h"
#include "base/units.h"
#include "base/url.h"
#include "service/echo/echo_request.h"
#include "service/echo/echo_websocket.h"
#include "wire/content_coding.h"
#include "wire/digest_auth.h"

namespace brunt {
namespace {

constexpr std::int64_t delay_max_s = 10, lines_max = 10'000, bytes_max = 1 << 20,
                       redirects_max = 50;

// What stands in the path as a number; nullopt: it is none, and that was said.
std::optional<std::int64_t> number_of(EchoRequest& request, std::int64_t max,
                                      std::int64_t min = 0) {
  const auto number = parse_integer(request.parts[0]);
  if (number && *number >= min && *number <= max) return *number;
  answer_wrong(request.response, 400,
               fmt::format("\"{}\": a whole number from {} to {}", request.parts[0], min, max));
  return std::nullopt;
}

void redirect(EchoRequest& request, std::string_view to, std::uint16_t status = 302) {
  request.response.set_status(status);
  request.response.add_field("Location", to);
}

void say_everything(EchoRequest& request) {
  answer_json(request.response, echo_of(request));
}

void say_fields(EchoRequest& request) {
  answer_json(request.response,
              Json(Json::Object{{"headers", echo_fields(request.view.fields())}}));
}

void say_user_agent(EchoRequest& request) {
  answer_json(
      request.response,
      Json(Json::Object{{"user-agent", request.view.fields().find("user-agent").value_or("")}}));
}

void say_origin(EchoRequest& request) {
  answer_json(request.response, Json(Json::Object{{"origin", request.view.peer().ip()}}));
}

void say_cookies(EchoRequest& request) {
  answer_json(request.response,
              Json(Json::Object{{"cookies", echo_cookies(request.view.fields())}}));
}

void set_cookies(EchoRequest& request) {
  const Json pairs = echo_pairs(request.view.query());
  for (const auto& [name, value] : pairs.object())
    if (value.is_string())
      request.response.add_field("Set-Cookie", fmt::format("{}={}; Path=/", name, value.string()));
  redirect(request, "/cookies");
}

void set_cookie(EchoRequest& request) {
  request.response.add_field("Set-Cookie",
                             fmt::format("{}={}; Path=/", request.parts[0], request.parts[1]));
  redirect(request, "/cookies");
}

void delete_cookies(EchoRequest& request) {
  const Json pairs = echo_pairs(request.view.query());
  for (const auto& [name, value] : pairs.object())
    request.response.add_field("Set-Cookie", fmt::format("{}=; Path=/; Max-Age=0", name));
  redirect(request, "/cookies");
}

void say_status(EchoRequest& request) {
  const auto status = number_of(request, 599, 200);
  if (!status) return;
  if (*status >= 301 && *status <= 308 && *status != 304)
    request.response.add_field("Location", "/redirect/1");
  request.response.set_status(static_cast<std::uint16_t>(*status));
}

void say_redirect(EchoRequest& request) {
  const auto left = number_of(request, redirects_max);
  if (!left) return;
  redirect(request, *left <= 1 ? std::string("/get") : fmt::format("/redirect/{}", *left - 1));
}

void redirect_to(EchoRequest& request) {
  const auto to = request.view.query_value("url");
  if (!to) return answer_wrong(request.response, 400, "?url= is missing: where it redirects to");
  const auto status = parse_integer(request.view.query_value("status_code").value_or("302"));
  const bool redirects = status && *status >= 300 && *status < 400;
  redirect(request, *to, redirects ? static_cast<std::uint16_t>(*status) : std::uint16_t{302});
}

void let_in(EchoRequest& request, std::string_view user) {
  answer_json(request.response, Json(Json::Object{{"authenticated", true}, {"user", user}}));
}

void ask_basic(EchoRequest& request) {
  const std::string wanted =
      "Basic " + base64_encode(fmt::format("{}:{}", request.parts[0], request.parts[1]));
  if (request.view.fields().find("authorization") == wanted)
    return let_in(request, request.parts[0]);
  request.response.set_status(401);
  request.response.add_field("WWW-Authenticate", "Basic realm=\"echo\"");
}

void ask_bearer(EchoRequest& request) {
  const auto field = request.view.fields().find("authorization").value_or("");
  if (field.starts_with("Bearer "))
    return answer_json(request.response,
                       Json(Json::Object{{"authenticated", true}, {"token", field.substr(7)}}));
  request.response.set_status(401);
  request.response.add_field("WWW-Authenticate", "Bearer");
}

// The value of one parameter of an Authorization field.
std::string_view parameter(std::string_view field, std::string_view name) {
  for (std::string_view part : split(field.substr(std::min(field.find(' '), field.size())), ',')) {
    part = trim(part);
    if (!part.starts_with(name) || !part.substr(name.size()).starts_with("=")) continue;
    part.remove_prefix(name.size() + 1);
    return part.starts_with('"') && part.size() > 1 ? part.substr(1, part.size() - 2) : part;
  }
  return {};
}

void ask_digest(EchoRequest& request) {
  constexpr std::string_view challenge =
      R"(Digest realm="echo", qop="auth", nonce="6c7f1d0a", opaque="0", algorithm=MD5)";
  const auto field = request.view.fields().find("authorization").value_or("");
  const auto wanted = digest_authorization(challenge, {.user = request.parts[1],
                                                       .password = request.parts[2],
                                                       .method = request.view.method(),
                                                       .target = request.view.target(),
                                                       .chance = parameter(field, "cnonce")});
  const std::string_view given = parameter(field, "response");
  if (wanted && !given.empty() && given == parameter(*wanted, "response"))
    return let_in(request, request.parts[1]);
  request.response.set_status(401);
  request.response.add_field("WWW-Authenticate", challenge);
}

template <ContentCoding Coding>
void say_coded(EchoRequest& request) {
  Json all = echo_of(request);
  all.set("coding", name_of(Coding));
  auto coded = encode_content(Coding, all.dump());
  if (!coded) return answer_wrong(request.response, 500, coded.error().text);
  request.response.set_content_type("application/json");
  request.response.add_field("Content-Encoding", name_of(Coding));
  request.response.body() = std::move(*coded);
}

void say_late(EchoRequest& request) {
  double seconds = 0;
  const std::string& text = request.parts[0];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0))
    return answer_wrong(request.response, 400,
                        fmt::format("\"{}\": seconds, as in /delay/0.5", text));
  if (request.self.sleep(from_seconds(std::min(seconds, double{delay_max_s}))))
    say_everything(request);
}

void stream_lines(EchoRequest& request) {
  const auto lines = number_of(request, lines_max);
  if (!lines) return;
  request.response.set_content_type("application/json");
  Json all = echo_of(request);
  for (std::int64_t line = 0; line < *lines; ++line) {
    all.set("id", line);
    if (!request.response.send_chunk(request.self, all.dump() + "\n")) return;
  }
}

void say_bytes(EchoRequest& request) {
  const auto count = number_of(request, bytes_max);
  if (!count) return;
  request.response.set_content_type("application/octet-stream");
  for (std::int64_t i = 0; i < *count; ++i)
    request.response.body() += static_cast<char>(static_cast<unsigned char>(i * 131 % 256));
}

void say_decoded(EchoRequest& request) {
  const auto text = base64_decode(request.parts[0]);
  if (!text) return answer_wrong(request.response, 400, "what stands behind /base64/ is no Base64");
  request.response.set_content_type("text/plain; charset=utf-8");
  request.response.body() = *text;
}

void add_fields(EchoRequest& request) {
  const Json pairs = echo_pairs(request.view.query());
  for (const auto& [name, value] : pairs.object())
    if (value.is_string()) request.response.add_field(name, value.string());
  answer_json(request.response, pairs);
}

void say_page(EchoRequest& request) {
  request.response.set_content_type("text/html; charset=utf-8");
  request.response.body() = R"(<!DOCTYPE html>
<html><head><title>Echo</title></head><body>
<h1>Echo</h1>
<ul id="links"><li><a href="/get">get</a></li><li><a href="/status/404" class="gone">gone</a></li></ul>
<form id="order" action="/post" method="post">
<input name="name" value="Ann"><input type="hidden" name="token" value="t-7">
<input type="checkbox" name="news" value="yes" checked>
<select name="size"><option value="s">small</option><option value="l" selected>large</option></select>
<textarea name="words">hello</textarea><input type="submit" name="go" value="Send">
</form></body></html>
)";
}

struct Route {
  EchoPath path;
  std::string_view method;  // "": any.
  void (*handle)(EchoRequest&);
};

constexpr std::array<Route, 35> routes = {{
    {{"/get", "what was asked, as JSON"}, "GET", say_everything},
    {{"/post", "the same"}, "POST", say_everything},
    {{"/put", "the same"}, "PUT", say_everything},
    {{"/patch", "the same"}, "PATCH", say_everything},
    {{"/delete", "the same"}, "DELETE", say_everything},
    {{"/anything", "the same, for any method"}, "", say_everything},
    {{"/anything/{more}", "the same"}, "", say_everything},
    {{"/headers", "the request's header"}, "", say_fields},
    {{"/user-agent", "its User-Agent"}, "", say_user_agent},
    {{"/ip", "where it came from"}, "", say_origin},
    {{"/cookies", "its cookies"}, "", say_cookies},
    {{"/cookies/set", "sets those of the query, redirects to /cookies"}, "", set_cookies},
    {{"/cookies/set/{name}/{value}", "sets one"}, "", set_cookie},
    {{"/cookies/delete", "deletes those of the query"}, "", delete_cookies},
    {{"/status/{code}", "that status"}, "", say_status},
    {{"/redirect/{n}", "n redirects, then /get"}, "", say_redirect},
    {{"/redirect-to", "redirects to ?url=, with ?status_code="}, "", redirect_to},
    {{"/basic-auth/{user}/{password}", "401, or who it is"}, "", ask_basic},
    {{"/bearer", "401, or the token"}, "", ask_bearer},
    {{"/digest-auth/{qop}/{user}/{password}", "401, or who it is"}, "", ask_digest},
    {{"/gzip", "what was asked, compressed"}, "", say_coded<ContentCoding::gzip>},
    {{"/deflate", "the same"}, "", say_coded<ContentCoding::deflate>},
    {{"/brotli", "the same"}, "", say_coded<ContentCoding::br>},
    {{"/zstd", "the same"}, "", say_coded<ContentCoding::zstd>},
    {{"/delay/{seconds}", "what was asked, so much later, 10 at most"}, "", say_late},
    {{"/stream/{n}", "n lines of JSON, in chunks"}, "", stream_lines},
    {{"/bytes/{n}", "n bytes"}, "", say_bytes},
    {{"/base64/{text}", "the text decoded"}, "", say_decoded},
    {{"/response-headers", "answers with the query as its header"}, "", add_fields},
    {{"/html", "a page with links and a form"}, "", say_page},
    {{"/ws", "a WebSocket that says back what it is told"}, "GET", echo_websocket},
    {{"/websocket", "the same"}, "GET", echo_websocket},
    {{"/echo", "the same where a WebSocket is asked for"}, "", say_or_echo_websocket},
    {{"/", "the page"}, "", say_page},
    {{"/health", "ok"}, "", [](EchoRequest& request) { request.response.body() = "ok\n"; }},
}};

// Whether `path` is like the pattern; its parts are then what stands for {names}.
bool is_like(std::string_view pattern, std::string_view path, std::vector<std::string>& parts) {
  parts.clear();
  const auto wanted = split(pattern, '/'), given = split(path, '/');
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{') && !given[i].empty())
      parts.push_back(percent_decode(given[i]));
    else if (wanted[i] != given[i])
      return false;
  }
  return true;
}

void answer(EchoRequest request) {
  const HttpRequestView& view = request.view;
  HttpResponseWriter& response = request.response;
  for (const Route& route : routes) {
    if (!is_like(route.path.pattern, view.path(), request.parts)) continue;
    const bool takes = route.method.empty() || route.method == view.method() ||
                       (route.method == "GET" && view.method() == "HEAD");
    if (takes) return route.handle(request);
    response.add_field("Allow", route.method);
    return answer_wrong(response, 405, fmt::format("{} takes {}", view.path(), route.method));
  }
  answer_wrong(response, 404, fmt::format("there is no {}: brunt serve echo --help", view.path()));
}

}  // namespace

std::span<const EchoPath> echo_paths() {
  static const auto paths = [] {
    std::array<EchoPath, routes.size()> all;
    std::ranges::transform(routes, all.begin(), &Route::path);
    return all;
  }();
  return paths;
}

Result<std::unique_ptr<EchoService>> EchoService::start(Loop& loop, const EchoOptions& options) {
  HttpServerOptions server{.at = options.at, .tls = options.tls, .limits = {}};
  const auto handler = [scheme = options.tls ? "https" : "http"](
                           Fiber& self, const HttpRequestView& view, HttpResponseWriter& response) {
    answer({.self = self, .view = view, .response = response, .scheme = scheme, .parts = {}});
  };
  auto http = TRY(HttpServer::listen(loop, server, handler));
  // make_unique cannot reach a private constructor.
  return std::unique_ptr<EchoService>(new EchoService(std::move(http)));
}

}  // namespace brunt
