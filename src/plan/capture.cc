#include "plan/capture.h"

#include <utility>

namespace brunt {
namespace {

using Found = Result<std::optional<Json>>;

Found find(const JsonPath& path, ReplyView& reply) {
  const Json* body = reply.json();
  return body == nullptr ? std::nullopt : path.first(*body);
}

Found find(const AllMatches& all, ReplyView& reply) {
  const Json* body = reply.json();
  if (body == nullptr) return std::nullopt;
  std::vector<Json> matches = TRY(all.path.all(*body));
  if (matches.empty()) return std::nullopt;
  return Json(std::move(matches));
}

Found text(std::optional<std::string_view> value) {
  return value ? std::optional<Json>(Json(*value)) : std::nullopt;
}

Found find(const Regex& pattern, ReplyView& reply) {
  return text(TRY(pattern.capture(reply.body())));
}
Found find(const HeaderSource& from, ReplyView& reply) {
  return text(reply.header(from.name));
}
Found find(const CookieSource& from, ReplyView& reply) {
  return text(reply.cookie(from.name));
}
Found find(const StatusSource&, ReplyView& reply) {
  return Json(reply.status());
}
Found find(const BodySource&, ReplyView& reply) {
  return Json(reply.body());
}

}  // namespace

Result<std::optional<Json>> Capture::take(ReplyView& reply) const {
  auto found = TRY(std::visit([&](const auto& source) { return find(source, reply); }, from));
  // A null in the reply is as good as nothing: a null slot is one that is not set.
  if (!found || found->is_null()) return fallback;
  return found;
}

}  // namespace brunt
