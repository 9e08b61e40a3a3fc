// The two ends of a proxy under test: a plain epoll server, and a client that measures through it.
// Its own way through the kernel is the shortest there is, so that the proxy is what is compared.
//
//   proxy_load echo PORT                                  sends back what comes, until killed
//   proxy_load sink PORT                                  reads and forgets
//   proxy_load messages PORT CONNECTIONS BYTES SECONDS    each connection: send, wait for it, again
//   proxy_load bulk PORT CONNECTIONS BYTES SECONDS        writes of so many bytes, one way
//   proxy_load paced PORT[,PORT...] CONNECTIONS RATE SECONDS
//                                                         so many messages a second over all; the
//                                                         connections in turn to one port each
//   proxy_load hold PORT CONNECTIONS SECONDS              each has had one answer, then rests
//
// The measuring ones print JSON: count (messages, or bytes), seconds, p50_us, p99_us.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::vector<char> buffer(256 << 10);

void fail_with(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void without_delay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int epoll, int socket, std::uint32_t events, std::uint32_t index) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = index;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) fail_with("epoll_ctl");
}

void send_fully(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = send(socket, data, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) continue;
    if (count < 0) return;
    data += count;
    size -= static_cast<std::size_t>(count);
  }
}

void serve(int port, bool echoes) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail_with("bind");
  if (listen(listener, 4096) != 0) fail_with("listen");
  const int epoll = epoll_create1(0);
  watch(epoll, listener, EPOLLIN, static_cast<std::uint32_t>(listener));
  std::vector<epoll_event> events(512);
  for (;;) {
    const int count = epoll_wait(epoll, events.data(), 512, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = static_cast<int>(events[static_cast<std::size_t>(i)].data.u32);
      if (socket == listener) {
        for (int client; (client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          without_delay(client);
          watch(epoll, client, EPOLLIN, static_cast<std::uint32_t>(client));
        }
        continue;
      }
      const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
      if (size <= 0 && !(size < 0 && errno == EAGAIN)) close(socket);
      if (size > 0 && echoes) send_fully(socket, buffer.data(), static_cast<std::size_t>(size));
    }
  }
}

struct Connection {
  int socket = -1;
  std::size_t missing = 0;
  Clock::time_point sent;
};

std::vector<Connection> connect_all(const std::vector<int>& ports, int count) {
  std::vector<Connection> all(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < all.size(); ++i) {
    Connection& one = all[i];
    const sockaddr_in address = loopback(ports[i % ports.size()]);
    one.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (one.socket < 0) fail_with("socket");
    if (connect(one.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail_with("connect");
    without_delay(one.socket);
  }
  return all;
}

class Measured {
 public:
  explicit Measured(std::vector<Connection> connections) : all_(std::move(connections)) {
    epoll_ = epoll_create1(0);
    for (std::size_t i = 0; i < all_.size(); ++i)
      watch(epoll_, all_[i].socket, EPOLLIN, static_cast<std::uint32_t>(i));
  }

  void send_one(std::size_t index, std::size_t bytes) {
    all_[index].sent = Clock::now();
    all_[index].missing = bytes;
    send_fully(all_[index].socket, buffer.data(), bytes);
  }

  // Waits for answers until `until`; gives the connections that have theirs.
  const std::vector<std::uint32_t>& answered(Clock::time_point until) {
    done_.clear();
    const auto left = std::max(until - Clock::now(), Clock::duration::zero());
    const timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const int count = epoll_pwait2(epoll_, events_.data(), 512, &wait, nullptr);
    const auto now = Clock::now();
    for (int i = 0; i < count; ++i) {
      const std::uint32_t index = events_[static_cast<std::size_t>(i)].data.u32;
      Connection& one = all_[index];
      const ssize_t size = recv(one.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size == 0 || (size < 0 && errno != EAGAIN)) fail_with("a connection ended");
      if (size <= 0) continue;
      one.missing -= std::min(one.missing, static_cast<std::size_t>(size));
      if (one.missing > 0) continue;
      times_us_.push_back(std::chrono::duration<double, std::micro>(now - one.sent).count());
      done_.push_back(index);
    }
    return done_;
  }

  void forget() { times_us_.clear(); }
  std::size_t size() const { return all_.size(); }
  bool is_waiting(std::size_t index) const { return all_[index].missing > 0; }

  void print(double seconds) {
    std::ranges::sort(times_us_);
    const auto at = [&](double part) {
      return times_us_.empty()
                 ? 0.0
                 : times_us_[std::min(
                       times_us_.size() - 1,
                       static_cast<std::size_t>(part * static_cast<double>(times_us_.size())))];
    };
    std::printf("{\"count\": %zu, \"seconds\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
                times_us_.size(), seconds, at(0.5), at(0.99));
  }

 private:
  std::vector<Connection> all_;
  std::vector<double> times_us_;
  std::vector<std::uint32_t> done_;
  std::vector<epoll_event> events_ = std::vector<epoll_event>(512);
  int epoll_ = -1;
};

void send_messages(int port, int connections, std::size_t bytes, double seconds) {
  Measured measured(connect_all({port}, connections));
  for (std::size_t i = 0; i < measured.size(); ++i) measured.send_one(i, bytes);
  const auto warm = Clock::now() + std::chrono::milliseconds(500);
  while (Clock::now() < warm)
    for (const std::uint32_t index : measured.answered(warm)) measured.send_one(index, bytes);
  measured.forget();
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < end)
    for (const std::uint32_t index : measured.answered(end)) measured.send_one(index, bytes);
  measured.print(std::chrono::duration<double>(Clock::now() - start).count());
}

void send_bulk(int port, int connections, std::size_t bytes, double seconds) {
  const std::vector<Connection> all = connect_all({port}, connections);
  const int epoll = epoll_create1(0);
  for (std::size_t i = 0; i < all.size(); ++i)
    watch(epoll, all[i].socket, EPOLLOUT, static_cast<std::uint32_t>(i));
  std::vector<epoll_event> events(512);
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t sent = 0;
  while (Clock::now() < end) {
    const int count = epoll_wait(epoll, events.data(), 512, 10);
    for (int i = 0; i < count; ++i) {
      const Connection& one = all[events[static_cast<std::size_t>(i)].data.u32];
      const ssize_t size = send(one.socket, buffer.data(), bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size > 0) sent += static_cast<std::uint64_t>(size);
      if (size < 0 && errno != EAGAIN) fail_with("send");
    }
  }
  std::printf("{\"count\": %lu, \"seconds\": %.3f}\n", static_cast<unsigned long>(sent),
              std::chrono::duration<double>(Clock::now() - start).count());
}

std::vector<int> ports_of(std::string_view list) {
  std::vector<int> ports;
  for (const auto part : std::views::split(list, ','))
    ports.push_back(std::atoi(std::string(part.begin(), part.end()).c_str()));
  return ports;
}

void send_paced(const std::vector<int>& ports, int connections, double rate, double seconds) {
  constexpr std::size_t bytes = 64;
  Measured measured(connect_all(ports, connections));
  for (std::size_t i = 0; i < measured.size(); ++i) {
    measured.send_one(i, bytes);
    measured.answered(Clock::now());
  }
  const auto rest = Clock::now() + std::chrono::seconds(3);
  while (Clock::now() < rest) measured.answered(rest);
  measured.forget();
  const auto start = Clock::now();
  const auto gap =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  const auto total = static_cast<std::size_t>(rate * seconds);
  for (std::size_t i = 0; i < total; ++i) {
    const auto due = start + static_cast<std::int64_t>(i) * gap;
    while (Clock::now() < due) measured.answered(due);
    if (!measured.is_waiting(i % measured.size())) measured.send_one(i % measured.size(), bytes);
  }
  const auto end = Clock::now() + std::chrono::seconds(1);
  while (Clock::now() < end) measured.answered(end);
  measured.print(seconds);
}

void hold(int port, int connections, double seconds) {
  Measured measured(connect_all({port}, connections));
  for (std::size_t i = 0; i < measured.size(); ++i) {
    measured.send_one(i, 64);
    measured.answered(Clock::now());
  }
  const auto rest = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < rest) measured.answered(rest);
  measured.print(0);
  std::fflush(stdout);
  sleep(static_cast<unsigned>(seconds));
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::string mode = argc > 1 ? argv[1] : "";
  const auto number = [&](int index) { return index < argc ? std::atof(argv[index]) : 0; };
  const int port = static_cast<int>(number(2));
  const int connections = static_cast<int>(number(3));
  const auto bytes = static_cast<std::size_t>(number(4));
  if (mode == "echo" || mode == "sink") serve(port, mode == "echo");
  if (mode == "messages") send_messages(port, connections, bytes, number(5));
  if (mode == "bulk") send_bulk(port, connections, bytes, number(5));
  if (mode == "paced") send_paced(ports_of(argv[2]), connections, number(4), number(5));
  if (mode == "hold") hold(port, connections, number(4));
  return mode.empty() ? 1 : 0;
}
