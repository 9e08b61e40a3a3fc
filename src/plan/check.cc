#include "plan/check.h"

namespace brunt {
namespace {

template <typename T>
bool compares(Comparison comparison, const T& left, const T& right) {
  switch (comparison) {
    case Comparison::equal:
      return left == right;
    case Comparison::not_equal:
      return left != right;
    case Comparison::less:
      return left < right;
    case Comparison::less_equal:
      return left <= right;
    case Comparison::greater:
      return left > right;
    case Comparison::greater_equal:
      return left >= right;
  }
  return false;
}

bool compares_json(Comparison comparison, const Json& left, const Json& right) {
  if (left.is_number() && right.is_number())
    return compares(comparison, left.number(), right.number());
  if (left.is_string() && right.is_string())
    return compares(comparison, left.string(), right.string());
  if (comparison == Comparison::equal) return left == right;
  return comparison == Comparison::not_equal && !(left == right);
}

bool holds(const StatusCheck& check, ReplyView& reply, const Scope&) {
  return check.contains(reply.status());
}

bool holds(const BodyContains& check, ReplyView& reply, const Scope& scope) {
  if (check.text.is_constant()) return reply.body().contains(check.text.text());
  const auto text = check.text.expand(scope);
  return text && reply.body().contains(*text);
}

bool holds(const BodyMatches& check, ReplyView& reply, const Scope&) {
  return check.pattern.matches(reply.body()).value_or(false);
}

bool holds(const BodyEquals& check, ReplyView& reply, const Scope& scope) {
  if (check.text.is_constant()) return reply.body() == check.text.text();
  const auto text = check.text.expand(scope);
  return text && reply.body() == *text;
}

bool holds(const JsonCheck& check, ReplyView& reply, const Scope& scope) {
  const Json* body = reply.json();
  if (body == nullptr) return false;
  const auto found = check.path.first(*body);
  if (!found) return false;
  if (!check.value) return true;
  const auto value = check.value->evaluate(scope);
  return value && compares_json(check.comparison, *found, *value);
}

bool holds(const HeaderCheck& check, ReplyView& reply, const Scope& scope) {
  const auto found = reply.header(check.name);
  if (!found) return false;
  if (const auto* pattern = std::get_if<Regex>(&check.value))
    return pattern->matches(*found).value_or(false);
  if (const auto* text = std::get_if<Template>(&check.value)) {
    const auto wanted = text->expand(scope);
    return wanted && *wanted == *found;
  }
  return true;
}

bool holds(const DurationCheck& check, ReplyView& reply, const Scope&) {
  return compares(check.comparison, reply.duration(), check.limit);
}

bool holds(const SizeCheck& check, ReplyView& reply, const Scope&) {
  return compares<std::uint64_t>(check.comparison, reply.body().size(), check.bytes);
}

bool holds(const Expression& check, ReplyView& reply, const Scope& scope) {
  Scope with_reply = scope;
  with_reply.reply = &reply;
  return check.test(with_reply).value_or(false);
}

}  // namespace

bool Check::holds(ReplyView& reply, const Scope& scope) const {
  return std::visit([&](const auto& check) { return brunt::holds(check, reply, scope); }, what);
}

}  // namespace brunt
