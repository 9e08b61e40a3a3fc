// HTTP's digest authentication: what to answer a 401 whose WWW-Authenticate says Digest.
//
//   const std::string field = TRY(digest_authorization(
//       *reply.fields().find("www-authenticate"),
//       {.user = "ann", .password = "secret", .method = "GET", .target = "/a", .chance = chance}));
//   // the request again, with Authorization: field
//
// MD5 and MD5-sess, with qop auth or without qop. Pure: no I/O.
//
// Source: RFC 7616, section 3.4; RFC 2617 for servers that give no qop.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

struct DigestAnswer {
  std::string_view user, password;
  std::string_view method, target;  // "GET", "/path?query".
  std::string_view chance;          // The client's nonce: anything that was not used before.
};

// Errors: malformed: no challenge of this kind, or one without a nonce; unsupported: an algorithm
// or a qop that is not known.
Result<std::string> digest_authorization(std::string_view challenge, const DigestAnswer& answer);

}  // namespace brunt
