// A device's identity: a UUID as two words. A value; chance comes in as a Prng.
//
// Source: RFC 9562, sections 4 and 5.4.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/prng.h"
#include "db/postgres_params.h"

namespace brunt {

struct Uuid {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

inline constexpr std::size_t uuid_text_size = 36;

// "7d444840-9dc0-11d1-b245-5ffdce74fad2", either case; nullopt for anything else.
std::optional<Uuid> parse_uuid(std::string_view text);
void append_uuid(std::string& out, const Uuid& uuid);  // Lower case.
Uuid random_uuid(Prng& prng);                          // Version 4.

// The 16 bytes in network order, as databases keep them.
UuidBytes bytes_of(const Uuid& uuid);
// REQUIRES: `bytes` are 16.
Uuid uuid_of(ByteView bytes);

}  // namespace brunt
