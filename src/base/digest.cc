#include "base/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/assert.h"

namespace brunt {
namespace {

std::string digest(const char* algorithm, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  std::size_t size = 0;
  // Only a machine that forbids the algorithm (FIPS) or has no memory left fails here.
  ASSERT(EVP_Q_digest(nullptr, algorithm, nullptr, text.data(), text.size(), bytes.data(), &size) ==
         1);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

std::string md5_hex(std::string_view text) {
  std::string hex;
  for (const char byte : digest("MD5", text))
    for (const int shift : {4, 0})
      hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> shift & 15];
  return hex;
}

std::string sha1(std::string_view text) {
  return digest("SHA1", text);
}

}  // namespace brunt
