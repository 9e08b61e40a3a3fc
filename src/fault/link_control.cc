#include "fault/link_control.h"

#include <fmt/format.h>

#include "base/url.h"
#include "client/http_client.h"
#include "fault/proxy.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr Duration answer_timeout = 30s;

struct ControlReply {
  std::uint16_t status = 0;
  Json body;
};

// What the API says of a failure, as an error of ours.
std::unexpected<Error> error_of(const ControlReply& reply) {
  const Json* const text = reply.body.find("error");
  const ErrorCode code = reply.status == 404   ? ErrorCode::not_found
                         : reply.status == 409 ? ErrorCode::denied
                         : reply.status == 400 ? ErrorCode::invalid
                                               : ErrorCode::io;
  return fail(code, text != nullptr && text->is_string()
                        ? text->string()
                        : fmt::format("the proxy answered {}", reply.status));
}

std::string toxics_of(std::string_view link) {
  return fmt::format("/proxies/{}/toxics", percent_encode(link));
}

}  // namespace

struct LinkControl::State {
  State(Loop& loop, Dialer& dialer, ProxyTarget target)
      : context{.loop = loop, .dialer = dialer},
        client(context, options),
        origin{.host = std::move(target.host), .port = target.port} {}

  Result<ControlReply> ask(Fiber& self, std::string_view method, std::string_view path,
                           const Json& body);

  HttpContext context;
  HttpClientOptions options;
  HttpClient client;
  HttpOrigin origin;
};

// Parks. Errors: what kept it from an answer.
Result<ControlReply> LinkControl::State::ask(Fiber& self, std::string_view method,
                                             std::string_view path, const Json& body) {
  const std::string text = body.is_null() ? std::string() : body.dump();
  const std::string message = fmt::format(
      "{} {} HTTP/1.1\r\nHost: proxy\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      method, path, text.size(), text);
  HttpReply reply;
  TRY(client.send(self, {.origin = origin, .head = message, .repeatable = true}, reply,
                  self.now() + answer_timeout));
  if (!reply.ok())
    return fail(reply.failure->cause,
                fmt::format("the links' proxy does not answer: {}", reply.failure->detail));
  ControlReply answer{.status = reply.status(), .body = {}};
  if (!reply.body().empty()) answer.body = TRY(Json::parse(reply.body()));
  return answer;
}

LinkControl::LinkControl(std::unique_ptr<State> state) : state_(std::move(state)) {}
LinkControl::~LinkControl() = default;

Result<std::unique_ptr<LinkControl>> LinkControl::create(Loop& loop, Dialer& dialer,
                                                         std::string_view control) {
  auto state = std::make_unique<State>(loop, dialer, TRY(parse_proxy_target(control)));
  return std::unique_ptr<LinkControl>(new LinkControl(std::move(state)));
}

Result<Endpoint> LinkControl::open(Fiber& self, const LinkOrder& order) {
  Json body;
  body.set("name", order.name);
  body.set("listen", order.listen);
  body.set("upstream", order.upstream);
  const ControlReply reply = TRY(state_->ask(self, "POST", "/proxies", body));
  if (reply.status != 201) return error_of(reply);
  for (const Toxic& toxic : order.toxics) TRY(set(self, order.name, toxic));
  const Json* const listen = reply.body.find("listen");
  if (listen == nullptr || !listen->is_string())
    return fail(ErrorCode::malformed, "the links' proxy does not say where it listens");
  return Endpoint::parse(listen->string());
}

Result<> LinkControl::set(Fiber& self, std::string_view link, const Toxic& toxic) {
  TRY(check_toxic(toxic));
  const Json json = to_json(toxic);
  const std::string all = toxics_of(link);
  ControlReply reply = TRY(state_->ask(self, "POST", all, json));
  if (reply.status == 409) {
    // It is there: taken away and put anew, as its type and direction may be others.
    TRY(clear(self, link, toxic.full_name()));
    reply = TRY(state_->ask(self, "POST", all, json));
  }
  if (reply.status != 200) return error_of(reply);
  return {};
}

Result<> LinkControl::clear(Fiber& self, std::string_view link, std::string_view toxic_name) {
  const std::string path = fmt::format("{}/{}", toxics_of(link), percent_encode(toxic_name));
  const ControlReply reply = TRY(state_->ask(self, "DELETE", path, {}));
  const Json* const text = reply.body.find("error");
  const bool is_gone = reply.status == 404 && text != nullptr && text->is_string() &&
                       text->string().starts_with("toxic");
  if (reply.status != 204 && !is_gone) return error_of(reply);
  return {};
}

}  // namespace brunt
