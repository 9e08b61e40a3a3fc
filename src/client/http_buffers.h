// Buffers that requests and responses borrow while they are under way, so that an idle virtual user
// holds none. One pool a loop.
//
//   HttpMessageLease message = buffers.message();   // goes back when the lease ends
//
// A borrowed buffer is warm: after the first few requests nothing is allocated any more.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wire/http_message.h"

namespace brunt {

class HttpBuffers;

// Puts what was borrowed back instead of deleting it.
struct HttpBufferReturn {
  HttpBuffers* home = nullptr;
  void operator()(HttpMessage* message) const;
  void operator()(std::string* text) const;
};
using HttpMessageLease = std::unique_ptr<HttpMessage, HttpBufferReturn>;
using HttpTextLease = std::unique_ptr<std::string, HttpBufferReturn>;

class HttpBuffers {
 public:
  struct Limits {
    std::uint32_t idle_max = 4096;        // Kept of each kind; more are freed when they come back.
    std::size_t bytes_kept = 64u << 10u;  // A buffer that grew larger is freed.
  };

  HttpBuffers() = default;
  explicit HttpBuffers(Limits limits) : limits_(limits) {}
  ~HttpBuffers();  // REQUIRES: every lease has ended (asserted).

  HttpMessageLease message();  // Cleared.
  HttpTextLease text();        // Empty.

  std::size_t lent() const { return lent_; }
  std::size_t idle() const { return messages_.size() + texts_.size(); }

  HttpBuffers(const HttpBuffers&) = delete;
  HttpBuffers& operator=(const HttpBuffers&) = delete;

 private:
  friend struct HttpBufferReturn;
  void take_back(std::unique_ptr<HttpMessage> message);
  void take_back(std::unique_ptr<std::string> text);

  Limits limits_;
  std::vector<std::unique_ptr<HttpMessage>> messages_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::size_t lent_ = 0;
};

}  // namespace brunt
