// One request to the echo service: its path taken apart, and what it says as JSON. For echo/ only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http_message_views.h"

namespace brunt {

struct EchoRequest {
  Fiber& self;
  const HttpRequestView& view;
  HttpResponseWriter& response;
  std::string_view scheme;         // "http" or "https".
  std::vector<std::string> parts;  // What stands for the {names} of its path, decoded.
};

// { name: value } of a query or a form; a list where a name is there again.
Json echo_pairs(std::string_view text);
// Header fields by Go's spelling of their names, values of one name joined.
Json echo_fields(HttpFields fields);
// { name: value } of the Cookie field.
Json echo_cookies(HttpFields fields);
// args, data, form, headers, json, method, origin, url: what was asked.
Json echo_of(const EchoRequest& request);

void answer_json(HttpResponseWriter& response, const Json& json);
// Says what is wrong with what was asked for.
void answer_wrong(HttpResponseWriter& response, std::uint16_t status, std::string_view text);

}  // namespace brunt
