// A scripted HTTP/2 server for tests: one connection of the fake server (http_test_world.h).
//
//   HttpTestWorld world{.serve = [](Peer& peer) {
//     Http2TestServer(peer).serve([](Http2TestCall& call) { call.answer("200", "hello"); });
//   }};
#pragma once
#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/http_test_world.h"
#include "wire/http2_session.h"

namespace brunt {

// A frame as it is on the wire: for what no library would send.
inline std::string http2_frame(char type, char flags, std::int32_t stream,
                               std::string_view payload) {
  const auto number = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
    return text;
  };
  return number(static_cast<std::uint32_t>(payload.size()), 3) + type + flags +
         number(static_cast<std::uint32_t>(stream), 4) + std::string(payload);
}
// GOAWAY: streams up to `last` are still answered.
inline std::string http2_goodbye(char last, std::uint32_t error_code) {
  return http2_frame(7, 0, 0, std::string{0, 0, 0, last, 0, 0, 0, static_cast<char>(error_code)});
}

struct Http2TestCall {
  Http2Session& session;
  Peer& peer;
  std::int32_t stream = 0;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};

  // Of all fields of that name.
  std::string field(std::string_view name) const {
    std::string found;
    for (const auto& [key, value] : fields)
      if (key == name) found.append(found.empty() ? "" : "; ").append(value);
    return found;
  }
  std::string path() const { return field(":path"); }
  void head(std::string_view status, std::vector<HttpField> more = {}) {
    more.insert(more.begin(), {":status", status});
    session.respond(stream, more);
  }
  void answer(std::string_view status, std::string_view text, std::vector<HttpField> more = {}) {
    head(status, std::move(more));
    session.write(stream, text);
    session.finish(stream);
  }
};

class Http2TestServer final : private Http2Visitor {
 public:
  using Answer = std::function<void(Http2TestCall&)>;

  explicit Http2TestServer(Peer& peer, const Http2Limits& limits = {})
      : peer_(peer), session_(Http2Session::create(Http2Role::server, *this, limits).value()) {}

  // Answers each request when all of it has come, until the client closes.
  void serve(const Answer& answer) {
    while (take_some()) {
      while (!complete_.empty()) {
        const auto call = calls_.find(complete_.front());
        complete_.pop_front();
        if (call == calls_.end()) continue;
        ++served;
        answer(call->second);
      }
      if (!flush()) return;
    }
  }
  // What has come; false when the client has closed.
  bool take_some() {
    const std::string bytes = peer_.some();
    return !bytes.empty() && session_->feed(as_bytes(bytes)).has_value();
  }
  bool flush() {
    std::string out;
    session_->drain(out);
    return out.empty() || peer_.send(out);
  }
  Http2Session& session() { return *session_; }
  // Requests under way, by stream.
  std::map<std::int32_t, Http2TestCall>& calls() { return calls_; }

  int served = 0;
  std::vector<std::string> resets;  // "stream code" of what was not ended in order.

 private:
  void headers(std::int32_t stream, std::span<const HttpField> fields) override {
    auto& call = calls_.try_emplace(stream, *session_, peer_, stream).first->second;
    for (const auto& [name, value] : fields) call.fields.emplace_back(name, value);
  }
  void data(std::int32_t stream, std::string_view bytes) override {
    Http2TestCall& call = calls_.at(stream);
    call.session.consume(stream, bytes.size());
    call.body += bytes;
  }
  void ended(std::int32_t stream) override { complete_.push_back(stream); }
  void closed(std::int32_t stream, std::uint32_t code) override {
    if (code != http2_no_error) resets.push_back(fmt::format("{} {}", stream, code));
    calls_.erase(stream);
  }

  Peer& peer_;
  std::map<std::int32_t, Http2TestCall> calls_;
  std::deque<std::int32_t> complete_;
  std::unique_ptr<Http2Session> session_;
};

}  // namespace brunt
