// OpenSSL's side of net/tls.h, for tls_*.cc only; nobody else may include it.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/tls.h"

namespace brunt {

struct FreeOpenSsl {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL* ssl) const {
    // Without this OpenSSL takes a stream that was dropped for an attack, and spoils the session
    // that we keep for resumption.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
  }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using OpenSslPtr = std::unique_ptr<T, FreeOpenSsl>;

using CipherBytes = std::vector<unsigned char>;

// What the certificate check found, kept by its callback: the peer's certificate is gone by the
// time the handshake's failure is reported.
struct VerifyFailure {
  int code = X509_V_OK;
  std::string text;
};

// What hangs on each SSL object (SSL_set_app_data): the two ends of its BIO, and what callbacks
// leave.
struct TlsHooks {
  ByteView in;      // Ciphertext that came and OpenSSL has not taken yet.
  CipherBytes out;  // Ciphertext to be sent. Borrowed from the context while there is any.
  VerifyFailure failure;
  std::string wanted_name;
  std::string session_key;  // "" on servers, and where no session shall be kept.
  TlsContext::State* context = nullptr;
};

// A certificate with its chain, and its key.
struct TlsIdentity {
  std::vector<std::string> domains = {};
  std::vector<OpenSslPtr<X509>> chain;
  OpenSslPtr<EVP_PKEY> key = {};
};

struct TlsContext::State {
  OpenSslPtr<SSL_CTX> ctx;
  OpenSslPtr<BIO_METHOD> method;
  TlsClientOptions client;
  std::vector<TlsIdentity> identities;  // Of TlsClientOptions::for_domains.
  bool are_roots_due = false;           // The system's, still to be read.
  CipherBytes server_alpn;              // As on the wire: each name with its length in front.

  std::unordered_map<std::string, OpenSslPtr<SSL_SESSION>> sessions;

  // One scratch for what any stream of this context decrypts, and a few buffers for what is being
  // sent: an idle stream owns neither.
  std::vector<std::byte> plain;
  std::vector<CipherBytes> spare;

  void read_due_roots();
  CipherBytes take_buffer();
  void give_buffer(CipherBytes buffer);
};

// The stream code holds the context's state too, so that a stream that is still saying goodbye
// does not outlive it.
TlsHooks& hooks_of(const SSL* ssl);

CipherBytes alpn_on_wire(std::span<const std::string> names);

// Remembers why the check of a certificate failed; OpenSSL calls it for every flaw it sees.
int note_verify_failure(int preverified, X509_STORE_CTX* store);

// The oldest error in OpenSSL's queue, as one of the texts that net/tls.h lists. Clears the queue.
std::string tls_error_text(const TlsHooks& hooks);

// OpenSSL's own words for the last error; clears the queue.
std::string openssl_words();

}  // namespace brunt
