// Any bytes, as a stream of messages, as trailers and as frames of HTTP/2: no crash, no overrun,
// and the same messages whether the bytes come whole or one by one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "wire/grpc_message.h"
#include "wire/http2_session.h"

namespace {

using namespace brunt;

std::string read_messages(std::string_view input, std::size_t piece) {
  constexpr std::size_t bytes_max = 300;
  GrpcMessageDecoder decoder(bytes_max);
  std::string out;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    decoder.feed(input.substr(at, piece));
    for (;;) {
      const auto message = decoder.next();
      if (!message) return out + "!" + message.error().text;
      if (!message->has_value()) break;
      if ((*message)->bytes.size() > bytes_max) std::abort();
      out.append((*message)->compressed ? "c" : "p").append((*message)->bytes).append("\n");
    }
  }
  return decoder.in_message() ? out + "!cut" : out;
}

// Lines of "name:value".
void read_trailers(std::string_view input) {
  std::vector<HttpField> fields;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    fields.push_back({line.substr(0, colon), line.substr(std::min(colon + 1, line.size()))});
  }
  if (read_grpc_metadata(fields).size() > fields.size()) std::abort();
  if (const auto status = read_grpc_status(fields);
      status && status->ok() != (status->code == GrpcCode::ok))
    std::abort();
}

struct Listener final : Http2Visitor {
  Http2Session* session = nullptr;
  void headers(std::int32_t stream, std::span<const HttpField> fields) override {
    (void)read_grpc_status(fields);
    session->respond(stream, std::vector<HttpField>{{":status", "200"}});
  }
  void data(std::int32_t stream, std::string_view bytes) override {
    session->write(stream, bytes);
    session->consume(stream, bytes.size());
  }
  void ended(std::int32_t stream) override {
    session->finish(stream, std::vector<HttpField>{{"grpc-status", "0"}});
  }
  void closed(std::int32_t, std::uint32_t) override {}
};

void read_frames(Http2Role role, std::string_view input) {
  Listener listener;
  auto session = Http2Session::create(role, listener, {});
  if (!session) return;
  listener.session = session->get();
  std::string out;
  if (role == Http2Role::client)
    (void)(*session)->open(
        std::vector<HttpField>{{":method", "POST"}, {":scheme", "http"}, {":path", "/a/b"}});
  (*session)->drain(out);
  (void)(*session)->feed(as_bytes(input));
  (*session)->drain(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t size_max = 4096;
  if (size > size_max) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_messages(input, input.size() + 1);
  if (whole != read_messages(input, 1) || whole != read_messages(input, 7)) std::abort();
  read_trailers(input);
  read_frames(Http2Role::client, input);
  read_frames(Http2Role::server, input);
  return 0;
}
