#include "plan/json_template.h"

#include <utility>

namespace brunt {
namespace {

std::expected<void, CompileError> add_json(const Json& value, const NameTable& names,
                                           JsonTemplate& out) {
  if (value.is_string()) {
    out.add_template(TRY(Template::compile(value.string(), names)));
  } else if (value.is_array()) {
    out.add_text("[");
    for (const Json& element : value.array()) {
      if (&element != &value.array().front()) out.add_text(",");
      TRY(add_json(element, names, out));
    }
    out.add_text("]");
  } else if (value.is_object()) {
    out.add_text("{");
    for (const auto& member : value.object()) {
      if (&member != &value.object().front()) out.add_text(",");
      out.add_key(member.first);
      TRY(add_json(member.second, names, out));
    }
    out.add_text("}");
  } else {
    out.add_value(value);
  }
  return {};
}

}  // namespace

void JsonTemplate::add_text(std::string_view json) {
  tail_ += json;
}

void JsonTemplate::add_key(std::string_view key) {
  append_json_string(tail_, key);
  tail_ += ':';
}

void JsonTemplate::add_value(const Json& value) {
  value.append_to(tail_);
}

void JsonTemplate::add_template(Template text) {
  if (text.whole() != nullptr ? text.whole()->is_constant() : text.is_constant()) {
    // What is constant needs no Scope and cannot fail.
    add_value(text.evaluate(Scope{}).value_or(Json()));
  } else {
    holes_.push_back({std::exchange(tail_, {}), std::move(text)});
  }
}

Result<> JsonTemplate::append(const Scope& scope, std::string& out) const {
  for (const Hole& hole : holes_) {
    out += hole.before;
    if (const Expression* whole = hole.text.whole()) {
      const Json value = TRY(whole->evaluate(scope));
      value.append_to(out);
    } else {
      append_json_string(out, TRY(hole.text.expand(scope)));
    }
  }
  out += tail_;
  return {};
}

void JsonTemplate::collect(Uses& uses) const {
  for (const Hole& hole : holes_) hole.text.collect(uses);
}

std::expected<JsonTemplate, CompileError> compile_json_template(const Json& value,
                                                                const NameTable& names) {
  JsonTemplate result;
  TRY(add_json(value, names, result));
  return result;
}

}  // namespace brunt
