// Result<T>: a value, or an Error that says what went wrong. No exception crosses a header of ours.
//
//   Result<Config> read(std::string_view path) {
//     const std::string text = TRY(read_file(path));      // returns the error at once
//     if (text.empty()) return fail(ErrorCode::invalid, "the file is empty");
//     ...
//   }
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace brunt {

// Named causes, so that callers can decide and outcomes can be counted. Text is for people.
enum class ErrorCode : std::uint8_t {
  // What a peer or the network did.
  refused,      // Nobody listens there.
  reset,        // The peer broke the connection.
  closed,       // The peer closed it in an orderly way, before we had what we needed.
  timeout,      // A deadline passed.
  unreachable,  // No route, network down.
  dns,          // The name does not resolve.
  tls,          // Handshake or certificate.
  malformed,    // Bytes that break the protocol.
  too_large,    // A limit of ours was reached by what the peer sent.
  // What we, the user or the machine did.
  cancelled,    // We were told to wind down.
  aborted,      // The user's own script ended what it was part of.
  invalid,      // Input (a plan, an option) that cannot be used.
  not_found,    // A file, a key, a program that is not there.
  denied,       // Not permitted: by the machine, or by our allow-list.
  exhausted,    // Descriptors, ports, memory, disk: the machine has no more.
  unsupported,  // This build or machine cannot do it.
  io,           // Any other failure of the operating system or a store.
};

std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::io;
  std::string
      text;  // What, where, and if we know it, what to do. One line, no full stop at the end.
};

template <typename T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string text) {
  return std::unexpected(Error{code, std::move(text)});
}

// Puts where it happened in front: `plan.yaml:3: ` + text.
inline std::unexpected<Error> fail_in(std::string_view where, Error error) {
  error.text.insert(0, std::string(where) + ": ");
  return std::unexpected(std::move(error));
}

// The last errno as an Error: `what: No space left on device`, with the code that fits.
Error errno_error(std::string_view what, int number);

}  // namespace brunt

// Evaluates to the value, or returns the error from the enclosing function.
#define TRY(expression)                                   \
  (__extension__({                                        \
    auto result_ = (expression);                          \
    if (!result_) [[unlikely]]                            \
      return std::unexpected(std::move(result_).error()); \
    *std::move(result_);                                  \
  }))
