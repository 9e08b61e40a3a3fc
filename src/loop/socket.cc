#include "loop/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace brunt {
namespace {

void set_option(int socket, int level, int name) {
  // Each of these is an improvement, none a need: a kernel that refuses does no harm.
  const int on = 1;
  setsockopt(socket, level, name, &on, sizeof on);
}

// We hand over whole requests; waiting for more to send with them only delays them.
void tune(int socket, int family) {
  if (family != AF_UNIX) set_option(socket, IPPROTO_TCP, TCP_NODELAY);
}

Result<Descriptor> open_socket(int family) {
  if (family == AF_UNSPEC) return fail(ErrorCode::invalid, "no address was given");
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.number() >= 0) return socket;
  if (errno == EMFILE || errno == ENFILE) return out_of_descriptors("socket", errno);
  return std::unexpected(errno_error("socket", errno));
}

std::unexpected<Error> connect_error(const ConnectOptions& options, int number) {
  const std::string where = "connect to " + options.to.text();
  if (number == EADDRNOTAVAIL)
    return fail(ErrorCode::exhausted,
                where + ": no local port is left for this address; use more source addresses");
  // Of a unix socket: its listener's queue is full, or no such file.
  if (number == EAGAIN) return fail(ErrorCode::refused, where + ": the listener's queue is full");
  if (number == ENOENT) return fail(ErrorCode::refused, where + ": there is no such socket");
  return std::unexpected(errno_error(where, number));
}

Result<> bind_source(int socket, const Endpoint& from) {
  // The port is then chosen at connect, by the whole 4-tuple: 28,000 for each pair of addresses
  // instead of 28,000 in all.
  if (from.family() != AF_UNIX && from.port() == 0)
    set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  if (bind(socket, from.address(), from.size()) == 0) return {};
  const int number = errno;
  if (number == EADDRINUSE)
    return fail(ErrorCode::exhausted, "bind to " + from.text() + ": the local port is taken");
  return std::unexpected(errno_error("bind to " + from.text(), number));
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

std::unexpected<Error> out_of_descriptors(const char* call, int number) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return fail(ErrorCode::exhausted, errno_error(call, number).text + "; this process may have " +
                                        std::to_string(limit.rlim_cur) +
                                        " descriptors: raise ulimit -n, or use several processes");
}

Result<ConnectStart> start_connect(const ConnectOptions& options) {
  ConnectStart start;
  start.socket = TRY(open_socket(options.to.family()));
  const int socket = start.socket.number();
  tune(socket, options.to.family());
  if (options.from) TRY(bind_source(socket, *options.from));
  if (::connect(socket, options.to.address(), options.to.size()) == 0)
    start.is_done = true;
  else if (errno != EINPROGRESS)
    return connect_error(options, errno);
  return start;
}

Result<> finish_connect(int socket, const ConnectOptions& options) {
  int number = 0;
  socklen_t size = sizeof number;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
  if (number != 0) return connect_error(options, number);
  return {};
}

std::unexpected<Error> connect_interrupted(const ConnectOptions& options, ErrorCode code) {
  const char* const what = code == ErrorCode::cancelled ? ": cancelled" : ": timed out";
  return fail(code, "connect to " + options.to.text() + what);
}

void reset_when_closed(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Result<> pause_listener(Descriptor& listener, const Endpoint& at) {
  // Linux: a TCP listener that is shut down for reading is bound, but listens no more.
  if (shutdown(listener.number(), SHUT_RD) != 0)
    return std::unexpected(errno_error("stop listening at " + at.text(), errno));
  if (at.family() == AF_UNIX) listener = Descriptor();
  return {};
}

Result<> resume_listener(Descriptor& listener, const ListenOptions& options) {
  if (options.at.family() == AF_UNIX) {
    listener = TRY(open_listener(options));
    return {};
  }
  if (listen(listener.number(), options.backlog) == 0) return {};
  return std::unexpected(errno_error("listen again at " + options.at.text(), errno));
}

// A port that the kernel chose is given away as soon as nobody listens there; one that was asked
// for stays with its socket. So a free one is looked for, then asked for.
Result<Descriptor> open_pausable_listener(ListenOptions options) {
  options.pausable = false;
  constexpr int tries = 16;
  for (int i = 0;; ++i) {
    Endpoint found;
    {
      const Descriptor probe = TRY(open_listener(options));
      found = local_of(probe.number());
    }
    ListenOptions asked = options;
    asked.at = found;
    auto listener = open_listener(asked);
    if (listener || i + 1 == tries) return listener;  // Somebody may have been quicker.
  }
}

Result<Descriptor> open_listener(const ListenOptions& options) {
  if (options.pausable && options.at.family() != AF_UNIX && options.at.port() == 0)
    return open_pausable_listener(options);
  const std::string where = "listen at " + options.at.text();
  Descriptor socket = TRY(open_socket(options.at.family()));
  if (options.at.family() == AF_UNIX)
    // What an earlier run left behind; a living listener keeps its socket but loses its name, so
    // the caller chooses a path of its own.
    unlink(options.at.ip().c_str());
  else
    set_option(socket.number(), SOL_SOCKET, SO_REUSEADDR);
  if (options.reuse_port) set_option(socket.number(), SOL_SOCKET, SO_REUSEPORT);
  if (bind(socket.number(), options.at.address(), options.at.size()) != 0)
    return std::unexpected(errno_error(where, errno));
  if (listen(socket.number(), options.backlog) != 0)
    return std::unexpected(errno_error(where, errno));
  return socket;
}

Result<AcceptTry> try_accept(int listener) {
  for (;;) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    auto* const address = reinterpret_cast<sockaddr*>(&peer);
    const int number = accept4(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number >= 0) {
      tune(number, peer.ss_family);
      return AcceptTry{.socket = Descriptor(number),
                       .peer = Endpoint::from_sockaddr(address, size)};
    }
    switch (errno) {
      case EAGAIN:
        return AcceptTry{};
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return AcceptTry{.socket = {}, .peer = {}, .is_out_of_room = true};
      // A client that has gone again, or its network's trouble (accept(2)): the next one counts.
      case ECONNABORTED:
      case EINTR:
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case ENETUNREACH:
        continue;
      default:
        return std::unexpected(errno_error("accept", errno));
    }
  }
}

Endpoint local_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), size);
}

std::unexpected<Error> stream_error(const char* what, const Endpoint& peer, int number) {
  return std::unexpected(errno_error(std::string(what) + peer.text(), number));
}

}  // namespace brunt
