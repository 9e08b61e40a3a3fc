#include "plan/steps.h"

namespace brunt {

std::string without_credentials(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return std::string(target);
  const std::size_t host = scheme + 3;
  const std::size_t at = target.substr(0, target.find_first_of("/?#", host)).rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(target);
  return std::string(target.substr(0, host)).append(target.substr(at + 1));
}

std::string default_request_name(std::string_view target_text) {
  std::string target = without_credentials(target_text);
  int depth = 0;  // A `?` within an expression is not the query's.
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (std::string_view(target).substr(i).starts_with("${")) ++depth;
    if (target[i] == '}' && depth > 0) --depth;
    if ((target[i] == '?' || target[i] == '#') && depth == 0) return target.substr(0, i);
  }
  return target;
}

std::vector<const std::vector<Step>*> inner_steps(const Step& step) {
  if (const auto* loop = std::get_if<LoopStep>(&step.kind)) return {&loop->steps};
  if (const auto* branch = std::get_if<IfStep>(&step.kind))
    return {&branch->then_steps, &branch->else_steps};
  if (const auto* parallel = std::get_if<ParallelStep>(&step.kind)) return {&parallel->steps};
  return {};
}

bool is_request(const Step& step) {
  return std::holds_alternative<RequestStep>(step.kind) ||
         std::holds_alternative<FrameStep>(step.kind) ||
         std::holds_alternative<RedisStep>(step.kind);
}

}  // namespace brunt
