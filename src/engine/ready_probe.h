// Whether a command is ready: one try of a ReadyProbe (engine/command.h), whose part this is.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/command.h"
#include "engine/log_tail.h"
#include "net/dialer.h"

namespace brunt {

class ReadyTester {
 public:
  // Errors: invalid (an address, a URL or an expression that cannot be used).
  static Result<std::unique_ptr<ReadyTester>> create(Dialer& dialer, const ReadyProbe& probe,
                                                     const std::filesystem::path& log);
  ~ReadyTester();

  // Parks. Its error is what the last try met: "status 503, wanted 200". Errors also: cancelled.
  Result<> test(Fiber& self, Instant deadline);

  // Where the probe goes: "localhost:8080", or "" if it goes nowhere.
  const std::string& address() const;
  const std::string& url() const;  // "http://localhost:8080", or "".

  ReadyTester(const ReadyTester&) = delete;
  ReadyTester& operator=(const ReadyTester&) = delete;

 private:
  struct State;
  explicit ReadyTester(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "localhost:8080", "127.0.0.1:80", "[::1]:80", "unix:/path". Errors: invalid.
struct Address {
  std::string host;  // A unix socket's path begins with '/'.
  std::uint16_t port = 0;
};
Result<Address> parse_address(std::string_view text);

}  // namespace brunt
