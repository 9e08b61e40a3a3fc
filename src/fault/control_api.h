// The HTTP control API of proxies, as Toxiproxy 2's clients speak it: list, create, change and
// delete proxies and toxics, switch them, reset, populate.
//
//   auto server = TRY(HttpServer::listen(loop, {.at = at}, control_api(proxies)));
//
// What cannot be done is answered with {"error": "what and where", "status": 4xx}. The paths:
// docs/reference/proxy.md. Source: Toxiproxy's README, "HTTP API".
#pragma once
#include "base/json.h"
#include "fault/proxy_set.h"
#include "server/http_server.h"

namespace brunt {

// `proxies` must outlive the server.
HttpServer::Handler control_api(ProxySet& proxies);

// {"name", "listen", "upstream", "enabled"}; what is missing stays as in `base`. Errors: invalid,
// malformed; the text names the field.
Result<ProxyOptions> proxy_from_json(const Json& json, ProxyOptions base);
Json proxy_to_json(const Proxy& proxy);  // With its toxics.

}  // namespace brunt
