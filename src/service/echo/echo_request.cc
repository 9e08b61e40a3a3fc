#include "service/echo/echo_request.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/text.h"
#include "base/url.h"
#include "wire/utf8.h"

namespace brunt {
namespace {

// Content-Type for content-type.
std::string spelled(std::string_view name) {
  std::string text = to_lower(name);
  bool first = true;
  for (char& c : text) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    first = c == '-';
  }
  return text;
}

void add(Json& pairs, const std::string& name, std::string value) {
  const Json* known = pairs.find(name);
  if (known == nullptr) return pairs.set(name, Json(std::move(value)));
  Json list = known->is_array() ? *known : Json(Json::Array{*known});
  list.push(Json(std::move(value)));
  pairs.set(name, std::move(list));
}

}  // namespace

Json echo_pairs(std::string_view text) {
  Json pairs{Json::Object()};
  for (const std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    add(pairs, form_decode(pair.substr(0, equals)),
        equals == pair.npos ? std::string() : form_decode(pair.substr(equals + 1)));
  }
  return pairs;
}

Json echo_fields(HttpFields fields) {
  Json all{Json::Object()};
  for (const HttpField field : fields)
    all.set(spelled(field.name), Json(std::string(fields.join(field.name))));
  return all;
}

Json echo_cookies(HttpFields fields) {
  Json all{Json::Object()};
  for (const HttpField field : fields) {
    if (!equal_ignoring_case(field.name, "cookie")) continue;
    for (const std::string_view part : split(field.value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equals = pair.find('=');
      if (equals != pair.npos) all.set(pair.substr(0, equals), Json(pair.substr(equals + 1)));
    }
  }
  return all;
}

Json echo_of(const EchoRequest& asked) {
  const HttpRequestView& request = asked.view;
  const std::string_view type = request.fields().find("content-type").value_or("");
  const bool is_form = type.starts_with("application/x-www-form-urlencoded");
  const auto json = Json::parse(request.body());
  const bool is_binary = !is_utf8(request.body());
  Json all{Json::Object()};
  all.set("args", echo_pairs(request.query()));
  all.set("data",
          Json(is_form     ? std::string()
               : is_binary ? "data:application/octet-stream;base64," + base64_encode(request.body())
                           : std::string(request.body())));
  all.set("form", is_form ? echo_pairs(request.body()) : Json(Json::Object()));
  all.set("headers", echo_fields(request.fields()));
  all.set("json", json && !is_form ? *json : Json());
  all.set("method", Json(request.method()));
  all.set("origin", Json(request.peer().ip()));
  all.set("url", Json(fmt::format("{}://{}{}", asked.scheme,
                                  request.fields().find("host").value_or(""), request.target())));
  return all;
}

void answer_json(HttpResponseWriter& response, const Json& json) {
  response.set_content_type("application/json");
  response.body() = json.dump();
}

void answer_wrong(HttpResponseWriter& response, std::uint16_t status, std::string_view text) {
  response.set_status(status);
  answer_json(response, Json(Json::Object{{"error", text}}));
}

}  // namespace brunt
