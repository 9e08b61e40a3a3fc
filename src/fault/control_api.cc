#include "fault/control_api.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "base/url.h"

namespace brunt {
namespace {

// The version of Toxiproxy whose API this is: its clients ask, and some look.
constexpr std::string_view api_version = "2.9.0";

// An answer: a status and a body; no body for null.
struct Answer {
  std::uint16_t status = 200;
  Json body;
};

Answer refusal(std::uint16_t status, std::string_view text) {
  Json body;
  body.set("error", text);
  body.set("status", static_cast<std::int64_t>(status));
  return {status, std::move(body)};
}

Answer refusal(const Error& error) {
  switch (error.code) {
    case ErrorCode::not_found:
      return refusal(404, error.text);
    case ErrorCode::denied:  // A name that is taken,
    case ErrorCode::io:      // or an address.
      return refusal(409, error.text);
    case ErrorCode::invalid:
    case ErrorCode::malformed:
    case ErrorCode::too_large:
    case ErrorCode::exhausted:
      return refusal(400, error.text);
    default:
      return refusal(500, error.text);
  }
}

Result<Json> body_of(const HttpRequestView& request) {
  // Deep enough for every request there is, and the array around it.
  auto json = Json::parse(request.body(), {.depth_max = 16});
  if (!json) return fail(ErrorCode::malformed, "bad request body: " + json.error().text);
  return json;
}

Json toxics_to_json(const Proxy& proxy) {
  Json list{Json::Array{}};
  for (const Toxic& toxic : proxy.toxics()) list.push(to_json(toxic));
  return list;
}

ProxyOptions options_of(const Proxy& proxy) {
  return {.name = proxy.name(),
          .listen = proxy.endpoint(),
          .upstream = proxy.upstream(),
          .enabled = proxy.enabled()};
}

class ControlRequest {
 public:
  ControlRequest(ProxySet& proxies, Fiber& self, const HttpRequestView& request)
      : proxies_(proxies), self_(self), request_(request) {}

  Answer answer() {
    const std::string path(request_.path());
    std::vector<std::string> parts;
    for (const std::string_view part : split(path, '/'))
      if (!part.empty()) parts.push_back(percent_decode(part));
    if (parts.size() == 1 && parts[0] == "version") return version();
    if (parts.size() == 1 && parts[0] == "reset") return reset();
    if (parts.size() == 1 && parts[0] == "populate") return populate();
    if (parts.empty() || parts[0] != "proxies" || parts.size() > 4 ||
        (parts.size() > 2 && parts[2] != "toxics"))
      return refusal(404, fmt::format("there is no {}; see GET /proxies", path));
    if (parts.size() == 1) return proxies();
    Proxy* const proxy = proxies_.find(parts[1]);
    if (proxy == nullptr) return refusal(404, fmt::format("proxy not found: \"{}\"", parts[1]));
    if (parts.size() == 2) return one_proxy(*proxy);
    if (parts.size() == 3) return toxics(*proxy);
    return one_toxic(*proxy, parts[3]);
  }

 private:
  bool is(std::string_view method) const { return request_.method() == method; }
  bool is_change() const { return is("POST") || is("PATCH") || is("PUT"); }
  Answer wrong_method(std::string_view allowed) const {
    return refusal(
        405, fmt::format("{} {} cannot be; {} can", request_.method(), request_.path(), allowed));
  }

  Answer version() const {
    if (!is("GET")) return wrong_method("GET");
    Json body;
    body.set("version", api_version);
    return {200, std::move(body)};
  }

  Answer reset() {
    if (!is("POST")) return wrong_method("POST");
    const auto done = proxies_.reset();
    return done ? Answer{204, {}} : refusal(done.error());
  }

  Answer proxies() {
    if (is("GET")) {
      Json all{Json::Object{}};
      for (const Proxy* const proxy : proxies_.all()) all.set(proxy->name(), proxy_to_json(*proxy));
      return {200, std::move(all)};
    }
    if (!is("POST")) return wrong_method("GET or POST");
    const auto made = create();
    return made ? Answer{201, proxy_to_json(**made)} : refusal(made.error());
  }

  Result<Proxy*> create() {
    const Json json = TRY(body_of(request_));
    return proxies_.create(TRY(proxy_from_json(json, {})));
  }

  Answer populate() {
    if (!is("POST")) return wrong_method("POST");
    Json done{Json::Array{}};
    const auto filled = fill(done);
    Json body;
    body.set("proxies", std::move(done));
    if (filled) return {201, std::move(body)};
    Answer answer = refusal(filled.error());
    answer.body.set("proxies", *body.find("proxies"));
    return answer;
  }

  // One that exists as it is asked for stays as it is.
  Result<> fill(Json& done) {
    const Json list = TRY(body_of(request_));
    if (!list.is_array()) return fail(ErrorCode::malformed, "populate wants a list of proxies");
    std::vector<ProxyOptions> wanted;
    for (const Json& json : list.array()) {
      wanted.push_back(TRY(proxy_from_json(json, {})));
      if (wanted.back().name.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("name: missing required field at proxy {}", wanted.size()));
    }
    for (const ProxyOptions& options : wanted) {
      Proxy* proxy = proxies_.find(options.name);
      const bool is_same = proxy != nullptr && proxy->upstream() == options.upstream &&
                           proxy->endpoint() == options.listen;
      if (proxy == nullptr)
        proxy = TRY(proxies_.create(options));
      else if (!is_same)
        proxy = TRY(proxies_.replace(self_, options));
      TRY(proxy->set_enabled(options.enabled));
      done.push(proxy_to_json(*proxy));
    }
    return {};
  }

  Answer one_proxy(Proxy& proxy) {
    if (is("GET")) return {200, proxy_to_json(proxy)};
    if (is("DELETE")) {
      const auto gone = proxies_.remove(self_, proxy.name());
      return gone ? Answer{204, {}} : refusal(gone.error());
    }
    if (!is_change()) return wrong_method("GET, POST, PATCH or DELETE");
    const auto changed = update(proxy);
    return changed ? Answer{200, proxy_to_json(**changed)} : refusal(changed.error());
  }

  Result<Proxy*> update(Proxy& proxy) {
    const Json json = TRY(body_of(request_));
    ProxyOptions options = TRY(proxy_from_json(json, options_of(proxy)));
    options.name = proxy.name();
    if (options.listen != proxy.endpoint() || options.upstream != proxy.upstream())
      return proxies_.replace(self_, std::move(options));
    TRY(proxy.set_enabled(options.enabled));
    return &proxy;
  }

  Answer toxics(Proxy& proxy) {
    if (is("GET")) return {200, toxics_to_json(proxy)};
    if (!is("POST")) return wrong_method("GET or POST");
    const auto added = add_toxic(proxy);
    return added ? Answer{200, to_json(*added)} : refusal(added.error());
  }

  Result<Toxic> add_toxic(Proxy& proxy) {
    const Json json = TRY(body_of(request_));
    Toxic toxic = TRY(toxic_from_json(json, ToxicReading::whole));
    if (proxy.find_toxic(toxic.full_name()) != nullptr)
      return fail(ErrorCode::denied, fmt::format("toxic \"{}\" already exists", toxic.full_name()));
    TRY(proxy.set_toxic(toxic));
    return toxic;
  }

  Answer one_toxic(Proxy& proxy, const std::string& name) {
    const Toxic* const toxic = proxy.find_toxic(name);
    if (toxic == nullptr) return refusal(404, fmt::format("toxic not found: \"{}\"", name));
    if (is("GET")) return {200, to_json(*toxic)};
    if (is("DELETE")) {
      const auto gone = proxy.remove_toxic(name);
      return gone ? Answer{204, {}} : refusal(gone.error());
    }
    if (!is_change()) return wrong_method("GET, POST, PATCH or DELETE");
    const auto changed = update_toxic(proxy, *toxic);
    return changed ? Answer{200, to_json(*changed)} : refusal(changed.error());
  }

  Result<Toxic> update_toxic(Proxy& proxy, const Toxic& before) {
    const Json json = TRY(body_of(request_));
    Toxic toxic = TRY(toxic_from_json(json, ToxicReading::update, before));
    TRY(proxy.set_toxic(toxic));
    return toxic;
  }

  ProxySet& proxies_;
  Fiber& self_;
  const HttpRequestView& request_;
};

bool is_browser(const HttpRequestView& request) {
  for (const HttpField field : request.fields())
    if (equal_ignoring_case(field.name, "user-agent") && field.value.starts_with("Mozilla/"))
      return true;
  return false;
}

Result<> read_text(const Json& json, std::string_view key, std::string& out) {
  const Json* const value = json.find(key);
  if (value == nullptr) return {};
  if (!value->is_string())
    return fail(ErrorCode::invalid, fmt::format("{}: needs a text, found {}", key, value->kind()));
  out = value->string();
  return {};
}

}  // namespace

Result<ProxyOptions> proxy_from_json(const Json& json, ProxyOptions base) {
  if (!json.is_object())
    return fail(ErrorCode::malformed, fmt::format("a proxy is an object, found {}", json.kind()));
  TRY(read_text(json, "name", base.name));
  TRY(read_text(json, "upstream", base.upstream));
  if (base.upstream.empty()) return fail(ErrorCode::invalid, "upstream: missing required field");
  if (const auto target = parse_proxy_target(base.upstream); !target)
    return fail_in("upstream", target.error());
  std::string listen;
  TRY(read_text(json, "listen", listen));
  if (!listen.empty()) {
    auto endpoint = parse_listen_address(listen);
    if (!endpoint) return fail_in("listen", std::move(endpoint).error());
    base.listen = *endpoint;
  }
  if (const Json* const enabled = json.find("enabled")) {
    if (!enabled->is_bool())
      return fail(ErrorCode::invalid,
                  fmt::format("enabled: needs true or false, found {}", enabled->kind()));
    base.enabled = enabled->boolean();
  }
  return base;
}

Json proxy_to_json(const Proxy& proxy) {
  Json json;
  json.set("name", proxy.name());
  json.set("listen", proxy.endpoint().text());
  json.set("upstream", proxy.upstream());
  json.set("enabled", proxy.enabled());
  json.set("toxics", toxics_to_json(proxy));
  return json;
}

HttpServer::Handler control_api(ProxySet& proxies) {
  return [&proxies](Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
    // A page from anywhere could send a browser here: no browser has business with it.
    const Answer answer = is_browser(request) ? refusal(403, "browsers are not served here")
                                              : ControlRequest(proxies, self, request).answer();
    response.set_status(answer.status);
    if (answer.body.is_null()) return;
    response.set_content_type("application/json");
    answer.body.append_to(response.body());
  };
}

}  // namespace brunt
