// gRPC calls over one HTTP/2 connection: unary ones, and streams of messages either way. Messages
// are bytes here; what is in them is proto's business.
//
//   GrpcChannel channel(context, {.peer = peer}, {});
//   TRY(channel.connect(self, deadline));
//   GrpcReply reply;
//   TRY(channel.invoke(self, {.path = "/hello.Hello/Say", .deadline = deadline}, bytes, reply));
//   if (reply.status.ok()) use(reply.message);
//
//   GrpcStream stream(channel);
//   TRY(stream.open(self, call));
//   stream.send(bytes); TRY(stream.flush(self));
//   stream.finish();    TRY(stream.flush(self));
//   while (TRY(stream.receive(self, message))) use(message);
//   use(stream.reply().status);
//
// Belongs to one loop; any number of calls at once. What the target did is in the status, as every
// gRPC client has it: also a refused connection (unavailable) and a time-out. A connection that is
// lost or said goodbye is made anew by the next call. A call that the server says it has not looked
// at is sent once more.
//
// Source: grpc.io, "gRPC over HTTP2"; grpc-go for what is retried.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client/http2_connection.h"
#include "client/http_client.h"
#include "wire/grpc_message.h"

namespace brunt {

struct GrpcTarget {
  PeerAddress peer;
  TlsContext* tls = nullptr;  // nullptr: no TLS. Must outlive the channel.
  std::string authority;      // "": the peer's.
  std::string user_agent = "brunt";
};

struct GrpcLimits {
  std::size_t received_bytes_max = 4u << 20u;  // Of one message; gRPC's own default.
  std::size_t sent_bytes_max = (std::size_t{1} << 31u) - 1;
  std::size_t waiting_bytes_max = 64u << 20u;       // Of one stream, for the server's window.
  Duration connect_max = std::chrono::seconds(20);  // Where a call makes the connection anew.
};

// What is viewed must stay until the call has been opened.
struct GrpcCall {
  std::string_view path;                   // "/package.Service/Method"
  const GrpcMetadata* metadata = nullptr;  // REQUIRES: of check_grpc_metadata().
  Instant deadline = far_future;           // The server is told how long that is.
};

struct GrpcReply {
  GrpcStatus status;
  std::string message;  // Of a unary call.
  GrpcMetadata headers, trailers;
  Instant started;      // When there was a connection for it.
  Duration duration{};  // To its end.
};

class GrpcStream;

class GrpcChannel {
 public:
  // `context` must outlive the channel.
  GrpcChannel(HttpContext& context, GrpcTarget target, const GrpcLimits& limits);
  ~GrpcChannel();  // Calls under way end as broken. REQUIRES: nobody is parked in one.

  // Parks until the server has spoken HTTP/2. Errors: as Http2Connection::open().
  Result<> connect(Fiber& self, Instant deadline);
  // Calls under way end as cancelled.
  void close();

  // Parks until the call has ended. Errors: cancelled.
  Result<> invoke(Fiber& self, const GrpcCall& call, std::string_view message, GrpcReply& reply);

  const GrpcTarget& target() const { return target_; }
  // How long the connection took: name, TCP, TLS.
  Duration setup_time() const;

  struct Bytes {
    std::uint64_t sent = 0, received = 0;
  };
  // On the wire since this was last asked for.
  Bytes take_bytes();

 private:
  friend class GrpcStream;
  Result<> make_ready(Fiber& self, Instant deadline);
  void count_bytes();

  HttpContext& context_;
  GrpcTarget target_;
  GrpcLimits limits_;
  // Shared with the calls that run over it: a new one may have taken its place for others.
  std::shared_ptr<Http2Connection> connection_;
  std::string scratch_;      // Between two parks.
  Bytes counted_, untaken_;  // Of this connection; of all.
};

// One call. At most one fiber receives.
class GrpcStream final : private Http2Listener {
 public:
  explicit GrpcStream(GrpcChannel& channel)
      : channel_(channel), decoder_(channel.limits_.received_bytes_max) {}
  ~GrpcStream() override;  // One that has not ended is cancelled.

  // Parks while a connection is made, if there is none. What goes wrong is in the status: then it
  // has ended. Errors: cancelled.
  Result<> open(Fiber& self, const GrpcCall& call);
  // Takes a message; false where the call has ended, also because of it (resource_exhausted).
  bool send(std::string_view message);
  // No more will be sent.
  void finish();
  // What was taken goes out. Parks. Errors: cancelled.
  Result<> flush(Fiber& self);
  // Parks until a message has come (true) or the call has ended (false). Errors: cancelled.
  Result<bool> receive(Fiber& self, std::string& message);
  // Ends it from our side, with this status.
  void cancel(GrpcStatus status);

  bool has_ended() const { return ended_; }
  // The server says that it has not looked at it.
  bool was_refused() const { return refused_; }
  // REQUIRES: for status and duration that it has ended, for headers that a message has come.
  GrpcReply& reply() { return reply_; }

  GrpcStream(const GrpcStream&) = delete;
  GrpcStream& operator=(const GrpcStream&) = delete;

 private:
  void headers(std::span<const HttpField> fields) override;
  void data(std::string_view bytes) override;
  void ended() override;
  void closed(std::uint32_t error_code) override;
  void broken(const Error& error) override;

  Result<> begin(const GrpcCall& call);
  void read_head(std::span<const HttpField> fields);
  bool take_message(std::string& message);
  Result<> decompress(std::string_view bytes, std::string& message);
  void give_back();
  void say(GrpcStatus status);
  void end(GrpcStatus status);

  GrpcChannel& channel_;
  std::shared_ptr<Http2Connection> connection_;  // As the channel's.
  std::int32_t id_ = 0;
  GrpcMessageDecoder decoder_;
  GrpcReply reply_;
  Instant deadline_ = far_future;
  std::string encoding_;        // Of compressed messages.
  int http_status_ = 0;         // 0: no head has come.
  std::size_t unconsumed_ = 0;  // Bytes of messages that nobody has received.
  GrpcStatus said_;             // By the server, behind messages that may still be there.
  bool has_said_ = false;
  bool open_ = false;  // The connection knows of it.
  bool ended_ = false, refused_ = false;
  Fiber* waiting_ = nullptr;
};

}  // namespace brunt
