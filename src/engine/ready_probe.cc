#include "engine/ready_probe.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"
#include "base/units.h"
#include "base/url.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// A status line is shorter; what goes on without an end is no HTTP.
constexpr std::size_t status_line_max = 8192;
constexpr Duration try_max = 5s;

// A POSIX expression: its matching needs no deep stack, which a fiber does not have.
class Expression {
 public:
  static Result<std::unique_ptr<Expression>> compile(const std::string& text) {
    auto out = std::make_unique<Expression>();
    const int failure = regcomp(&out->compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (failure == 0) {
      out->usable_ = Usable::yes;
      return out;
    }
    char words[256] = "";
    regerror(failure, &out->compiled_, words, sizeof words);
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is no regular expression: {}", text, words));
  }
  Expression() = default;
  ~Expression() {
    if (usable_ == Usable::yes) regfree(&compiled_);
  }
  bool matches(std::string_view line) const {
    return regexec(&compiled_, std::string(line).c_str(), 0, nullptr, 0) == 0;
  }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

 private:
  regex_t compiled_{};
  enum class Usable : std::uint8_t { no, yes } usable_ = Usable::no;
};

// "HTTP/1.1 200 OK" gives 200.
Result<int> status_in(std::string_view line) {
  if (line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ') {
    const Result<std::int64_t> status = parse_integer(line.substr(9, 3));
    if (status && *status >= 100 && *status <= 999) return static_cast<int>(*status);
  }
  return fail(ErrorCode::malformed, "the answer is no HTTP");
}

Result<int> ask_status(Fiber& self, Stream& stream, const Url& url, Instant deadline) {
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: brunt\r\nConnection: close\r\n\r\n",
                  url.target, url.authority());
  TRY(stream.send(self, as_bytes(request), deadline));
  std::string line;
  while (line.find('\n') == std::string::npos) {
    const ByteView came = TRY(stream.receive(self, deadline));
    if (came.empty()) return fail(ErrorCode::closed, "it closed the connection without an answer");
    line += as_text(came);
    if (line.size() > status_line_max) return fail(ErrorCode::malformed, "the answer is no HTTP");
  }
  return status_in(line);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  text = trim(text);
  if (text.starts_with("unix:")) return Address{std::string(text.substr(5)), 0};
  if (const Result<Endpoint> numeric = Endpoint::parse(text))
    return Address{numeric->ip(), numeric->port()};
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0 && text.find(':') == colon &&
      text.find('/') == std::string_view::npos) {
    const Result<std::int64_t> port = parse_integer(text.substr(colon + 1));
    if (port && *port > 0 && *port <= 65'535)
      return Address{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(*port)};
  }
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no address: write host:port, or unix:/path", text));
}

struct ReadyTester::State {
  Dialer& dialer;
  ReadyProbe probe;
  LogFollower log;
  std::optional<Url> url;
  std::optional<Address> target;
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<Expression> expression;
  std::string address_text;
  std::string url_text;

  Result<> prepare();
  Result<> test_http(Fiber& self, Instant deadline);
  Result<Dialed> dial(Fiber& self, Instant deadline);
};

Result<> ReadyTester::State::prepare() {
  switch (probe.kind) {
    case ReadyKind::started:
      break;
    case ReadyKind::tcp:
      target = TRY(parse_address(probe.what));
      address_text = probe.what;
      break;
    case ReadyKind::http:
      url = TRY(parse_url(probe.what));
      target = Address{url->host, url->port};
      // Whether it is ready is not a question of who signed its certificate.
      if (url->secure()) tls = TRY(TlsContext::client({.insecure = true}));
      address_text =
          url->scheme == "http+unix"
              ? "unix:" + url->host
              : fmt::format(
                    "{}:{}",
                    url->host.find(':') == std::string::npos ? url->host : '[' + url->host + ']',
                    url->port);
      url_text = fmt::format("{}://{}", url->scheme, url->authority());
      break;
    case ReadyKind::log_line:
      expression = TRY(Expression::compile(probe.what));
      break;
  }
  return {};
}

Result<Dialed> ReadyTester::State::dial(Fiber& self, Instant deadline) {
  DialTarget where;
  where.host = target->host;
  where.port = target->port;
  where.tls = tls.get();
  return dialer.dial(self, where, deadline);
}

Result<> ReadyTester::State::test_http(Fiber& self, Instant deadline) {
  const Dialed dialed = TRY(dial(self, deadline));
  const int status = TRY(ask_status(self, *dialed.stream, *url, deadline));
  if (probe.status == 0 ? status < 500 : status == probe.status) return {};
  return fail(ErrorCode::io, fmt::format("status {}, wanted {}", status,
                                         probe.status == 0 ? std::string("one below 500")
                                                           : std::to_string(probe.status)));
}

ReadyTester::ReadyTester(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReadyTester::~ReadyTester() = default;

Result<std::unique_ptr<ReadyTester>> ReadyTester::create(Dialer& dialer, const ReadyProbe& probe,
                                                         const std::filesystem::path& log) {
  std::unique_ptr<State> state(new State{.dialer = dialer,
                                         .probe = probe,
                                         .log = LogFollower(log),
                                         .url = {},
                                         .target = {},
                                         .tls = {},
                                         .expression = {},
                                         .address_text = {},
                                         .url_text = {}});
  TRY(state->prepare());
  return std::unique_ptr<ReadyTester>(new ReadyTester(std::move(state)));
}

Result<> ReadyTester::test(Fiber& self, Instant deadline) {
  const Instant until = std::min(deadline, self.now() + try_max);
  switch (state_->probe.kind) {
    case ReadyKind::started:
      return {};
    case ReadyKind::tcp:
      TRY(state_->dial(self, until));
      return {};
    case ReadyKind::http:
      return state_->test_http(self, until);
    case ReadyKind::log_line:
      break;
  }
  const Expression& expression = *state_->expression;
  if (state_->log.any_line([&](std::string_view line) { return expression.matches(line); }))
    return {};
  return fail(ErrorCode::io,
              fmt::format("no line of its output matches \"{}\"", state_->probe.what));
}

const std::string& ReadyTester::address() const {
  return state_->address_text;
}
const std::string& ReadyTester::url() const {
  return state_->url_text;
}

}  // namespace brunt
