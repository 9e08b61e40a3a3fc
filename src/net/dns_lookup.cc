#include "net/dns_lookup.h"

#include <ares.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "net/owned_descriptor.h"

namespace brunt {
namespace {

constexpr int rounds = 2;

// A channel of c-ares and the set of its sockets as one descriptor that a fiber can wait for.
class Lookup {
 public:
  ~Lookup() {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  Result<> open(const DnsLookup& lookup);
  Result<> run(Fiber& self, const DnsLookup& lookup, Instant deadline);
  std::vector<Endpoint> take_addresses() { return std::move(addresses_); }

 private:
  static void on_socket(void* self, ares_socket_t socket, int readable, int writable);
  static void on_answer(void* self, int status, int timeouts, ares_addrinfo* answer);
  void process();
  Duration time_to_retry() const;

  OwnedDescriptor
      sockets_;  // An epoll set: c-ares may have several sockets, a fiber waits for one.
  ares_channel channel_ = nullptr;
  std::optional<int> status_;
  std::vector<Endpoint> addresses_;
};

void Lookup::on_socket(void* self, ares_socket_t socket, int readable, int writable) {
  const int set = static_cast<Lookup*>(self)->sockets_.number();
  epoll_event event{};
  event.data.fd = socket;
  event.events = (readable != 0 ? std::uint32_t{EPOLLIN} : 0u) |
                 (writable != 0 ? std::uint32_t{EPOLLOUT} : 0u);
  if (event.events == 0) {
    epoll_ctl(set, EPOLL_CTL_DEL, socket, nullptr);
  } else if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) != 0) {
    epoll_ctl(set, EPOLL_CTL_ADD, socket, &event);
  }
}

void Lookup::on_answer(void* self, int status, int /*timeouts*/, ares_addrinfo* answer) {
  auto& lookup = *static_cast<Lookup*>(self);
  lookup.status_ = status;
  if (answer == nullptr) return;
  for (const ares_addrinfo_node* node = answer->nodes; node != nullptr; node = node->ai_next) {
    const Endpoint address = Endpoint::from_sockaddr(node->ai_addr, node->ai_addrlen);
    if (std::find(lookup.addresses_.begin(), lookup.addresses_.end(), address) ==
        lookup.addresses_.end())
      lookup.addresses_.push_back(address);
  }
  ares_freeaddrinfo(answer);
}

Result<> Lookup::open(const DnsLookup& lookup) {
  sockets_ = OwnedDescriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!sockets_.open()) return std::unexpected(errno_error("looking up a name", errno));
  ares_options options{};
  options.timeout = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(lookup.attempt_timeout).count());
  options.tries = rounds;
  options.sock_state_cb = on_socket;
  options.sock_state_cb_data = this;
  int status = ares_init_options(&channel_, &options,
                                 ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS && !lookup.servers.empty())
    status = ares_set_servers_ports_csv(channel_, lookup.servers.c_str());
  if (status != ARES_SUCCESS)
    return fail(ErrorCode::dns,
                fmt::format("cannot resolve \"{}\": the resolver does not start: {}", lookup.name,
                            ares_strerror(status)));
  return {};
}

void Lookup::process() {
  std::array<epoll_event, 16> ready{};
  const int count = epoll_wait(sockets_.number(), ready.data(), static_cast<int>(ready.size()), 0);
  if (count <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready.at(static_cast<std::size_t>(i));
    const auto broken = std::uint32_t{EPOLLERR} | std::uint32_t{EPOLLHUP};
    ares_process_fd(channel_, (event.events & (EPOLLIN | broken)) != 0 ? event.data.fd : -1,
                    (event.events & EPOLLOUT) != 0 ? event.data.fd : -1);
  }
}

Duration Lookup::time_to_retry() const {
  timeval longest{1, 0}, space{};
  const timeval* wait = ares_timeout(channel_, &longest, &space);
  return std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec);
}

Result<> Lookup::run(Fiber& self, const DnsLookup& lookup, Instant deadline) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // Sorting would open a socket for each address; net/resolver.h orders them.
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, lookup.name.c_str(), nullptr, &hints, on_answer, this);
  while (!status_) {
    const Instant retry = self.loop().precise_now() + time_to_retry();
    const Result<> ready =
        self.loop().wait_fd(self, sockets_.number(), FdEvent::readable, std::min(retry, deadline));
    if (!ready && ready.error().code != ErrorCode::timeout) return ready;
    if (!ready && self.now() >= deadline)
      return fail(ErrorCode::timeout, fmt::format("looking up \"{}\" took too long", lookup.name));
    process();
  }
  if (*status_ == ARES_SUCCESS && !addresses_.empty()) return {};
  return fail(ErrorCode::dns, fmt::format("cannot resolve \"{}\": {}", lookup.name,
                                          *status_ == ARES_SUCCESS ? "it has no address"
                                                                   : ares_strerror(*status_)));
}

}  // namespace

Result<std::vector<Endpoint>> look_up(Fiber& self, const DnsLookup& lookup, Instant deadline) {
  Lookup running;
  TRY(running.open(lookup));
  TRY(running.run(self, lookup, deadline));
  return running.take_addresses();
}

}  // namespace brunt
