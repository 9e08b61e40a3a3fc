#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "loop/loop.h"
#include "net/host_pattern.h"
#include "net/tls_openssl.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Plaintext that is encrypted at once before it is handed on: bounds the buffer, and is still large
// enough that the records' cost does not show.
constexpr std::size_t send_chunk_bytes = 64u << 10u;
// What one receive() gives at most: four full records.
constexpr std::size_t plain_bytes = 64u << 10u;
// How long a stream that is dropped may take to tell its peer that no more comes.
constexpr Duration goodbye_max = 5s;

// One TLS connection: the SSL object between a transport and the two calls of Stream.
//
// Two fibers may be inside at once, one receiving and one sending, and OpenSSL may write while it
// reads (answers to key updates). So all ciphertext goes out through flush(), which one fiber does
// at a time; others wait for it.
class TlsLink {
 public:
  // Shared with the other half of the connection, which may go first.
  TlsLink(std::unique_ptr<Stream> transport, std::shared_ptr<TlsContext::State> context)
      : transport_(std::move(transport)), context_(std::move(context)) {
    hooks_.context = context_.get();
  }

  Result<> create();
  Result<> prepare_client(const TlsConnectOptions& options);
  void prepare_server() { SSL_set_accept_state(ssl_.get()); }
  Result<> handshake(Fiber& self, Instant deadline);
  TlsInfo info() const;

  Result<ByteView> receive(Fiber& self, Instant deadline);
  Result<> send(Fiber& self, ByteView bytes, Instant deadline);
  void say_goodbye(Fiber& self);
  bool usable();
  Stream& transport() { return *transport_; }

 private:
  Result<> flush(Fiber& self, Instant deadline);
  Result<std::size_t> decrypt();
  Result<std::size_t> fill(Fiber& self, Instant deadline);
  std::unexpected<Error> handshake_failure(Fiber& self, std::string text);
  std::unexpected<Error> break_with(Error error);
  void keep_rest();

  std::unique_ptr<Stream> transport_;
  std::shared_ptr<TlsContext::State> context_;  // Shared: see TlsContext.
  TlsHooks hooks_;
  OpenSslPtr<SSL> ssl_;
  std::vector<std::byte> rest_;  // Ciphertext that did not fit the last view; mostly empty.
  std::vector<Fiber*> waiting_;  // For the fiber that flushes.
  std::optional<Error> broken_;
  enum class Flush : std::uint8_t { idle, running } flush_ = Flush::idle;
};

Result<> TlsLink::create() {
  ERR_clear_error();
  ssl_.reset(SSL_new(context_->ctx.get()));
  BIO* bio = ssl_ ? BIO_new(context_->method.get()) : nullptr;
  if (bio == nullptr) return fail(ErrorCode::exhausted, "no memory for a TLS connection");
  BIO_set_data(bio, &hooks_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), &hooks_);
  return {};
}

bool is_for(const TlsIdentity& identity, std::string_view host) {
  return std::ranges::any_of(identity.domains,
                             [host](std::string_view domain) { return host_fits(domain, host); });
}

Result<> TlsLink::prepare_client(const TlsConnectOptions& options) {
  std::string name(options.server_name);
  if (name.ends_with('.')) name.pop_back();
  hooks_.wanted_name = name;
  SSL_set_connect_state(ssl_.get());
  if (!name.empty()) {
    if (Endpoint::from_ip(name, 0)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str());
    } else {
      // What the macro SSL_set_tlsext_host_name does.
      if (SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                   name.data()) != 1)
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is no name for a TLS server", name));
      SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      SSL_set1_host(ssl_.get(), name.c_str());
    }
  }
  for (const TlsIdentity& identity : context_->identities) {
    if (!is_for(identity, name)) continue;
    SSL_use_certificate(ssl_.get(), identity.chain.front().get());
    for (std::size_t i = 1; i < identity.chain.size(); ++i)
      SSL_add1_chain_cert(ssl_.get(), identity.chain[i].get());
    SSL_use_PrivateKey(ssl_.get(), identity.key.get());
    break;
  }
  const CipherBytes alpn = alpn_on_wire(options.alpn);
  // This one function returns 0 when it worked.
  if (!alpn.empty() &&
      SSL_set_alpn_protos(ssl_.get(), alpn.data(), static_cast<unsigned>(alpn.size())) != 0)
    return fail(ErrorCode::exhausted, "no memory for a TLS connection");
  if (context_->client.sessions_max == 0) return {};
  hooks_.session_key = name + ' ' + transport_->peer().text();
  const auto session = context_->sessions.find(hooks_.session_key);
  if (session != context_->sessions.end()) SSL_set_session(ssl_.get(), session->second.get());
  return {};
}

std::unexpected<Error> TlsLink::break_with(Error error) {
  broken_ = error;
  return std::unexpected(std::move(error));
}

// Sends the alert that OpenSSL has prepared, as far as that goes at once, and reports `text`.
std::unexpected<Error> TlsLink::handshake_failure(Fiber& self, std::string text) {
  if (!hooks_.out.empty()) (void)flush(self, self.now() + 1s);
  return break_with({ErrorCode::tls, std::move(text)});
}

Result<> TlsLink::handshake(Fiber& self, Instant deadline) {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const int state = SSL_get_error(ssl_.get(), done);
    if (state != SSL_ERROR_NONE && state != SSL_ERROR_WANT_READ) {
      std::string text = tls_error_text(hooks_);
      return handshake_failure(self, std::move(text));
    }
    keep_rest();  // Before flush() parks, which ends the transport's view.
    const Result<> flushed = flush(self, deadline);
    if (done == 1 && flushed) return {};
    // A peer that has gone may have left an alert that says why: read on after a failed send.
    if (!flushed && flushed.error().code != ErrorCode::reset) return flushed;
    const Result<ByteView> came = transport_->receive(self, deadline);
    const bool cut = came ? came->empty() : came.error().code == ErrorCode::reset;
    if (cut)
      return break_with(
          {ErrorCode::tls, fmt::format("handshake cut: the peer {} after {} bytes from it",
                                       came ? "closed the connection" : "broke the connection",
                                       transport_->bytes_received())});
    if (!came) return std::unexpected(came.error());
    hooks_.in = *came;
    if (!flushed) broken_.reset();
  }
}

TlsInfo TlsLink::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  if (const char* cipher = SSL_get_cipher_name(ssl_.get())) info.cipher = cipher;
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &alpn_size);
  info.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  info.resumed = SSL_session_reused(ssl_.get()) == 1;
  return info;
}

// The transport's view ends with this call; what OpenSSL has not taken of it is copied.
void TlsLink::keep_rest() {
  std::vector<std::byte> rest(hooks_.in.begin(), hooks_.in.end());
  rest_ = std::move(rest);
  hooks_.in = rest_;
}

Result<> TlsLink::flush(Fiber& self, Instant deadline) {
  while (flush_ == Flush::running) {
    waiting_.push_back(&self);
    const Result<> woken = self.park(deadline, "tls flush");
    std::erase(waiting_, &self);
    if (!woken) return woken;
  }
  while (!hooks_.out.empty() && !broken_) {
    CipherBytes buffer = std::exchange(hooks_.out, {});
    flush_ = Flush::running;
    const Result<> sent = transport_->send(self, std::as_bytes(std::span(buffer)), deadline);
    flush_ = Flush::idle;
    context_->give_buffer(std::move(buffer));
    if (!sent) broken_ = sent.error();
  }
  for (Fiber* fiber : waiting_) fiber->wake();
  if (broken_) return std::unexpected(*broken_);
  return {};
}

// Decrypts what is there into the context's scratch. 0: more ciphertext is needed, or the peer has
// finished (SSL_get_shutdown tells).
Result<std::size_t> TlsLink::decrypt() {
  auto& plain = context_->plain;
  if (plain.empty()) plain.resize(plain_bytes);
  std::size_t filled = 0;
  while (filled < plain.size()) {
    std::size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), plain.data() + filled, plain.size() - filled, &got) == 1) {
      filled += got;
      continue;
    }
    const int state = SSL_get_error(ssl_.get(), 0);
    if (state == SSL_ERROR_WANT_READ || state == SSL_ERROR_ZERO_RETURN) break;
    const std::string text = tls_error_text(hooks_);
    broken_ = Error{ErrorCode::tls, text};
    // What came before the flaw is good, and is given first.
    if (filled == 0) return std::unexpected(*broken_);
    break;
  }
  return filled;
}

// Waits for ciphertext and hands it to OpenSSL. 0: the peer has closed.
Result<std::size_t> TlsLink::fill(Fiber& self, Instant deadline) {
  const ByteView came = TRY(transport_->receive(self, deadline));
  if (came.empty() && SSL_has_pending(ssl_.get()) == 1)
    return break_with({ErrorCode::reset, "the peer closed in the middle of a TLS record"});
  hooks_.in = came;
  return came.size();
}

Result<ByteView> TlsLink::receive(Fiber& self, Instant deadline) {
  for (;;) {
    if (broken_ && broken_->code == ErrorCode::tls) return std::unexpected(*broken_);
    // What OpenSSL wanted to say while it read the last time; it had to wait until the caller was
    // done with the view, because sending parks.
    if (!hooks_.out.empty() && flush_ == Flush::idle) (void)flush(self, deadline);
    const std::size_t decrypted = TRY(decrypt());
    if (!hooks_.in.empty() || !rest_.empty()) keep_rest();
    if (decrypted > 0) return ByteView(context_->plain.data(), decrypted);
    if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return ByteView();
    const std::size_t came = TRY(fill(self, deadline));
    if (came == 0) return ByteView();
  }
}

Result<> TlsLink::send(Fiber& self, ByteView bytes, Instant deadline) {
  while (!bytes.empty()) {
    if (broken_) return std::unexpected(*broken_);
    const ByteView chunk = bytes.first(std::min(bytes.size(), send_chunk_bytes));
    std::size_t taken = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), chunk.data(), chunk.size(), &taken) != 1)
      return break_with({ErrorCode::tls, tls_error_text(hooks_)});
    TRY(flush(self, deadline));
    bytes = bytes.subspan(taken);
  }
  return {};
}

void TlsLink::say_goodbye(Fiber& self) {
  ERR_clear_error();
  if (!broken_ && SSL_shutdown(ssl_.get()) >= 0) (void)flush(self, self.now() + goodbye_max);
  ERR_clear_error();
  transport_->finish();
}

bool TlsLink::usable() {
  return !broken_ && rest_.empty() && SSL_has_pending(ssl_.get()) == 0 &&
         SSL_get_shutdown(ssl_.get()) == 0 && transport_->usable();
}

class TlsStream final : public Stream {
 public:
  TlsStream(Loop& loop, std::shared_ptr<TlsLink> link) : loop_(loop), link_(std::move(link)) {}

  Result<ByteView> receive(Fiber& self, Instant deadline) override {
    return link_->receive(self, deadline);
  }
  Result<> send(Fiber& self, ByteView bytes, Instant deadline) override {
    return link_->send(self, bytes, deadline);
  }
  // Sending the goodbye may have to wait, and finish() may not: a fiber of its own does it.
  void finish() override {
    const auto spawned =
        loop_.spawn("tls goodbye", [link = link_](Fiber& self) { link->say_goodbye(self); });
    if (!spawned) link_->transport().finish();
  }
  void abort() override { link_->transport().abort(); }
  bool usable() override { return link_->usable(); }
  Endpoint local() const override { return link_->transport().local(); }
  Endpoint peer() const override { return link_->transport().peer(); }
  std::uint64_t bytes_sent() const override { return link_->transport().bytes_sent(); }
  std::uint64_t bytes_received() const override { return link_->transport().bytes_received(); }

 private:
  Loop& loop_;
  // Shared with the fiber that says goodbye, which may outlive the stream for a moment.
  std::shared_ptr<TlsLink> link_;
};

Result<TlsConnection> finish_setup(Fiber& self, std::shared_ptr<TlsLink> link, Instant deadline) {
  TRY(link->handshake(self, deadline));
  TlsConnection connection;
  connection.info = link->info();
  connection.stream = std::make_unique<TlsStream>(self.loop(), std::move(link));
  return connection;
}

}  // namespace

Result<TlsConnection> tls_connect(Fiber& self, std::unique_ptr<Stream> transport,
                                  TlsContext& context, const TlsConnectOptions& options,
                                  Instant deadline) {
  context.read_roots();
  auto link = std::make_shared<TlsLink>(std::move(transport), context.state());
  TRY(link->create());
  TRY(link->prepare_client(options));
  return finish_setup(self, std::move(link), deadline);
}

Result<TlsConnection> tls_accept(Fiber& self, std::unique_ptr<Stream> transport,
                                 TlsContext& context, Instant deadline) {
  auto link = std::make_shared<TlsLink>(std::move(transport), context.state());
  TRY(link->create());
  link->prepare_server();
  return finish_setup(self, std::move(link), deadline);
}

}  // namespace brunt
