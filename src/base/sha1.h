// SHA-1 of a text, as its 20 bytes: what a WebSocket's handshake is made of. Not for secrets: it is
// broken as a protection.
//
//   base64_encode(sha1("abc"));  // "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="
//
// Source: RFC 3174.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

std::string sha1(std::string_view text);

}  // namespace brunt
