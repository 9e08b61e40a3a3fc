// Varints, doubles and texts in bytes, for the encodings of this layer (histogram, snapshot).
//
// Varints are LEB128 of at most 64 bits; zigzag puts the sign into the lowest bit; doubles are 8
// bytes, little-endian; a text is its length as a varint, then its bytes.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace brunt {

void put_varint(std::string& out, std::uint64_t value);
void put_zigzag(std::string& out, std::int64_t value);
void put_double(std::string& out, double value);
void put_text(std::string& out, std::string_view text);

// Reads them back. Every error is `malformed` and names `what` and the offset.
class ByteReader {
 public:
  // `what`: a literal, e.g. "histogram". `bytes` must outlive the reader.
  ByteReader(ByteView bytes, const char* what) : bytes_(bytes), what_(what) {}

  Result<unsigned char> byte();
  Result<std::uint64_t> varint();
  Result<std::int64_t> zigzag();
  Result<double> number();          // Any bits, NaN too.
  Result<std::string_view> text();  // A view into the bytes.

  // A varint that counts things of which each takes at least `bytes_each` of what is left, so that
  // a lying count cannot make anybody allocate.
  Result<std::size_t> count(std::size_t bytes_each);

  std::size_t left() const { return bytes_.size() - offset_; }
  Result<> finish() const;  // Malformed if anything is left.
  std::unexpected<Error> malformed(std::string_view why) const;

 private:
  ByteView bytes_;
  const char* what_;
  std::size_t offset_ = 0;
};

}  // namespace brunt
