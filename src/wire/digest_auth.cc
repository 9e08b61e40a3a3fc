#include "wire/digest_auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace brunt {
namespace {

struct DigestChallenge {
  std::string realm, nonce, opaque, algorithm, qop;
};

std::string* part_of(DigestChallenge& challenge, std::string_view name) {
  if (equal_ignoring_case(name, "realm")) return &challenge.realm;
  if (equal_ignoring_case(name, "nonce")) return &challenge.nonce;
  if (equal_ignoring_case(name, "opaque")) return &challenge.opaque;
  if (equal_ignoring_case(name, "algorithm")) return &challenge.algorithm;
  if (equal_ignoring_case(name, "qop")) return &challenge.qop;
  return nullptr;
}

// A token, or a text in quotes; takes it from `rest`.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return value;
}

Result<DigestChallenge> read_challenge(std::string_view text) {
  constexpr std::string_view scheme = "digest ";
  std::string_view rest = trim(text);
  if (rest.size() < scheme.size() || !equal_ignoring_case(rest.substr(0, scheme.size()), scheme))
    return fail(ErrorCode::malformed, "the server asks for another authentication than Digest");
  rest.remove_prefix(scheme.size());
  DigestChallenge challenge;
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    const std::string_view name = trim(rest.substr(0, equals));
    rest = trim(rest.substr(equals + 1));
    std::string value = take_value(rest);
    if (std::string* part = part_of(challenge, name)) *part = std::move(value);
    rest = trim(rest);
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  if (challenge.nonce.empty())
    return fail(ErrorCode::malformed, "a Digest challenge without nonce");
  return challenge;
}

bool offers_auth(std::string_view qop) {
  return std::ranges::any_of(
      split(qop, ','), [](std::string_view one) { return equal_ignoring_case(trim(one), "auth"); });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Result<std::string> digest_authorization(std::string_view text, const DigestAnswer& answer) {
  const DigestChallenge challenge = TRY(read_challenge(text));
  const bool is_session = equal_ignoring_case(challenge.algorithm, "md5-sess");
  if (!challenge.algorithm.empty() && !is_session &&
      !equal_ignoring_case(challenge.algorithm, "md5"))
    return fail(ErrorCode::unsupported,
                fmt::format("Digest with {}: MD5 and MD5-sess are known", challenge.algorithm));
  if (!challenge.qop.empty() && !offers_auth(challenge.qop))
    return fail(ErrorCode::unsupported,
                fmt::format("Digest with qop {}: auth is known", challenge.qop));
  std::string secret =
      md5_hex(fmt::format("{}:{}:{}", answer.user, challenge.realm, answer.password));
  if (is_session) secret = md5_hex(fmt::format("{}:{}:{}", secret, challenge.nonce, answer.chance));
  const std::string asked = md5_hex(fmt::format("{}:{}", answer.method, answer.target));
  constexpr std::string_view count = "00000001";
  const std::string response =
      md5_hex(challenge.qop.empty() ? fmt::format("{}:{}:{}", secret, challenge.nonce, asked)
                                    : fmt::format("{}:{}:{}:{}:auth:{}", secret, challenge.nonce,
                                                  count, answer.chance, asked));
  std::string field = fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
                                  quoted(answer.user), quoted(challenge.realm),
                                  quoted(challenge.nonce), quoted(answer.target), response);
  if (!challenge.algorithm.empty()) field += ", algorithm=" + challenge.algorithm;
  if (!challenge.opaque.empty()) field += ", opaque=" + quoted(challenge.opaque);
  if (!challenge.qop.empty())
    field += fmt::format(", qop=auth, nc={}, cnonce={}", count, quoted(answer.chance));
  return field;
}

}  // namespace brunt
