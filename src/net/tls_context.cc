#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "net/tls_openssl.h"

namespace brunt {
namespace {

struct VersionName {
  TlsVersion version;
  int number;
  std::string_view name;
  std::string_view digits;
};
constexpr std::array<VersionName, 4> versions = {{
    {TlsVersion::tls_1_0, TLS1_VERSION, "TLS 1.0", "10"},
    {TlsVersion::tls_1_1, TLS1_1_VERSION, "TLS 1.1", "11"},
    {TlsVersion::tls_1_2, TLS1_2_VERSION, "TLS 1.2", "12"},
    {TlsVersion::tls_1_3, TLS1_3_VERSION, "TLS 1.3", "13"},
}};

const VersionName& row_of(TlsVersion version) {
  return versions.at(static_cast<std::size_t>(version));
}

// More than a few buffers are only in use when many fibers send at once and all of them wait.
constexpr std::size_t spare_buffers_max = 16;
constexpr std::size_t spare_buffer_bytes_max = 128u << 10u;

// Our BIO: OpenSSL reads what the stream was given, and writes to where the stream sends from. It
// never blocks and never fails.
int bio_read(BIO* bio, char* to, int size) {
  auto& hooks = *static_cast<TlsHooks*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (hooks.in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t taken = std::min(hooks.in.size(), static_cast<std::size_t>(size));
  std::copy_n(reinterpret_cast<const char*>(hooks.in.data()), taken, to);
  hooks.in = hooks.in.subspan(taken);
  return static_cast<int>(taken);
}

int bio_write(BIO* bio, const char* from, int size) {
  auto& hooks = *static_cast<TlsHooks*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (hooks.out.capacity() == 0) hooks.out = hooks.context->take_buffer();
  hooks.out.insert(hooks.out.end(), from, from + size);
  return size;
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

Result<OpenSslPtr<BIO_METHOD>> make_bio_method() {
  OpenSslPtr<BIO_METHOD> method(
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "brunt stream"));
  if (!method || BIO_meth_set_read(method.get(), bio_read) != 1 ||
      BIO_meth_set_write(method.get(), bio_write) != 1 ||
      BIO_meth_set_ctrl(method.get(), bio_control) != 1 ||
      BIO_meth_set_create(method.get(), bio_create) != 1)
    return fail(ErrorCode::exhausted, "no memory for TLS");
  return method;
}

// PEM text, from the text itself or from the file that it names.
Result<std::string> pem_text(const std::string& source) {
  if (source.starts_with("-----BEGIN")) return source;
  return read_file(source, 16u << 20u);
}

std::string shown(const std::string& source) {
  return source.starts_with("-----BEGIN") ? "the PEM text given" : source;
}

Result<std::vector<OpenSslPtr<X509>>> read_certificates(const std::string& source) {
  const std::string text = TRY(pem_text(source));
  const OpenSslPtr<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<OpenSslPtr<X509>> out;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    out.emplace_back(certificate);
  ERR_clear_error();
  if (out.empty())
    return fail(
        ErrorCode::invalid,
        fmt::format("{} holds no certificate (-----BEGIN CERTIFICATE-----)", shown(source)));
  return out;
}

int give_password(char* to, int size, int /*writing*/, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  const int length = std::min(size, static_cast<int>(text.size()));
  std::copy_n(text.data(), length, to);
  return length;
}

Result<OpenSslPtr<EVP_PKEY>> read_key(const std::string& source, std::string password) {
  const std::string text = TRY(pem_text(source));
  const OpenSslPtr<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  OpenSslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password));
  if (!key)
    return fail(ErrorCode::invalid, fmt::format("{} holds no private key that can be read ({})",
                                                shown(source), openssl_words()));
  return key;
}

struct Identity {
  const std::string& certificate;
  const std::string& key;
  const std::string& key_password;
};

Result<TlsIdentity> read_identity(const Identity& identity) {
  TlsIdentity read{.chain = TRY(read_certificates(identity.certificate))};
  const std::string& key_source = identity.key.empty() ? identity.certificate : identity.key;
  read.key = TRY(read_key(key_source, identity.key_password));
  if (X509_check_private_key(read.chain.front().get(), read.key.get()) == 1) return read;
  ERR_clear_error();
  return fail(ErrorCode::invalid, fmt::format("the key in {} is not that of the certificate in {}",
                                              shown(key_source), shown(identity.certificate)));
}

Result<> set_identity(SSL_CTX* ctx, const Identity& identity) {
  const TlsIdentity read = TRY(read_identity(identity));
  if (SSL_CTX_use_certificate(ctx, read.chain.front().get()) != 1)
    return fail(ErrorCode::invalid,
                fmt::format("{} cannot be used: {}", shown(identity.certificate), openssl_words()));
  for (std::size_t i = 1; i < read.chain.size(); ++i)
    SSL_CTX_add1_chain_cert(ctx, read.chain[i].get());
  if (SSL_CTX_use_PrivateKey(ctx, read.key.get()) != 1)
    return fail(ErrorCode::invalid, fmt::format("the key of {} cannot be used: {}",
                                                shown(identity.certificate), openssl_words()));
  return {};
}

Result<> trust(SSL_CTX* ctx, const std::string& source) {
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const auto& certificate : TRY(read_certificates(source)))
    X509_STORE_add_cert(store, certificate.get());
  return {};
}

// Ciphers of TLS 1.3 and those before are set in two places; a name tells which it belongs to.
Result<> set_ciphers(SSL_CTX* ctx, const std::string& names) {
  if (names.empty()) return {};
  std::string suites, list;
  for (const std::string_view part : split(names, ':')) {
    std::string name(trim(part));
    if (name.starts_with("TLS_")) {
      const std::string_view ours = OPENSSL_cipher_name(name.c_str());
      if (ours == "(NONE)")
        return fail(ErrorCode::invalid, fmt::format("no TLS cipher is called {}", name));
      name = ours;
    }
    std::string& out = name.starts_with("TLS_") ? suites : list;
    out += (out.empty() ? "" : ":") + name;
  }
  if ((!suites.empty() && SSL_CTX_set_ciphersuites(ctx, suites.c_str()) != 1) ||
      (!list.empty() && SSL_CTX_set_cipher_list(ctx, list.c_str()) != 1))
    return fail(ErrorCode::invalid,
                fmt::format("no usable TLS cipher in \"{}\" ({})", names, openssl_words()));
  return {};
}

struct Common {
  const SSL_METHOD* method;
  TlsVersion version_min;
  TlsVersion version_max;
  const std::string& ciphers;
};

// Shared: a connection keeps what it was made from, also when its context goes first.
Result<std::shared_ptr<TlsContext::State>> make_state(const Common& common) {
  // Shared for the reason that TlsContext gives.
  auto state = std::make_shared<TlsContext::State>();
  state->ctx.reset(SSL_CTX_new(common.method));
  if (!state->ctx) return fail(ErrorCode::exhausted, "no memory for TLS");
  state->method = TRY(make_bio_method());
  SSL_CTX* ctx = state->ctx.get();
  if (common.version_min > common.version_max)
    return fail(ErrorCode::invalid,
                fmt::format("the lowest TLS version wanted, {}, is above the highest, {}",
                            name_of(common.version_min), name_of(common.version_max)));
  // The library's default level forbids the versions before 1.2 altogether; who asks for them by
  // name has an old server to measure.
  if (common.version_min < TlsVersion::tls_1_2) SSL_CTX_set_security_level(ctx, 0);
  SSL_CTX_set_min_proto_version(ctx, row_of(common.version_min).number);
  SSL_CTX_set_max_proto_version(ctx, row_of(common.version_max).number);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A renegotiation would make a write wait for a read.
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  TRY(set_ciphers(ctx, common.ciphers));
  return state;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  const TlsHooks& hooks = hooks_of(ssl);
  if (hooks.session_key.empty()) return 0;
  auto& sessions = hooks.context->sessions;
  if (sessions.size() >= hooks.context->client.sessions_max &&
      !sessions.contains(hooks.session_key))
    sessions.erase(sessions.begin());
  sessions[hooks.session_key].reset(session);
  return 1;  // The reference is ours now.
}

int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned int offered_size, void* /*argument*/) {
  const CipherBytes& ours = hooks_of(ssl).context->server_alpn;
  unsigned char* out = nullptr;
  const int verdict = SSL_select_next_proto(
      &out, chosen_size, ours.data(), static_cast<unsigned>(ours.size()), offered, offered_size);
  *chosen = out;
  return verdict == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string_view name_of(TlsVersion version) {
  return row_of(version).name;
}

Result<TlsVersion> parse_tls_version(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  const std::string start = to_lower(text.substr(0, 3));
  const bool starts_well = start == "tls" || (!text.empty() && text.front() == '1');
  for (const VersionName& row : versions)
    if (starts_well && row.digits == digits) return row.version;
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no TLS version: write 1.0, 1.1, 1.2 or 1.3", text));
}

CipherBytes alpn_on_wire(std::span<const std::string> names) {
  CipherBytes out;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) continue;
    out.push_back(static_cast<unsigned char>(name.size()));
    out.insert(out.end(), name.begin(), name.end());
  }
  return out;
}

TlsHooks& hooks_of(const SSL* ssl) {
  return *static_cast<TlsHooks*>(SSL_get_app_data(ssl));
}

void TlsContext::State::read_due_roots() {
  if (std::exchange(are_roots_due, false)) SSL_CTX_set_default_verify_paths(ctx.get());
}

CipherBytes TlsContext::State::take_buffer() {
  if (spare.empty()) return {};
  CipherBytes buffer = std::move(spare.back());
  spare.pop_back();
  return buffer;
}

void TlsContext::State::give_buffer(CipherBytes buffer) {
  if (spare.size() >= spare_buffers_max || buffer.capacity() > spare_buffer_bytes_max) return;
  buffer.clear();
  spare.push_back(std::move(buffer));
}

TlsContext::TlsContext(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

void TlsContext::read_roots() {
  state_->read_due_roots();
}

Result<std::unique_ptr<TlsContext>> TlsContext::client(const TlsClientOptions& options) {
  const auto state = TRY(
      make_state({TLS_client_method(), options.version_min, options.version_max, options.ciphers}));
  SSL_CTX* ctx = state->ctx.get();
  state->client = options;
  if (!options.ca_file.empty()) TRY(trust(ctx, options.ca_file));
  if (!options.insecure && (options.ca_file.empty() || options.system_roots_too))
    state->are_roots_due = true;
  SSL_CTX_set_verify(ctx, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     options.insecure ? nullptr : note_verify_failure);
  if (!options.certificate.empty())
    TRY(set_identity(ctx, {options.certificate, options.key, options.key_password}));
  for (const TlsClientCertificate& one : options.for_domains) {
    state->identities.push_back(TRY(read_identity({one.certificate, one.key, one.key_password})));
    state->identities.back().domains = one.domains;
  }
  SSL_CTX_set_session_cache_mode(ctx, options.sessions_max == 0
                                          ? SSL_SESS_CACHE_OFF
                                          : SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (options.sessions_max == 0) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_sess_set_new_cb(ctx, keep_session);
  return std::unique_ptr<TlsContext>(new TlsContext(state));
}

Result<std::unique_ptr<TlsContext>> TlsContext::server(const TlsServerOptions& options) {
  const auto state = TRY(
      make_state({TLS_server_method(), options.version_min, options.version_max, options.ciphers}));
  SSL_CTX* ctx = state->ctx.get();
  if (options.certificate.empty())
    return fail(ErrorCode::invalid, "a TLS server needs a certificate");
  TRY(set_identity(ctx, {options.certificate, options.key, options.key_password}));
  if (!options.client_ca.empty()) {
    TRY(trust(ctx, options.client_ca));
    for (const auto& certificate : TRY(read_certificates(options.client_ca)))
      SSL_CTX_add_client_CA(ctx, certificate.get());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, note_verify_failure);
  }
  state->server_alpn = alpn_on_wire(options.alpn);
  if (!state->server_alpn.empty()) SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, nullptr);
  // Sessions live in the client's ticket, not in our memory.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char session_context[] = "brunt";
  SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1);
  SSL_CTX_set_num_tickets(ctx, 1);
  return std::unique_ptr<TlsContext>(new TlsContext(state));
}

}  // namespace brunt
