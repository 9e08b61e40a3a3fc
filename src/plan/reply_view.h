// A reply as checks and captures see it, whatever client it came from: the JSON body is parsed when
// the first check asks, once.
//
//   struct HttpSource final : ReplySource { ... };     // the step layer's, over its client's reply
//   ReplyView view(source);
//   const bool ok = TRY(check.holds(view, scope));
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace brunt {

class ReplySource {
 public:
  virtual ~ReplySource() = default;
  virtual std::int64_t status() const = 0;  // 0 where there was no reply.
  virtual std::string_view body() const = 0;
  virtual Duration duration() const = 0;  // k6's http_req_duration.
  // Names ignore case; nothing where the reply has none.
  virtual std::optional<std::string_view> header(std::string_view name) const = 0;
  virtual std::optional<std::string_view> cookie(std::string_view name) const = 0;
};

class ReplyView {
 public:
  // `source` must outlive this.
  explicit ReplyView(const ReplySource& source) : source_(source) {}

  std::int64_t status() const { return source_.status(); }
  std::string_view body() const { return source_.body(); }
  Duration duration() const { return source_.duration(); }
  std::optional<std::string_view> header(std::string_view name) const {
    return source_.header(name);
  }
  std::optional<std::string_view> cookie(std::string_view name) const {
    return source_.cookie(name);
  }

  // The body as JSON, or nullptr where it is none.
  const Json* json();

 private:
  const ReplySource& source_;
  std::optional<Result<Json>> json_;
};

}  // namespace brunt
