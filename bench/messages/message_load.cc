// Many clients of the message server in one thread, on bare epoll, so that the server is what is
// measured: several messages in flight on each connection.
//
//   message_load flood PORT CONNECTIONS IN_FLIGHT SECONDS PAYLOAD ANSWER
//       as many messages as the server takes; ANSWER: ack (8 bytes, checked), or echo (as long as
//       the message). Prints messages a second.
//   message_load hold PORT CONNECTIONS FIRST_CLIENT SECONDS PERIOD
//       each connection sends a message every PERIOD seconds; prints "ready" when all have had
//       their first ACK, then messages, and the median and 99th percentile of the time to the ACK
//       in microseconds. Source addresses 127.0.0.2 ff., 20,000 connections each.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t head_bytes = 10, ack_bytes = 8;

struct Connection {
  int fd = -1;
  std::uint32_t client = 0;
  std::uint32_t sent = 0, acked = 0;
  std::size_t partial = 0;  // Bytes of an answer that has not come whole.
  unsigned char partial_bytes[ack_bytes] = {};
  Clock::time_point due, sent_at;
};

struct Setup {
  int port = 0;
  std::size_t payload = 32;
  bool is_echo = false;
  std::size_t answer_bytes() const { return is_echo ? head_bytes + payload : ack_bytes; }
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void put_number(unsigned char* to, std::uint32_t value) {
  const std::uint32_t big = htonl(value);
  std::memcpy(to, &big, sizeof big);
}

int connect_to(const Setup& setup, std::size_t index) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f000002u + static_cast<std::uint32_t>(index / 20'000));
  if (bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) die("bind");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(setup.port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("connect");
  return fd;
}

class Load {
 public:
  explicit Load(const Setup& setup)
      : setup_(setup), poll_(epoll_create1(EPOLL_CLOEXEC)), in_(256u << 10u) {}

  void open(std::size_t connections, std::uint32_t first_client) {
    connections_.resize(connections);
    for (std::size_t i = 0; i < connections; ++i) {
      Connection& one = connections_[i];
      one.client = first_client + static_cast<std::uint32_t>(i);
      one.fd = connect_to(setup_, one.client);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &one}};
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, one.fd, &event) != 0) die("epoll_ctl");
    }
  }

  void send(Connection& one, std::uint32_t count) {
    const std::size_t whole = head_bytes + setup_.payload;
    out_.resize(whole * count, 'm');
    for (std::uint32_t i = 0; i < count; ++i) {
      unsigned char* const at = out_.data() + i * whole;
      put_number(at, one.client);
      put_number(at + 4, ++one.sent);
      at[8] = static_cast<unsigned char>(setup_.payload >> 8u);
      at[9] = static_cast<unsigned char>(setup_.payload);
      std::memset(at + head_bytes, 'm', setup_.payload);
    }
    std::size_t done = 0;
    while (done < out_.size()) {
      const ssize_t put = ::send(one.fd, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
      if (put < 0) die("send");
      done += static_cast<std::size_t>(put);
    }
  }

  // How many answers came.
  std::uint32_t receive(Connection& one) {
    const ssize_t got = recv(one.fd, in_.data(), in_.size(), 0);
    if (got <= 0) die("recv");
    const auto bytes = static_cast<std::size_t>(got);
    if (!setup_.is_echo) return check_acks(one, bytes);
    const std::size_t all = one.partial + bytes;
    one.partial = all % setup_.answer_bytes();
    const auto count = static_cast<std::uint32_t>(all / setup_.answer_bytes());
    one.acked += count;
    return count;
  }

  int wait(epoll_event* events, int size, int timeout_ms) const {
    return epoll_wait(poll_, events, size, timeout_ms);
  }
  std::vector<Connection>& connections() { return connections_; }

 private:
  std::uint32_t check_acks(Connection& one, std::size_t bytes) {
    std::uint32_t count = 0;
    for (std::size_t at = 0; at < bytes; ++at) {
      one.partial_bytes[one.partial++] = in_[at];
      if (one.partial < ack_bytes) continue;
      one.partial = 0;
      unsigned char expected[ack_bytes];
      put_number(expected, one.client);
      put_number(expected + 4, ++one.acked);
      if (std::memcmp(expected, one.partial_bytes, ack_bytes) != 0) {
        std::fprintf(stderr, "an ACK for another message\n");
        std::exit(1);
      }
      ++count;
    }
    return count;
  }

  Setup setup_;
  int poll_;
  std::vector<unsigned char> in_, out_;
  std::vector<Connection> connections_;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void flood(Load& load, std::uint32_t in_flight, double seconds) {
  for (Connection& one : load.connections()) load.send(one, in_flight);
  epoll_event events[256];
  std::uint64_t answers = 0;
  const auto begin = Clock::now();
  while (seconds_since(begin) < seconds) {
    const int count = load.wait(events, 256, 1000);
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<Connection*>(events[i].data.ptr);
      const std::uint32_t came = load.receive(one);
      answers += came;
      if (came > 0) load.send(one, came);
    }
  }
  std::printf("%.0f\n", static_cast<double>(answers) / seconds_since(begin));
}

void hold(Load& load, double seconds, double period) {
  const auto step =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(period));
  std::vector<Connection>& all = load.connections();
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].due = begin + step * static_cast<long>(i) / static_cast<long>(all.size());
  std::vector<float> times_us;
  std::size_t next = 0, answered_once = 0;
  std::uint64_t late = 0;
  bool told = false;
  epoll_event events[256];
  while (seconds_since(begin) < seconds) {
    const auto now = Clock::now();
    for (; all[next].due <= now; next = (next + 1) % all.size()) {
      Connection& one = all[next];
      one.due += step;
      if (one.sent != one.acked) {
        ++late;
        continue;
      }
      one.sent_at = Clock::now();
      load.send(one, 1);
    }
    const int count = load.wait(events, 256, 1);
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<Connection*>(events[i].data.ptr);
      if (load.receive(one) == 0) continue;
      times_us.push_back(
          std::chrono::duration<float, std::micro>(Clock::now() - one.sent_at).count());
      if (one.acked == 1) ++answered_once;
    }
    if (!told && answered_once == all.size()) {
      told = true;
      std::printf("ready\n");
      std::fflush(stdout);
    }
  }
  std::ranges::sort(times_us);
  const auto quantile = [&](double part) {
    return times_us.empty() ? 0.F
                            : times_us[static_cast<std::size_t>(
                                  part * static_cast<double>(times_us.size() - 1))];
  };
  std::printf("%zu messages, %llu not acknowledged in time, p50 %.0f us, p99 %.0f us\n",
              times_us.size(), static_cast<unsigned long long>(late),
              static_cast<double>(quantile(0.5)), static_cast<double>(quantile(0.99)));
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string_view> words(values, values + count);
  const auto number = [&](std::size_t at, double otherwise) {
    return words.size() > at ? std::atof(values[at]) : otherwise;
  };
  if (words.size() < 4 || (words[1] != "flood" && words[1] != "hold")) {
    std::fprintf(stderr, "see the head of message_load.cc\n");
    return 2;
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  Setup setup{.port = std::atoi(values[2])};
  const auto connections = static_cast<std::size_t>(number(3, 64));
  if (words[1] == "flood") {
    setup.payload = static_cast<std::size_t>(number(6, 32));
    setup.is_echo = words.size() > 7 && words[7] == "echo";
    Load load(setup);
    load.open(connections, 1);
    flood(load, static_cast<std::uint32_t>(number(4, 8)), number(5, 3));
  } else {
    Load load(setup);
    load.open(connections, static_cast<std::uint32_t>(number(4, 1)));
    hold(load, number(5, 10), number(6, 2));
  }
}
