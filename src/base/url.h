// An absolute URL taken apart, and the encodings that go with it.
//
// Source: RFC 3986. Only what a client needs: http, https, unix
// (http+unix://%2Fpath%2Fto.sock/target).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

struct Url {
  std::string scheme;      // Lower case: http, https, http+unix.
  std::string host;        // Lower case, IPv6 without brackets; for http+unix the socket's path.
  std::uint16_t port = 0;  // As written, else the scheme's default.
  std::string user, password;  // Decoded.
  std::string target;  // Path and query, never empty: "/a?b=c". Characters that may not stand there
                       // are encoded.

  bool secure() const { return scheme == "https"; }
  // "host" or "host:port" as the Host header wants it: without the default port, IPv6 in brackets.
  std::string authority() const;
  // scheme://authority/target, without user and password.
  std::string text() const;
  std::string_view path() const;  // The target up to '?'.
};

// Errors: invalid, with what is wrong and how it should look ("localhost:8080" has no scheme: write
// http://localhost:8080).
Result<Url> parse_url(std::string_view text);

// Whom a protocol without URLs of its own connects to.
struct PeerAddress {
  std::string host;  // Lower case, IPv6 without brackets.
  std::uint16_t port = 0;

  std::string text() const;  // localhost:14000, [::1]:14000
  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

// Of `localhost:14000`, `[::1]:14000`, `tcp://localhost:14000`, or any URL; what stands behind the
// port is left out. Errors: invalid (no port, a bad one, no host).
Result<PeerAddress> parse_peer_address(std::string_view text);

// RFC 3986, section 5.2: what `reference` (a Location header) means on a page at `base`. Errors:
// invalid.
Result<Url> resolve_url(const Url& base, std::string_view reference);

// The URL with what looks like an id in its path put as '*', and no query: what URLs that differ
// only by such ids have in common. Numbers are ids, and so are eight or more hexadecimal digits
// with a number among them. Its own shape is itself.
std::string url_shape(std::string_view url);

std::string percent_encode(std::string_view text);  // All but unreserved characters.
std::string percent_decode(std::string_view text);  // Leaves a broken escape as it is.
std::string form_encode(std::string_view text);  // application/x-www-form-urlencoded: space is '+'.
std::string form_decode(std::string_view text);

}  // namespace brunt
