// What the readers of a plan file share: fields with their way through the keys, typed values out
// of them, and maps that know which keys they were asked for.
//
//   MapReader map(context, {node, "scenarios.device"});
//   context.read(map.find("vus"), options.vus);         // absent: left as it is; wrong: an error
//   map.finish();                                       // every key that nobody asked for: an
//   error
//
// Errors are collected, reading goes on: an erroneous value leaves its target as it was.
#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "plan/expression.h"
#include "plan/json_template.h"
#include "plan/plan_errors.h"
#include "plan/steps.h"
#include "plan/yaml_node.h"

namespace brunt {

struct Field {
  const YamlNode* node = nullptr;  // nullptr: not there.
  std::string path;                // scenarios.device.vus
  Position at;                     // Of the key; of a list's item, of the item.
  explicit operator bool() const { return node != nullptr; }
};

class ReadContext {
 public:
  ReadContext(PlanErrors& errors, std::filesystem::path folder)
      : errors_(errors), folder_(std::move(folder)) {}

  void error(const Field& field, std::string_view text);
  void error(Position at, std::string_view path, std::string_view text);

  std::size_t error_count() const { return errors_.all().size(); }

  // Scalars. Expressions in them must be constant: made of vars and env. True if `out` was set.
  bool read(const Field& field, std::string& out);
  bool read(const Field& field, bool& out);
  bool read(const Field& field, double& out);
  bool read(const Field& field, std::uint32_t& out);
  bool read(const Field& field, std::uint64_t& out);
  bool read(const Field& field, Duration& out);
  bool read(const Field& field, DurationRange& out);
  bool read(const Field& field, std::filesystem::path& out);  // Relative to the plan file.
  template <typename T>
  bool read(const Field& field, std::optional<T>& out) {
    T value{};
    const bool done = read(field, value);
    if (done) out = std::move(value);
    return done;
  }

  // Texts that may depend on the run. A list or map is an error.
  bool read(const Field& field, Template& out);
  bool read(const Field& field, std::vector<NamedTemplate>& out);  // A map of texts.
  bool read_tags(const Field& field, Tags& out);
  // `${...}`, or the bare expression without it.
  bool read_expression(const Field& field, Expression& out);
  // Any value: plain numbers, true, false and null as such, all else as text.
  bool read_json(const Field& field, JsonTemplate& out);
  bool read_file_content(const Field& field, std::string& out);  // The file that a path names.

  // What `names` sees; must outlive its use.
  const NameTable* names = nullptr;
  Uses uses;  // Everything that was compiled since it was last cleared.

 private:
  bool scalar_of(const Field& field, std::string_view what);
  template <typename T>
  bool parse_with(const Field& field, Result<T> (*parse)(std::string_view), T& out);
  void compile_error(const Field& field, const CompileError& error);
  bool add_json(const Field& field, JsonTemplate& out);

  PlanErrors& errors_;
  std::filesystem::path folder_;
};

class MapReader {
 public:
  // Not a map: an error, and an empty map from here on. Duplicate keys: errors.
  MapReader(ReadContext& context, Field field);

  Field find(std::string_view key);
  // Two spellings of one key: start_vus, startVUs.
  Field find(std::string_view key, std::string_view other);
  Field require(std::string_view key);  // Missing: an error.

  // Keys of things that this version does not do yet.
  void refuse(std::initializer_list<std::string_view> later);
  // Keys that were known by another way, so that finish() does not report them.
  void know(std::string_view key) { known_.emplace_back(key); }
  void finish();

  const Field& field() const { return field_; }
  Field member(const YamlNode::Member& member) const;
  const std::vector<YamlNode::Member>& members() const;

 private:
  ReadContext& context_;
  Field field_;
  bool is_map_ = false;
  std::vector<std::string> known_;
  std::vector<std::string> refused_;
};

// The items of a list as fields; not a list: an error and none.
std::vector<Field> list_items(ReadContext& context, const Field& field);

// The value of an unquoted scalar that is a JSON number, true or false; else its text.
Json plain_value(const YamlNode& node);

}  // namespace brunt
