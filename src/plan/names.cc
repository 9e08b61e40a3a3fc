#include "plan/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace brunt {
namespace {

// What brunt itself calls so; `env` and `response` come into a table as symbols of their own kind.
constexpr std::array<std::string_view, 10> own_names = {
    "vu",   "vu_in_scenario", "iteration", "iteration_in_test", "scenario", "env", "response",
    "true", "false",          "null"};

bool is_own(const Symbol& symbol) {
  return std::holds_alternative<EnvironmentSymbol>(symbol) ||
         std::holds_alternative<ReplySymbol>(symbol);
}

}  // namespace

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::ranges::all_of(text, fits);
}

Result<> NameTable::add(std::string_view name, Symbol symbol, std::string_view what, Position at) {
  if (!is_identifier(name))
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" cannot be a {}'s name in expressions: letters, digits and _, "
                            "not starting with a digit",
                            name, what));
  if (!is_own(symbol) && std::ranges::find(own_names, name) != own_names.end())
    return fail(
        ErrorCode::invalid,
        fmt::format("a {} cannot be called \"{}\": brunt itself uses that name", what, name));
  // A scenario's own `env` hides the plan's.
  const Entry* other = find_entry(name);
  if (other != nullptr && !is_own(symbol)) {
    const std::string where = other->at.line == 0 ? "" : fmt::format(" of line {}", other->at.line);
    return fail(ErrorCode::invalid, fmt::format("the {0} \"{1}\" clashes with the {2} \"{1}\"{3}: "
                                                "every name stands for one thing",
                                                what, name, other->what, where));
  }
  entries_.push_back({std::string(name), std::move(symbol), std::string(what), at});
  return {};
}

void NameTable::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
}

const NameTable::Entry* NameTable::find_entry(std::string_view name) const {
  for (const NameTable* table = this; table != nullptr; table = table->outer_)
    for (const Entry& entry : table->entries_)
      if (entry.name == name) return &entry;
  return nullptr;
}

const Symbol* NameTable::find(std::string_view name) const {
  const Entry* entry = find_entry(name);
  return entry == nullptr ? nullptr : &entry->symbol;
}

std::vector<std::string_view> NameTable::all() const {
  std::vector<std::string_view> names = {"vu", "vu_in_scenario", "iteration", "iteration_in_test",
                                         "scenario"};
  for (const NameTable* table = this; table != nullptr; table = table->outer_)
    for (const Entry& entry : table->entries_) names.emplace_back(entry.name);
  return names;
}

}  // namespace brunt
