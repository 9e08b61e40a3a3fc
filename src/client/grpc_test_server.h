// A scripted gRPC server for tests: one connection of the fake server (http_test_world.h).
//
//   HttpTestWorld world{.serve = [](Peer& peer) {
//     GrpcTestServer(peer).serve([](GrpcTestCall& call) {
//       if (!call.over) return;                     // Once more with each message.
//       call.send(call.messages[0]);
//       call.finish(GrpcCode::ok);
//     });
//   }};
#pragma once
#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/http_test_world.h"
#include "wire/grpc_message.h"
#include "wire/http2_session.h"

namespace brunt {

struct GrpcTestCall {
  Http2Session& session;
  Peer& peer;
  std::int32_t stream = 0;
  std::map<std::string, std::string> fields = {};
  std::vector<std::string> messages = {};  // All so far.
  bool over = false;                       // The client has said all.
  bool answered = false;                   // The head is sent.
  GrpcMessageDecoder decoder = GrpcMessageDecoder(64u << 20u);

  std::string path() const { return fields.at(":path"); }
  void head(std::vector<HttpField> more = {}, std::string_view status = "200") {
    std::vector<HttpField> all = {{":status", status}, {"content-type", "application/grpc"}};
    all.insert(all.end(), more.begin(), more.end());
    session.respond(stream, all);
    answered = true;
  }
  void send(std::string_view message) {
    if (!answered) head();
    std::string bytes;
    append_grpc_message(bytes, message);
    session.write(stream, bytes);
  }
  void finish(GrpcCode code, std::string_view message = "", std::vector<HttpField> more = {}) {
    if (!answered) head();
    const std::string number = std::to_string(static_cast<int>(code));
    std::vector<HttpField> all = {{"grpc-status", number}};
    if (!message.empty()) all.push_back({"grpc-message", message});
    all.insert(all.end(), more.begin(), more.end());
    session.finish(stream, all);
  }
};

class GrpcTestServer final : private Http2Visitor {
 public:
  using Answer = std::function<void(GrpcTestCall&)>;

  explicit GrpcTestServer(Peer& peer) : peer_(peer) {}

  // Until the client closes, or `served_max` calls are over.
  void serve(const Answer& answer, int served_max = 1'000'000) {
    int served = 0;
    while (served < served_max) {
      const std::string bytes = peer_.some();
      if (bytes.empty() || !session_->feed(as_bytes(bytes))) return;
      while (!news_.empty()) {
        const std::int32_t stream = news_.front();
        news_.pop_front();
        const auto call = calls_.find(stream);
        if (call == calls_.end()) continue;
        answer(call->second);
        if (call->second.over) ++served;
        if (!flush()) return;
      }
      if (!flush()) return;
    }
  }
  bool flush() {
    std::string out;
    session_->drain(out);
    return out.empty() || peer_.send(out);
  }
  Http2Session& session() { return *session_; }
  std::vector<std::string> resets;  // "stream code" of what was not ended in order.

 private:
  void headers(std::int32_t stream, std::span<const HttpField> fields) override {
    auto& call = calls_.try_emplace(stream, *session_, peer_, stream).first->second;
    for (const auto& [name, value] : fields) call.fields.emplace(name, value);
  }
  void data(std::int32_t stream, std::string_view bytes) override {
    GrpcTestCall& call = calls_.at(stream);
    call.session.consume(stream, bytes.size());
    call.decoder.feed(bytes);
    while (const auto message = call.decoder.next().value()) {
      call.messages.emplace_back(message->bytes);
      news_.push_back(stream);
    }
  }
  void ended(std::int32_t stream) override {
    calls_.at(stream).over = true;
    news_.push_back(stream);
  }
  void closed(std::int32_t stream, std::uint32_t code) override {
    if (code != http2_no_error) resets.push_back(fmt::format("{} {}", stream, code));
    calls_.erase(stream);
  }

  Peer& peer_;
  std::unique_ptr<Http2Session> session_ =
      Http2Session::create(Http2Role::server, *this, {}).value();
  std::map<std::int32_t, GrpcTestCall> calls_;
  std::deque<std::int32_t> news_;
};

}  // namespace brunt
