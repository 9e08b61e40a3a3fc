#include "base/sha1.h"

#include <openssl/evp.h>

#include <array>

#include "base/assert.h"

namespace brunt {

std::string sha1(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  // Only a machine that forbids SHA-1 or has no memory left fails here.
  ASSERT(EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(), digest.data(), &size) ==
         1);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace brunt
