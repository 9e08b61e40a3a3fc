// CRC-32C (Castagnoli): the checksum of stored records. Finds every error burst of up to 32 bits;
// not a defence against somebody who means harm.
//
//   const std::uint32_t sum = crc32c(as_bytes("123456789"));        // 0xe3069283
//   crc32c(second_part, crc32c(first_part)) == crc32c(both)
//
// With the processor's instruction (SSE4.2) about 8 bytes in 3 cycles; without it a table, 6 times
// slower. Source: RFC 3720, appendix B.4 (iSCSI), for the polynomial and test vectors.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace brunt {

std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

// The same without the processor's instruction: for machines that lack it, and for the test that
// compares.
std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t before = 0);

}  // namespace brunt
