// The `redis` step: { redis: [SET, key, value] }, or several commands that are sent together:
// { redis: [[INCR, a], [INCR, b]] }; with name, check, capture, target, timeout, tags beside it.
#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "base/url.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

// redis://host:port/0, host:port, or a service of this plan.
void read_redis_target(StepReadContext& context, const Field& field, RedisStep& step) {
  const StepTarget target{.step = "redis", .at = step.at, .member = "url"};
  if (!read_step_target(context, field, target, step.target)) return;
  const std::string& text = step.target.text();
  if (!text.contains("://") && !text.contains(':')) {
    context.read.error(field,
                       fmt::format("\"{}\" is neither a service of this plan nor an address: write "
                                   "redis://host:6379/0",
                                   text));
  } else if (text.contains("://") && !text.starts_with("redis://") && !text.starts_with("tcp://")) {
    context.read.error(field, "a target for redis begins with redis://");
  }
}

void read_words(ReadContext& read, const Field& field, RedisStep& step) {
  std::vector<Template> words;
  for (const Field& item : list_items(read, field)) {
    Template word;
    if (read.read(item, word)) words.push_back(std::move(word));
  }
  if (field.node->items.empty()) read.error(field, "an empty command: write [SET, key, value]");
  step.commands.push_back(std::move(words));
}

void read_commands(ReadContext& read, const Field& field, RedisStep& step) {
  if (field.node->kind == YamlNode::Kind::scalar) {
    Template word;
    if (!read.read(field, word)) return;
    if (word.source().contains(' ')) read.error(field, "write a command as a list: [GET, key]");
    step.commands.push_back({std::move(word)});
    return;
  }
  const std::vector<Field> items = list_items(read, field);
  const bool several = !items.empty() && items.front().node->kind == YamlNode::Kind::list;
  constexpr std::size_t commands_max = 10'000;  // One request; a loop is for more.
  if (several && items.size() > commands_max)
    read.error(field, fmt::format("more than {} commands in one request", commands_max));
  if (!several) {
    read_words(read, field, step);
    return;
  }
  for (const Field& item : items) read_words(read, item, step);
}

std::string default_name(const RedisStep& step) {
  if (step.commands.size() != 1) return "pipeline";
  const std::vector<Template>& words = step.commands.front();
  if (words.empty() || !words.front().is_constant()) return "redis";
  std::string name = words.front().text();
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// What only HTTP's replies have.
void refuse_http(ReadContext& read, const RedisStep& step) {
  constexpr std::string_view words = "a reply of redis has no status, header or cookie";
  for (const Check& check : step.checks)
    if (std::holds_alternative<StatusCheck>(check.what) ||
        std::holds_alternative<HeaderCheck>(check.what))
      read.error(check.at, "redis.check", words);
  for (const Capture& capture : step.captures)
    if (std::holds_alternative<StatusSource>(capture.from) ||
        std::holds_alternative<HeaderSource>(capture.from) ||
        std::holds_alternative<CookieSource>(capture.from))
      read.error(capture.at, "redis.capture", words);
}

}  // namespace

RedisStep read_redis(StepReadContext& context, MapReader& map) {
  ReadContext& read = context.read;
  RedisStep step;
  const Field redis = map.find("redis");
  step.at = redis.at;
  read_commands(read, redis, step);
  step.name = default_name(step);
  read_redis_target(context, map.find("target"), step);
  read_step_name(read, map.find("name"), step.name);
  if (const Field checks = map.find("check")) step.checks = read_checks(read, checks);
  if (const Field captures = map.find("capture")) step.captures = read_captures(read, captures);
  refuse_http(read, step);
  read_timeout(read, map.find("timeout"), step.timeout);
  read.read_tags(map.find("tags"), step.tags);
  map.refuse({"account"});
  map.finish();
  return step;
}

}  // namespace brunt
