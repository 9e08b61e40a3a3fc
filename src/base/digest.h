// Digests of a text that protocols are made of. Not for secrets: both are broken as a protection.
//
//   md5_hex("abc");               // "900150983cd24fb0d6963f7d28e17f72"
//   base64_encode(sha1("abc"));   // "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="
//
// Source: RFC 1321, RFC 3174.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

// MD5 as 32 hexadecimal digits: of HTTP's digest authentication and k6's ids.
std::string md5_hex(std::string_view text);

// SHA-1 as its 20 bytes: of a WebSocket's handshake.
std::string sha1(std::string_view text);

}  // namespace brunt
