#include "plan/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "plan/expression_eval.h"
#include "plan/expression_functions.h"

namespace brunt {
namespace {

using Id = std::uint32_t;
template <typename T>
using Parsed = std::expected<T, CompileError>;

struct BinaryOperator {
  std::string_view sign;
  NodeKind kind;
  int level;  // Higher binds tighter.
};
// Longer signs first, so that `<=` is not read as `<`.
constexpr std::array binary_operators = {
    BinaryOperator{"||", NodeKind::logical_or, 1}, BinaryOperator{"&&", NodeKind::logical_and, 2},
    BinaryOperator{"==", NodeKind::equal, 3},      BinaryOperator{"!=", NodeKind::not_equal, 3},
    BinaryOperator{"<=", NodeKind::less_equal, 4}, BinaryOperator{">=", NodeKind::greater_equal, 4},
    BinaryOperator{"<", NodeKind::less, 4},        BinaryOperator{">", NodeKind::greater, 4},
    BinaryOperator{"+", NodeKind::add, 5},         BinaryOperator{"-", NodeKind::subtract, 5},
    BinaryOperator{"*", NodeKind::multiply, 6},    BinaryOperator{"/", NodeKind::divide, 6},
    BinaryOperator{"%", NodeKind::modulo, 6},
};

constexpr std::array<std::string_view, 7> reply_members = {
    "status", "body", "json", "duration_ms", "size", "header", "cookie"};

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, std::size_t at, const NameTable& names)
      : text_(text), at_(at), names_(names) {}

  Parsed<ParsedExpression> run() {
    static_cast<void>(TRY(conditional()));  // The root is the last node.
    skip_blank();
    return ParsedExpression{{std::move(nodes_)}, at_};
  }

 private:
  std::unexpected<CompileError> error(std::size_t at, std::string text) const {
    return std::unexpected(CompileError{std::move(text), at});
  }

  void skip_blank() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool take(std::string_view sign) {
    skip_blank();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  Parsed<void> expect(std::string_view sign) {
    if (take(sign)) return {};
    return error(at_, at_ >= text_.size()
                          ? fmt::format("the expression ends where \"{}\" is missing", sign)
                          : fmt::format("expected \"{}\"", sign));
  }

  // Adds a node; one that is pure and has only constant children is replaced by its value.
  Parsed<Id> add(ExpressionNode node, std::size_t at) {
    std::uint32_t depth = 0;
    bool constant = is_pure(node);
    for (const Id child : node.children) {
      depth = std::max(depth, depths_[child]);
      constant = constant && nodes_[child].kind == NodeKind::constant;
    }
    if (depth + 1 > limits_.depth_max || nodes_.size() >= limits_.nodes_max)
      return error(at, "the expression is too deep or too long: split it with vars");
    const bool leaf = node.kind == NodeKind::constant;
    nodes_.push_back(std::move(node));
    depths_.push_back(depth + 1);
    const Id id = static_cast<Id>(nodes_.size() - 1);
    if (!constant || leaf) return id;
    ExpressionCode so_far{std::move(nodes_)};
    auto value = evaluate_node(so_far, id, Scope{});
    nodes_ = std::move(so_far.nodes);
    if (!value) return error(at, value.error().text);
    return fold(id, std::move(*value));
  }

  // The children of a folded node are always the last nodes, so they can go.
  Id fold(Id id, Json value) {
    Id first = id;
    for (const Id child : nodes_[id].children) first = std::min(first, child);
    nodes_.resize(first);
    depths_.resize(first);
    nodes_.push_back({.kind = NodeKind::constant, .value = std::move(value), .children = {}});
    depths_.push_back(1);
    return first;
  }

  Parsed<Id> constant(Json value) {
    return add({.kind = NodeKind::constant, .value = std::move(value), .children = {}}, at_);
  }
  Parsed<Id> indexed(NodeKind kind, std::uint32_t index, std::uint32_t extra = 0) {
    return add({.kind = kind, .index = index, .extra = extra, .value = {}, .children = {}}, at_);
  }

  // c ? a : b
  Parsed<Id> conditional() {
    if (++nesting_ > limits_.depth_max) return error(at_, "the expression is nested too deeply");
    skip_blank();
    const std::size_t start = at_;
    Id result = TRY(binary(1));
    if (take("?")) {
      const Id yes = TRY(conditional());
      TRY(expect(":"));
      const Id no = TRY(conditional());
      result = TRY(
          add({.kind = NodeKind::conditional, .value = {}, .children = {result, yes, no}}, start));
    }
    --nesting_;
    return result;
  }

  std::optional<BinaryOperator> take_operator(int level) {
    skip_blank();
    const std::string_view rest = text_.substr(at_);
    for (const BinaryOperator& candidate : binary_operators) {
      if (!rest.starts_with(candidate.sign)) continue;
      if (candidate.level < level) return std::nullopt;
      at_ += candidate.sign.size();
      return candidate;
    }
    return std::nullopt;
  }

  Parsed<Id> binary(int level) {
    Id left = TRY(unary());
    for (;;) {
      const std::size_t start = at_;
      const auto sign = take_operator(level);
      if (!sign) return left;
      const Id right = TRY(binary(sign->level + 1));
      left = TRY(add({.kind = sign->kind, .value = {}, .children = {left, right}}, start));
    }
  }

  Parsed<Id> unary() {
    skip_blank();
    const std::size_t start = at_;
    const bool negative = take("-");
    if (!negative && !take("!")) return postfix();
    if (++nesting_ > limits_.depth_max) return error(at_, "the expression is nested too deeply");
    const Id operand = TRY(unary());
    --nesting_;
    return add({.kind = negative ? NodeKind::negate : NodeKind::logical_not,
                .value = {},
                .children = {operand}},
               start);
  }

  Parsed<Id> postfix() {
    Id result = TRY(primary());
    for (;;) {
      const std::size_t start = at_;
      if (take(".")) {
        const std::string_view name = identifier();
        if (name.empty()) return error(at_, "expected a member's name after the dot");
        result =
            TRY(add({.kind = NodeKind::member, .value = Json(name), .children = {result}}, start));
      } else if (take("[")) {
        const Id index = TRY(conditional());
        TRY(expect("]"));
        result =
            TRY(add({.kind = NodeKind::element, .value = {}, .children = {result, index}}, start));
      } else {
        return result;
      }
    }
  }

  std::string_view identifier() {
    skip_blank();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_identifier(text_.substr(start, at_ + 1 - start))) ++at_;
    return text_.substr(start, at_ - start);
  }

  Parsed<Id> primary() {
    skip_blank();
    if (at_ >= text_.size()) return error(at_, "the expression ends too early");
    const char first = text_[at_];
    if (first == '(') {
      ++at_;
      const Id inner = TRY(conditional());
      TRY(expect(")"));
      return inner;
    }
    if (first == '"' || first == '\'') return quoted();
    if (first >= '0' && first <= '9') return number();
    if (first == '[') return list();
    const std::size_t start = at_;
    const std::string_view name = identifier();
    if (name.empty())
      return error(at_, fmt::format("\"{}\" cannot start a value", character_at(at_)));
    skip_blank();
    if (at_ < text_.size() && text_[at_] == '(') return call(name, start);
    return variable(name, start);
  }

  // A whole UTF-8 character, so that the error text stays UTF-8.
  std::string_view character_at(std::size_t at) const {
    std::size_t end = at + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) ++end;
    return text_.substr(at, end - at);
  }

  Parsed<Id> quoted() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return constant(Json(std::move(value)));
      }
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      if (++at_ >= text_.size()) break;
      constexpr std::string_view escapes = "nrt\\\"'", meant = "\n\r\t\\\"'";
      const auto which = escapes.find(text_[at_]);
      if (which == std::string_view::npos)
        return error(at_ - 1, "unknown escape: \\n, \\r, \\t, \\\\, \\\" and \\' are known");
      value += meant[which];
    }
    return error(start, "the quoted text does not end");
  }

  Parsed<Id> number() {
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    std::int64_t whole = 0;
    const auto as_whole = std::from_chars(begin, end, whole);
    double real = 0;
    const auto as_real = std::from_chars(begin, end, real);
    if (as_real.ec != std::errc()) return error(at_, "the number is out of range");
    const bool fits = as_whole.ec == std::errc() && as_whole.ptr == as_real.ptr;
    const std::size_t start = at_;
    at_ += static_cast<std::size_t>(as_real.ptr - begin);
    if (at_ < text_.size() && is_identifier(text_.substr(at_, 1)))
      return error(start, "a number with a unit is a text: write it in quotes");
    return constant(fits ? Json(whole) : Json(real));
  }

  Parsed<Id> list() {
    const std::size_t start = at_++;
    ExpressionNode node{.kind = NodeKind::list, .value = {}, .children = {}};
    TRY(arguments("]", node));
    return add(std::move(node), start);
  }

  // Values up to `closing`, separated by commas.
  Parsed<void> arguments(std::string_view closing, ExpressionNode& node) {
    if (take(closing)) return {};
    do node.children.push_back(TRY(conditional()));
    while (take(","));
    return expect(closing);
  }

  Parsed<Id> call(std::string_view name, std::size_t start) {
    ++at_;  // (
    ExpressionNode node{.kind = NodeKind::call, .value = {}, .children = {}};
    TRY(arguments(")", node));
    if (name == "env") return environment_call(node, start);
    const ExpressionFunction* function = find_expression_function(name);
    if (function == nullptr) return error(start, unknown_function(name));
    const std::size_t given = node.children.size();
    if (given < function->arguments_min || given > function->arguments_max)
      return error(start, fmt::format("{}() does not take {} argument{}: {}", name, given,
                                      given == 1 ? "" : "s", function->usage));
    node.function = function;
    return add(std::move(node), start);
  }

  std::string unknown_function(std::string_view name) const {
    std::vector<std::string_view> known = {"env"};
    for (const ExpressionFunction& function : expression_functions())
      known.push_back(function.name);
    return fmt::format("unknown function \"{}\"{}", name, did_you_mean(name, known));
  }

  // env("NAME", "otherwise"): known when the plan is read, so a constant.
  Parsed<Id> environment_call(const ExpressionNode& node, std::size_t start) {
    for (const Id child : node.children)
      if (nodes_[child].kind != NodeKind::constant || !nodes_[child].value.is_string())
        return error(start, "env() takes quoted texts: env(\"NAME\", \"otherwise\")");
    if (node.children.empty() || node.children.size() > 2)
      return error(start, "env() takes a name and what to use where it is not set");
    const std::string name = nodes_[node.children[0]].value.string();
    const std::string* value = environment(name);
    Json result;
    if (value != nullptr)
      result = Json(*value);
    else if (node.children.size() == 2)
      result = nodes_[node.children[1]].value;
    else
      return error(start, fmt::format("the environment variable {} is not set", name));
    return constant(std::move(result));
  }

  const std::string* environment(std::string_view name) const {
    const Symbol* symbol = names_.find("env");
    if (symbol == nullptr) return nullptr;
    const auto& values = std::get<EnvironmentSymbol>(*symbol).values;
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
  }

  Parsed<Id> variable(std::string_view name, std::size_t start) {
    if (name == "true" || name == "false") return constant(Json(name == "true"));
    if (name == "null") return constant(Json());
    if (name == "vu") return indexed(NodeKind::vu, 0);
    if (name == "vu_in_scenario") return indexed(NodeKind::vu_in_scenario, 0);
    if (name == "iteration") return indexed(NodeKind::iteration, 0);
    if (name == "iteration_in_test") return indexed(NodeKind::iteration_in_test, 0);
    if (name == "scenario") return indexed(NodeKind::scenario, 0);
    if (name == "env") return environment_variable(start);
    const Symbol* symbol = names_.find(name);
    if (symbol == nullptr) return error(start, unknown_name(name));
    if (const auto* value = std::get_if<ConstantSymbol>(symbol)) return constant(value->value);
    if (const auto* slot = std::get_if<SlotSymbol>(symbol))
      return add({.kind = NodeKind::slot, .index = slot->slot, .value = Json(name), .children = {}},
                 start);
    if (const auto* data = std::get_if<DataSymbol>(symbol))
      return data_variable(name, *data, start);
    if (const auto* service = std::get_if<ServiceSymbol>(symbol))
      return service_variable(name, *service, start);
    return reply_variable(start);
  }

  std::string unknown_name(std::string_view name) const {
    if (find_expression_function(name) != nullptr)
      return fmt::format("\"{0}\" is a function: write {0}()", name);
    return fmt::format("unknown name \"{}\"{}", name, did_you_mean(name, names_.all()));
  }

  Parsed<Id> environment_variable(std::size_t start) {
    const std::string_view name = take(".") ? identifier() : std::string_view();
    if (name.empty()) return error(start, "write env.NAME, or env(\"NAME\", \"otherwise\")");
    if (const std::string* value = environment(name)) return constant(Json(*value));
    return error(start,
                 fmt::format("the environment variable {0} is not set; env(\"{0}\", \"otherwise\") "
                             "gives it a default",
                             name));
  }

  Parsed<Id> data_variable(std::string_view name, const DataSymbol& data, std::size_t start) {
    if (!take(".")) {
      Json::Array columns(data.columns.begin(), data.columns.end());
      return add({.kind = NodeKind::row,
                  .index = data.set,
                  .value = Json(std::move(columns)),
                  .children = {}},
                 start);
    }
    const std::string_view column = identifier();
    const auto found = std::ranges::find(data.columns, column);
    if (found == data.columns.end()) {
      const std::vector<std::string_view> known(data.columns.begin(), data.columns.end());
      return error(start, fmt::format("the data \"{}\" have no column \"{}\"{}", name, column,
                                      did_you_mean(column, known)));
    }
    const auto index = static_cast<std::uint32_t>(found - data.columns.begin());
    return add({.kind = NodeKind::cell,
                .index = data.set,
                .extra = index,
                .value = Json(fmt::format("{}.{}", name, column)),
                .children = {}},
               start);
  }

  Parsed<Id> service_variable(std::string_view name, const ServiceSymbol& service,
                              std::size_t start) {
    if (!take("."))
      return error(start, fmt::format("\"{0}\" is a service: write {0}.url or {0}.address", name));
    const std::string_view member = identifier();
    const auto found = std::ranges::find(service_members, member);
    if (found == service_members.end())
      return error(start, fmt::format("a service has no member \"{}\"{}", member,
                                      did_you_mean(member, service_members)));
    const auto slot =
        member_slot(service.service, static_cast<std::size_t>(found - service_members.begin()));
    return add({.kind = NodeKind::service_member,
                .index = static_cast<std::uint32_t>(slot),
                .extra = service.service,
                .value = Json(fmt::format("{}.{}", name, member)),
                .children = {}},
               start);
  }

  Parsed<Id> reply_variable(std::size_t start) {
    const std::string_view member = take(".") ? identifier() : std::string_view();
    const auto found = std::ranges::find(reply_members, member);
    if (found == reply_members.end())
      return error(
          start, fmt::format("response has no \"{}\"{}; it has {}", member,
                             did_you_mean(member, reply_members), fmt::join(reply_members, ", ")));
    ExpressionNode node{.kind = NodeKind::reply_member, .value = {}, .children = {}};
    node.index = static_cast<std::uint32_t>(found - reply_members.begin());
    if (member == "header" || member == "cookie") {
      if (!take("[")) return error(start, fmt::format("write response.{}[\"name\"]", member));
      const Id name = TRY(conditional());
      TRY(expect("]"));
      node.children.push_back(name);
    }
    return add(std::move(node), start);
  }

  std::string_view text_;
  std::size_t at_;
  const NameTable& names_;
  ExpressionLimits limits_;
  std::size_t nesting_ = 0;
  std::vector<ExpressionNode> nodes_;
  std::vector<std::uint32_t> depths_;
};

}  // namespace

std::expected<ParsedExpression, CompileError> parse_expression(std::string_view text,
                                                               std::size_t at,
                                                               const NameTable& names) {
  return ExpressionParser(text, at, names).run();
}

}  // namespace brunt
