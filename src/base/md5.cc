#include "base/md5.h"

#include <openssl/evp.h>

#include <array>

#include "base/assert.h"

namespace brunt {

std::string md5_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  // Only a machine that forbids MD5 (FIPS) or has no memory left fails here.
  ASSERT(EVP_Q_digest(nullptr, "MD5", nullptr, text.data(), text.size(), digest.data(), &size) ==
         1);
  std::string hex;
  for (std::size_t i = 0; i < size; ++i)
    for (const int shift : {4, 0}) hex += "0123456789abcdef"[digest[i] >> shift & 15];
  return hex;
}

}  // namespace brunt
