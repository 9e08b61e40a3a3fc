// Calls of the operating system for sockets, with errors that say what to do. What the real
// backends share. No call here waits. For this layer only.
#pragma once
#include <utility>

#include "base/result.h"
#include "loop/endpoint.h"
#include "loop/stream.h"

namespace brunt {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

struct ConnectStart {
  Descriptor socket;
  bool is_done = false;  // Else wait until it is writable, then finish_connect().
};

Result<ConnectStart> start_connect(const ConnectOptions& options);
Result<> finish_connect(int socket, const ConnectOptions& options);
// For a wait that ended before it was connected: timeout or cancelled.
std::unexpected<Error> connect_interrupted(const ConnectOptions& options, ErrorCode code);

Result<Descriptor> open_listener(const ListenOptions& options);

struct AcceptTry {
  Descriptor socket;  // None when nobody is there: wait until the listener is readable.
  Endpoint peer;
  bool is_out_of_room = false;  // No descriptors or memory: pause before the next try.
};
Result<AcceptTry> try_accept(int listener);
std::unexpected<Error> out_of_descriptors(const char* call, int number);

// Stops listening but stays bound, and back again. A unix socket's path cannot be listened at
// again: the listener is closed (no descriptor is left), and opened anew.
Result<> pause_listener(Descriptor& listener, const Endpoint& at);
Result<> resume_listener(Descriptor& listener, const ListenOptions& options);

// Closing the socket will reset the connection.
void reset_when_closed(int socket);

Endpoint local_of(int socket);

// What a failed receive or send says: "receive from 127.0.0.1:80: Connection reset by peer".
std::unexpected<Error> stream_error(const char* what, const Endpoint& peer, int number);

}  // namespace brunt
