#include "wire/message_deflate.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace brunt {
namespace {

// What ends each compressed message and is not sent (RFC 7692, 7.2.1).
constexpr std::string_view tail("\x00\x00\xff\xff", 4);
constexpr int raw_window_bits = -15, memory_level = 8;
constexpr std::size_t piece_bytes = 16u << 10u;

// zlib does not write to its input.
Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

struct MessageDeflate::State {
  z_stream packer{}, unpacker{};
  bool packs = false, unpacks = false;
  std::array<char, piece_bytes> piece;
};

MessageDeflate::MessageDeflate() = default;

MessageDeflate::~MessageDeflate() {
  if (!state_) return;
  if (state_->packs) deflateEnd(&state_->packer);
  if (state_->unpacks) inflateEnd(&state_->unpacker);
}

Result<> MessageDeflate::deflate(std::string_view plain, std::string& out) {
  if (!state_) state_ = std::make_unique<State>();
  z_stream& stream = state_->packer;
  if (!state_->packs && deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_window_bits,
                                     memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorCode::exhausted, "no memory to compress a message");
  state_->packs = true;
  deflateReset(&stream);
  out.clear();
  stream.next_in = input_of(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(state_->piece.data());
    stream.avail_out = piece_bytes;
    (void)::deflate(&stream, Z_SYNC_FLUSH);  // Cannot fail with room left and a sound state.
    out.append(state_->piece.data(), piece_bytes - stream.avail_out);
  } while (stream.avail_out == 0);
  if (out.ends_with(tail)) out.resize(out.size() - tail.size());
  return {};
}

Result<> MessageDeflate::inflate(std::string_view packed, std::string& out,
                                 std::uint64_t plain_bytes_max) {
  if (!state_) state_ = std::make_unique<State>();
  z_stream& stream = state_->unpacker;
  if (!state_->unpacks && inflateInit2(&stream, raw_window_bits) != Z_OK)
    return fail(ErrorCode::exhausted, "no memory to unpack a message");
  state_->unpacks = true;
  inflateReset(&stream);
  out.clear();
  for (const std::string_view part : {packed, tail}) {
    stream.next_in = input_of(part);
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(state_->piece.data());
      stream.avail_out = piece_bytes;
      const int code = ::inflate(&stream, Z_SYNC_FLUSH);
      out.append(state_->piece.data(), piece_bytes - stream.avail_out);
      if (out.size() > plain_bytes_max)
        return fail(ErrorCode::too_large,
                    fmt::format("a message unpacks to more than {} bytes", plain_bytes_max));
      if (code == Z_STREAM_END) return {};  // A final block: 7.2.3.5 allows it.
      if (code != Z_OK && code != Z_BUF_ERROR)
        return fail(ErrorCode::malformed, "a compressed message is broken");
    } while (stream.avail_out == 0);
  }
  return {};
}

Result<bool> negotiate_deflate(std::string_view answer) {
  if (trim(answer).empty()) return false;
  bool server_forgets = false, client_forgets = false, is_first = true;
  for (const std::string_view part : split(answer, ';')) {
    const std::string_view name = trim(part);
    if (std::exchange(is_first, false)) {
      if (equal_ignoring_case(name, "permessage-deflate")) continue;
      return fail(
          ErrorCode::unsupported,
          fmt::format("the server speaks the extension \"{}\", which was not offered", answer));
    }
    server_forgets = server_forgets || equal_ignoring_case(name, "server_no_context_takeover");
    client_forgets = client_forgets || equal_ignoring_case(name, "client_no_context_takeover");
  }
  if (server_forgets && client_forgets) return true;
  return fail(ErrorCode::unsupported,
              "the server compresses with context takeover, which was not offered");
}

}  // namespace brunt
