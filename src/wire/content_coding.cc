#include "wire/content_coding.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace brunt {
namespace {

constexpr std::size_t step_bytes = 32u << 10u;  // Room added to the output at a time, at least.

// windowBits of zlib: 15 is the largest window; +16 means gzip, minus means raw.
constexpr int window_bits = 15;
constexpr int window_raw = -window_bits;
constexpr int window_gzip = window_bits + 16;

std::unexpected<Error> broken(ContentCoding coding) {
  return fail(ErrorCode::malformed, fmt::format("the body is not valid {}", name_of(coding)));
}

std::unexpected<Error> cut(ContentCoding coding) {
  return fail(ErrorCode::malformed, fmt::format("the {} body is cut short", name_of(coding)));
}

// Output that grows up to a limit. One byte beyond the limit may be written: that is how an
// overflow shows.
class Output {
 public:
  Output(std::string& out, std::uint64_t bytes_max) : out_(out), bytes_max_(bytes_max) {
    out_.clear();
  }

  // Room behind what is there; false when the limit is passed.
  bool grow() {
    if (size_ > bytes_max_) return false;
    const std::uint64_t wanted = std::max<std::uint64_t>(step_bytes, std::uint64_t{size_} * 2);
    out_.resize(static_cast<std::size_t>(std::min(wanted, bytes_max_ + 1)));
    return true;
  }
  char* free_begin() { return out_.data() + size_; }
  std::size_t free_size() const { return out_.size() - size_; }
  void wrote(std::size_t count) { size_ += count; }
  Result<> finish() {
    out_.resize(size_);
    if (size_ <= bytes_max_) return {};
    out_.clear();
    return too_large();
  }
  std::unexpected<Error> too_large() const {
    return fail(ErrorCode::too_large,
                fmt::format("the decoded body is larger than {} bytes", bytes_max_));
  }

 private:
  std::string& out_;
  std::uint64_t bytes_max_;
  std::size_t size_ = 0;
};

// zlib does not change its input, but its old interface does not say so.
Bytef* input_of(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

struct BrotliClose {
  void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
};
struct ZstdClose {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct ContentDecoder::State {
  z_stream zlib{};
  bool zlib_open = false;
  std::unique_ptr<ZSTD_DCtx, ZstdClose> zstd;
  std::string between;  // The other buffer, for chains.

  State() = default;
  ~State() {
    if (zlib_open) inflateEnd(&zlib);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<> step(ContentCoding coding, std::string_view in, std::string& out,
                std::uint64_t bytes_max);
  Result<> inflate_body(ContentCoding coding, std::string_view in, Output& out);
  Result<> inflate_as(int window, ContentCoding coding, std::string_view in, Output& out);
  Result<> decode_brotli(std::string_view in, Output& out);
  Result<> decode_zstd(std::string_view in, Output& out);
};

// deflate means the zlib wrapping, but some servers send it raw. A zlib header is divisible by 31
// and names method 8, so raw data is taken for one about once in a thousand times, and then its
// header's check fails early.
Result<> ContentDecoder::State::inflate_body(ContentCoding coding, std::string_view in,
                                             Output& out) {
  if (coding == ContentCoding::gzip) return inflate_as(window_gzip, coding, in, out);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(in[i]) & 0xFFU; };
  const bool wrapped =
      in.size() >= 2 && (byte(0) & 0x0FU) == Z_DEFLATED && (byte(0) * 256 + byte(1)) % 31 == 0;
  return inflate_as(wrapped ? window_bits : window_raw, coding, in, out);
}

Result<> ContentDecoder::State::inflate_as(int window, ContentCoding coding, std::string_view in,
                                           Output& out) {
  if (in.size() > UINT32_MAX) return fail(ErrorCode::too_large, "a coded body beyond 4 GiB");
  const int ready = zlib_open ? inflateReset2(&zlib, window) : inflateInit2(&zlib, window);
  if (ready != Z_OK) return fail(ErrorCode::exhausted, "no memory for zlib");
  zlib_open = true;
  zlib.next_in = input_of(in);
  zlib.avail_in = static_cast<uInt>(in.size());
  while (true) {
    if (out.free_size() == 0 && !out.grow()) return out.too_large();
    const auto room = static_cast<uInt>(std::min<std::size_t>(out.free_size(), UINT32_MAX));
    zlib.next_out = reinterpret_cast<Bytef*>(out.free_begin());
    zlib.avail_out = room;
    const int outcome = inflate(&zlib, Z_NO_FLUSH);
    out.wrote(room - zlib.avail_out);
    if (outcome == Z_STREAM_END) {
      // Several gzip members in a row are one body: RFC 1952, 2.2.
      const bool member = coding == ContentCoding::gzip && zlib.avail_in > 0;
      if (!member) return {};
      if (inflateReset(&zlib) != Z_OK) return broken(coding);
      continue;
    }
    if (outcome == Z_MEM_ERROR) return fail(ErrorCode::exhausted, "no memory for zlib");
    if (outcome != Z_OK && outcome != Z_BUF_ERROR) return broken(coding);
    if (zlib.avail_out > 0 && zlib.avail_in == 0) return cut(coding);
  }
}

Result<> ContentDecoder::State::decode_brotli(std::string_view in, Output& out) {
  // It has no reset; a new one for each body.
  const std::unique_ptr<BrotliDecoderState, BrotliClose> brotli(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  if (!brotli) return fail(ErrorCode::exhausted, "no memory for brotli");
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  std::size_t in_left = in.size();
  while (true) {
    if (out.free_size() == 0 && !out.grow()) return out.too_large();
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.free_begin());
    std::size_t room = out.free_size();
    const std::size_t before = room;
    const auto outcome =
        BrotliDecoderDecompressStream(brotli.get(), &in_left, &next_in, &room, &next_out, nullptr);
    out.wrote(before - room);
    if (outcome == BROTLI_DECODER_RESULT_SUCCESS)
      return in_left == 0 ? Result<>() : broken(ContentCoding::br);
    if (outcome == BROTLI_DECODER_RESULT_ERROR) return broken(ContentCoding::br);
    if (outcome == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return cut(ContentCoding::br);
  }
}

Result<> ContentDecoder::State::decode_zstd(std::string_view in, Output& out) {
  if (!zstd) zstd.reset(ZSTD_createDCtx());
  if (!zstd) return fail(ErrorCode::exhausted, "no memory for zstd");
  // RFC 9659: 8 MiB is the largest window of the content coding zstd.
  constexpr int window_log_max = 23;
  ZSTD_DCtx_reset(zstd.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(zstd.get(), ZSTD_d_windowLogMax, window_log_max);
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  while (true) {
    if (out.free_size() == 0 && !out.grow()) return out.too_large();
    ZSTD_outBuffer output{out.free_begin(), out.free_size(), 0};
    const std::size_t outcome = ZSTD_decompressStream(zstd.get(), &output, &input);
    out.wrote(output.pos);
    if (ZSTD_isError(outcome) != 0) return broken(ContentCoding::zstd);
    if (outcome == 0 && input.pos == input.size) return {};
    if (input.pos == input.size && output.pos < output.size) return cut(ContentCoding::zstd);
  }
}

Result<> ContentDecoder::State::step(ContentCoding coding, std::string_view in, std::string& out,
                                     std::uint64_t bytes_max) {
  Output output(out, bytes_max);
  Result<> done;
  switch (coding) {
    case ContentCoding::gzip:
    case ContentCoding::deflate:
      done = inflate_body(coding, in, output);
      break;
    case ContentCoding::br:
      done = decode_brotli(in, output);
      break;
    case ContentCoding::zstd:
      done = decode_zstd(in, output);
      break;
    case ContentCoding::identity:
      out.assign(in);
      return {};
  }
  if (!done) {
    out.clear();
    return done;
  }
  return output.finish();
}

ContentDecoder::ContentDecoder() : state_(std::make_unique<State>()) {}
ContentDecoder::~ContentDecoder() = default;
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;

Result<> ContentDecoder::decode(std::string_view content_encoding, std::string_view body,
                                std::string& out, const DecodeLimits& limits) {
  constexpr std::size_t codings_capacity = 16;
  std::array<ContentCoding, codings_capacity> codings{};
  const std::size_t codings_max = std::min<std::size_t>(limits.chain_max, codings_capacity);
  std::size_t count = 0;
  while (!content_encoding.empty()) {
    const auto comma = content_encoding.find(',');
    const std::string_view name = trim(content_encoding.substr(0, comma));
    content_encoding = comma == std::string_view::npos ? "" : content_encoding.substr(comma + 1);
    if (name.empty()) continue;
    const auto known = parse_content_coding(name);
    if (!known || *known == ContentCoding::identity) continue;
    if (count == codings_max)
      return fail(ErrorCode::too_large, fmt::format("more than {} content codings", codings_max));
    codings[count++] = *known;
  }
  if (count == 0 || body.empty()) {
    out.assign(body);
    return {};
  }
  // The input of every step but the first is what the step before wrote.
  std::string_view in = body;
  for (std::size_t left = count; left > 0; --left) {
    TRY(state_->step(codings[left - 1], in, out, limits.output_bytes_max));
    if (left == 1) break;
    std::swap(state_->between, out);
    in = state_->between;
  }
  return {};
}

std::string_view name_of(ContentCoding coding) {
  constexpr std::array<std::string_view, 5> names = {"identity", "gzip", "deflate", "br", "zstd"};
  return names[static_cast<std::size_t>(coding)];
}

Result<ContentCoding> parse_content_coding(std::string_view name) {
  for (const auto coding : {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::br,
                            ContentCoding::zstd, ContentCoding::identity})
    if (equal_ignoring_case(name, name_of(coding))) return coding;
  if (equal_ignoring_case(name, "x-gzip")) return ContentCoding::gzip;
  return fail(ErrorCode::unsupported,
              fmt::format("content coding \"{}\" is none of gzip, deflate, br, zstd", name));
}

namespace {

Result<std::string> deflate_bytes(std::string_view bytes, int window) {
  constexpr int memory_level = 8;  // zlib's default.
  z_stream zlib{};
  if (deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorCode::exhausted, "no memory for zlib");
  std::string out(deflateBound(&zlib, bytes.size()), '\0');
  zlib.next_in = input_of(bytes);
  zlib.avail_in = static_cast<uInt>(bytes.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  const int outcome = deflate(&zlib, Z_FINISH);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  if (outcome != Z_STREAM_END) return fail(ErrorCode::exhausted, "zlib could not finish");
  return out;
}

Result<std::string> brotli_bytes(std::string_view bytes) {
  constexpr int quality = 5;
  std::size_t size = BrotliEncoderMaxCompressedSize(bytes.size());
  std::string out(size, '\0');
  const auto done =
      BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, bytes.size(),
                            reinterpret_cast<const std::uint8_t*>(bytes.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data()));
  if (done == BROTLI_FALSE) return fail(ErrorCode::exhausted, "brotli could not finish");
  out.resize(size);
  return out;
}

Result<std::string> zstd_bytes(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size) != 0) return fail(ErrorCode::exhausted, "zstd could not finish");
  out.resize(size);
  return out;
}

}  // namespace

Result<std::string> encode_content(ContentCoding coding, std::string_view bytes) {
  switch (coding) {
    case ContentCoding::gzip:
      return deflate_bytes(bytes, window_gzip);
    case ContentCoding::deflate:
      return deflate_bytes(bytes, window_bits);
    case ContentCoding::br:
      return brotli_bytes(bytes);
    case ContentCoding::zstd:
      return zstd_bytes(bytes);
    case ContentCoding::identity:
      break;
  }
  return std::string(bytes);
}

}  // namespace brunt
