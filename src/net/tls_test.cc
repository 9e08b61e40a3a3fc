// TLS handshakes over the simulated network: what is accepted, what is refused and in which words.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

#include "loop/socket.h"
#include "net/tls_fixture.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t second_ns = 1'000'000'000;

struct Handshake {
  Result<TlsInfo> client = fail(ErrorCode::io, "not run");
  Result<TlsInfo> server = fail(ErrorCode::io, "not run");
  Result<> first_reply = fail(ErrorCode::io, "not run");  // Of the client's first receive().
};

struct Want {
  std::string server_name = "shop.test";
  std::vector<std::string> alpn;
  std::uint64_t cut_after = std::numeric_limits<std::uint64_t>::max();
};

// A handshake, then one byte from the server to the client.
Handshake shake(TlsContext& server, TlsContext& client, const Want& want) {
  Handshake out;
  run_both(
      calm(),
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        auto tls = tls_accept(self, std::move(stream), server, self.now() + 30s);
        if (tls) out.server = tls->info;
        if (!tls) out.server = std::unexpected(tls.error());
        if (tls) (void)tls->stream->send(self, as_bytes("!"), self.now() + 30s);
      },
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        std::uint64_t left = want.cut_after;
        auto cut = std::make_unique<CutStream>(std::move(stream), left);
        auto tls =
            tls_connect(self, std::move(cut), client,
                        {.server_name = want.server_name, .alpn = want.alpn}, self.now() + 30s);
        if (!tls) {
          out.client = std::unexpected(tls.error());
          return;
        }
        out.client = tls->info;
        const Result<ByteView> reply = tls->stream->receive(self, self.now() + 30s);
        if (!reply) out.first_reply = std::unexpected(reply.error());
        if (reply) out.first_reply = {};
      });
  return out;
}

void check_refused(const Handshake& handshake, const std::vector<std::string>& words) {
  REQUIRE_FALSE(handshake.client.has_value());
  const Error& error = handshake.client.error();
  CHECK(error.code == ErrorCode::tls);
  CAPTURE(error.text);
  CHECK(error.text.starts_with(words.front()));
  for (const std::string& word : words) CHECK(error.text.find(word) != std::string::npos);
}

TEST_CASE("a good certificate is accepted, and both sides agree on what was chosen") {
  const auto server = context_of(serving(for_names({"shop.test", "127.0.0.1"})));
  const auto client = context_of(trusting(authority()));
  for (const char* name : {"shop.test", "SHOP.test.", "127.0.0.1"}) {
    CAPTURE(name);
    const Handshake handshake =
        shake(*server, *client, {.server_name = name, .alpn = {}, .cut_after = ~0ull});
    REQUIRE_MESSAGE(handshake.client.has_value(),
                    (handshake.client ? "" : handshake.client.error().text));
    CHECK(handshake.client->version == "TLSv1.3");
    CHECK(handshake.client->cipher == handshake.server->cipher);
    CHECK(handshake.client->alpn.empty());
    CHECK(handshake.first_reply.has_value());
  }
}

TEST_CASE("a certificate for others is refused with the name wanted and the names in it") {
  const auto server = context_of(serving(for_names({"other.test", "*.else.test", "10.0.0.1"})));
  const auto client = context_of(trusting(authority()));
  check_refused(shake(*server, *client, {}),
                {"name mismatch", "wanted shop.test", "other.test, *.else.test, 10.0.0.1"});
  check_refused(shake(*server, *client, {.server_name = "127.0.0.1", .alpn = {}}),
                {"name mismatch", "wanted 127.0.0.1"});
}

TEST_CASE("an unknown authority is refused, and the text says what to give") {
  const Certificate stranger =
      issue({.names = {"stranger"}, .not_before = {}, .not_after = {}}, nullptr);
  const auto server = context_of(serving(for_names({"shop.test"})));
  const auto client = context_of(trusting(stranger));
  check_refused(shake(*server, *client, {}),
                {"unknown authority", "shop.test", "brunt test authority", "CA file"});
  const auto self_signed = context_of(
      serving(issue({.names = {"shop.test"}, .not_before = {}, .not_after = {}}, nullptr)));
  check_refused(shake(*self_signed, *client, {}), {"unknown authority"});
}

TEST_CASE("a certificate outside its dates is refused with the date") {
  const std::int64_t now = wall_now().unix_ns;
  const WallTime past{now - 48 * 3600 * second_ns};
  const WallTime yesterday{now - 24 * 3600 * second_ns};
  const WallTime tomorrow{now + 24 * 3600 * second_ns};
  const auto client = context_of(trusting(authority()));
  const auto old = context_of(serving(
      issue({.names = {"shop.test"}, .not_before = past, .not_after = yesterday}, &authority())));
  check_refused(shake(*old, *client, {}), {"expired", "GMT"});
  const auto early = context_of(serving(
      issue({.names = {"shop.test"}, .not_before = tomorrow, .not_after = {}}, &authority())));
  check_refused(shake(*early, *client, {}), {"not yet valid", "GMT"});
}

TEST_CASE("where no authority is given the system's are trusted") {
  const std::string& pem = authority().certificate;
  const Descriptor roots(memfd_create("roots", MFD_CLOEXEC));
  REQUIRE(::write(roots.number(), pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
  const std::string path = "/proc/self/fd/" + std::to_string(roots.number());
  REQUIRE(setenv("SSL_CERT_FILE", path.c_str(), 1) == 0);
  const auto client = context_of(TlsClientOptions{});
  const auto server = context_of(serving(for_names({"shop.test"})));
  const bool is_accepted = shake(*server, *client, {}).client.has_value();
  unsetenv("SSL_CERT_FILE");
  CHECK(is_accepted);
}

TEST_CASE("insecure accepts any certificate") {
  TlsClientOptions options;
  options.insecure = true;
  const auto client = context_of(options);
  const auto server = context_of(
      serving(issue({.names = {"other.test"}, .not_before = {}, .not_after = {}}, nullptr)));
  CHECK(shake(*server, *client, {}).client.has_value());
}

TEST_CASE("a server that wants a client certificate takes the right one only") {
  TlsServerOptions strict = serving(for_names({"shop.test"}));
  strict.client_ca = authority().certificate;
  const auto server = context_of(strict);

  const auto without = context_of(trusting(authority()));
  const Handshake refused = shake(*server, *without, {});
  // With TLS 1.3 the client has finished before the server has looked: it hears of it when it
  // reads.
  REQUIRE_FALSE(refused.first_reply.has_value());
  CHECK(refused.first_reply.error().code == ErrorCode::tls);
  CHECK(refused.first_reply.error().text == "refused by peer: certificate required");
  REQUIRE_FALSE(refused.server.has_value());
  CHECK(refused.server.error().text == "bad certificate: the client gave none");

  TlsClientOptions with = trusting(authority());
  const Certificate ours = for_names({"a client"});
  with.certificate = ours.certificate;
  with.key = ours.key;
  CHECK(shake(*server, *context_of(with), {}).first_reply.has_value());

  const Certificate stranger = issue({.names = {"x"}, .not_before = {}, .not_after = {}}, nullptr);
  with.certificate = stranger.certificate;
  with.key = stranger.key;
  const Handshake wrong = shake(*server, *context_of(with), {});
  REQUIRE_FALSE(wrong.server.has_value());
  CHECK(wrong.server.error().text.starts_with("unknown authority"));
}

TEST_CASE("ALPN takes the server's first choice, and no common one is a refusal") {
  TlsServerOptions options = serving(for_names({"shop.test"}));
  options.alpn = {"h2", "http/1.1"};
  const auto server = context_of(options);
  const auto client = context_of(trusting(authority()));
  const Handshake both = shake(*server, *client, {.alpn = {"http/1.1", "h2"}});
  REQUIRE(both.client.has_value());
  CHECK(both.client->alpn == "h2");
  CHECK(both.server->alpn == "h2");
  CHECK(shake(*server, *client, {.alpn = {}}).client->alpn.empty());
  check_refused(shake(*server, *client, {.alpn = {"smtp"}}),
                {"refused by peer", "no application protocol"});
}

TEST_CASE("versions that do not meet are a refusal, and a low one can be asked for") {
  TlsServerOptions modern = serving(for_names({"shop.test"}));
  modern.version_min = TlsVersion::tls_1_3;
  TlsClientOptions old = trusting(authority());
  old.version_max = TlsVersion::tls_1_2;
  check_refused(shake(*context_of(modern), *context_of(old), {}),
                {"refused by peer", "protocol version"});
  TlsServerOptions ancient = serving(for_names({"shop.test"}));
  ancient.version_min = ancient.version_max = TlsVersion::tls_1_0;
  old.version_min = TlsVersion::tls_1_0;
  const Handshake handshake = shake(*context_of(ancient), *context_of(old), {});
  REQUIRE_MESSAGE(handshake.client.has_value(),
                  (handshake.client ? "" : handshake.client.error().text));
  CHECK(handshake.client->version == "TLSv1");
}

TEST_CASE("a cipher asked for by either of its names is the one used") {
  const auto server = context_of(serving(for_names({"shop.test"})));
  for (const char* name :
       {"ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}) {
    TlsClientOptions options = trusting(authority());
    options.ciphers = name;
    options.version_max = TlsVersion::tls_1_2;
    const Handshake handshake = shake(*server, *context_of(options), {});
    REQUIRE(handshake.client.has_value());
    CHECK(handshake.client->cipher == "ECDHE-ECDSA-AES128-GCM-SHA256");
  }
}

TEST_CASE("a session is resumed when the client keeps sessions, with both versions") {
  for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    CAPTURE(name_of(version));
    const auto server = context_of(serving(for_names({"shop.test"})));
    TlsClientOptions options = trusting(authority());
    options.version_max = version;
    const auto client = context_of(options);
    CHECK_FALSE(shake(*server, *client, {}).client->resumed);
    CHECK(shake(*server, *client, {}).client->resumed);
    CHECK(shake(*server, *client, {}).client->resumed);
    options.sessions_max = 0;
    const auto forgetful = context_of(options);
    CHECK_FALSE(shake(*server, *forgetful, {}).client->resumed);
    CHECK_FALSE(shake(*server, *forgetful, {}).client->resumed);
  }
}

TEST_CASE("a session is not carried over to another server name") {
  const auto server = context_of(serving(for_names({"shop.test", "bank.test"})));
  const auto client = context_of(trusting(authority()));
  CHECK(shake(*server, *client, {}).client.has_value());
  CHECK_FALSE(shake(*server, *client, {.server_name = "bank.test", .alpn = {}}).client->resumed);
}

TEST_CASE("a handshake cut at any point says that it was cut") {
  const auto server = context_of(serving(for_names({"shop.test"})));
  TlsClientOptions options = trusting(authority());
  options.sessions_max = 0;
  const auto client = context_of(options);
  std::uint64_t cuts = 0;
  for (std::uint64_t at = 0;; at += at < 16 ? 1 : 37) {
    CAPTURE(at);
    const Handshake handshake =
        shake(*server, *client, {.server_name = "shop.test", .alpn = {}, .cut_after = at});
    if (handshake.client.has_value()) break;
    ++cuts;
    REQUIRE(handshake.client.error().code == ErrorCode::tls);
    REQUIRE(handshake.client.error().text.starts_with("handshake cut"));
  }
  CHECK(cuts > 30);
}

TEST_CASE("a server that speaks something else is called no TLS server") {
  const auto client = context_of(trusting(authority()));
  for (const std::string_view greeting : {std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                          std::string_view("SSH-2.0-OpenSSH_9.2\r\n"),
                                          std::string_view("\x05\x01\x02\x03\x04\x05")}) {
    CAPTURE(greeting);
    Result<TlsConnection> tls = fail(ErrorCode::io, "not run");
    run_both(
        calm(),
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          CHECK(stream->send(self, as_bytes(greeting), self.now() + 5s));
          CHECK(self.sleep(1s));
        },
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          tls = tls_connect(self, std::move(stream), *client, {.server_name = "shop.test"},
                            self.now() + 30s);
        });
    REQUIRE_FALSE(tls.has_value());
    CHECK(tls.error().code == ErrorCode::tls);
    CAPTURE(tls.error().text);
    CHECK(tls.error().text.starts_with("not a TLS server"));
  }
}

TEST_CASE("a server that never answers is a timeout") {
  const auto client = context_of(trusting(authority()));
  run_both(
      calm(),
      [&](Fiber& self, const std::unique_ptr<Stream>& /*stream*/) { CHECK(self.sleep(60s)); },
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        const auto tls = tls_connect(self, std::move(stream), *client, {.server_name = "shop.test"},
                                     self.now() + 5s);
        REQUIRE_FALSE(tls.has_value());
        CHECK(tls.error().code == ErrorCode::timeout);
      });
}

TEST_CASE("what cannot be read as a certificate or key is said with its file") {
  TlsClientOptions client;
  client.ca_file = "/nowhere/ca.pem";
  const auto missing = TlsContext::client(client);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().text.find("/nowhere/ca.pem") != std::string::npos);

  client.ca_file = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  CHECK(TlsContext::client(client).error().code == ErrorCode::invalid);

  TlsServerOptions server = serving(for_names({"shop.test"}));
  server.key = for_names({"shop.test"}).key;
  const auto other_key = TlsContext::server(server);
  REQUIRE_FALSE(other_key.has_value());
  CHECK(other_key.error().text.find("is not that of the certificate") != std::string::npos);
  CHECK(TlsContext::server({}).error().code == ErrorCode::invalid);

  client = {};
  client.ciphers = "NO-SUCH-CIPHER";
  CHECK(TlsContext::client(client).error().code == ErrorCode::invalid);
  client.ciphers = "TLS_NO_SUCH";
  CHECK(TlsContext::client(client).error().code == ErrorCode::invalid);
  client = {};
  client.version_min = TlsVersion::tls_1_3;
  client.version_max = TlsVersion::tls_1_2;
  CHECK(TlsContext::client(client).error().code == ErrorCode::invalid);
}

TEST_CASE("a TLS version is read in the ways people write it") {
  for (const char* text : {"1.2", "tls1.2", "TLSv1.2", "TLS 1.2", "tls_1_2"}) {
    CAPTURE(text);
    CHECK(parse_tls_version(text) == TlsVersion::tls_1_2);
  }
  for (const char* text : {"", "2", "1.4", "ssl3", "v12"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tls_version(text).has_value());
  }
}

}  // namespace
}  // namespace brunt
