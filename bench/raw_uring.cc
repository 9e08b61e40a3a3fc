// The ceiling: how many requests a CPU-second one thread can make over io_uring when it does
// nothing but send ready-made bytes and count the answers. No fibers, no timers, no parser; it
// trusts that an answer comes in one piece. What brunt does beside that is measured against it.
//
//   raw_uring PORT SECONDS [CONNECTIONS]      prints "raw_uring REQUESTS_PER_CPU_SECOND …"
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr unsigned entries = 1024;
constexpr unsigned buffers = 256;
constexpr unsigned buffer_bytes = 4096;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    die("connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

class RawLoop {
 public:
  RawLoop() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (io_uring_queue_init_params(entries, &ring_, &parameters) != 0) die("io_uring");
    io_uring_register_ring_fd(&ring_);
    const std::size_t ring_bytes = buffers * sizeof(io_uring_buf);
    memory_ = static_cast<char*>(mmap(nullptr, ring_bytes + buffers * buffer_bytes,
                                      PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(memory_);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_);
    registration.ring_entries = buffers;
    if (io_uring_register_buf_ring(&ring_, &registration, 0) != 0) die("buffer ring");
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned i = 0; i < buffers; ++i) give_back(i, i);
    io_uring_buf_ring_advance(buffer_ring_, buffers);
  }

  void add(int fd) {
    io_uring_sqe* const receive = io_uring_get_sqe(&ring_);
    io_uring_prep_recv_multishot(receive, fd, nullptr, 0, 0);
    receive->flags |= IOSQE_BUFFER_SELECT;
    receive->user_data = static_cast<std::uint64_t>(fd);
    send(fd);
  }

  // One turn: submit, wait for one, answer all that came. Returns how many answers.
  unsigned turn() {
    io_uring_submit_and_wait(&ring_, 1);
    unsigned head = 0;
    unsigned count = 0;
    unsigned answers = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++count;
      if (cqe->res <= 0 || (cqe->flags & IORING_CQE_F_MORE) == 0) die("the connection ended");
      give_back(cqe->flags >> IORING_CQE_BUFFER_SHIFT, answers++);
      send(static_cast<int>(cqe->user_data));
    }
    io_uring_cq_advance(&ring_, count);
    io_uring_buf_ring_advance(buffer_ring_, static_cast<int>(answers));
    return answers;
  }

 private:
  void send(int fd) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    io_uring_prep_send(entry, fd, request.data(), request.size(), MSG_WAITALL);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = static_cast<std::uint64_t>(fd);
  }

  void give_back(unsigned buffer, unsigned offset) {
    io_uring_buf_ring_add(buffer_ring_,
                          memory_ + buffers * sizeof(io_uring_buf) + buffer * buffer_bytes,
                          buffer_bytes, static_cast<unsigned short>(buffer),
                          io_uring_buf_ring_mask(buffers), static_cast<int>(offset));
  }

  io_uring ring_{};
  char* memory_ = nullptr;
  io_uring_buf_ring* buffer_ring_ = nullptr;
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("raw_uring PORT SECONDS [CONNECTIONS]\n", stderr);
    return 2;
  }
  const int connections = argc > 3 ? std::atoi(argv[3]) : 64;
  RawLoop loop;
  for (int i = 0; i < connections; ++i)
    loop.add(connect_to(static_cast<std::uint16_t>(std::atoi(argv[1]))));
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(std::atof(argv[2]));
  const double cpu_begin = cpu_seconds();
  std::uint64_t answers = 0;
  std::uint64_t turns = 0;
  for (; Clock::now() < end; ++turns) answers += loop.turn();
  const double cpu = cpu_seconds() - cpu_begin;
  const double wall = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto count = static_cast<double>(answers);
  std::printf("raw_uring %.0f requests per CPU-second, %.0f per second, %.1f a turn\n", count / cpu,
              count / wall, count / static_cast<double>(turns));
}
