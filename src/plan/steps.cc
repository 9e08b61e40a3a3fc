#include "plan/steps.h"

namespace brunt {

std::string default_request_name(std::string_view target) {
  int depth = 0;  // A `?` within an expression is not the query's.
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target.substr(i).starts_with("${")) ++depth;
    if (target[i] == '}' && depth > 0) --depth;
    if ((target[i] == '?' || target[i] == '#') && depth == 0)
      return std::string(target.substr(0, i));
  }
  return std::string(target);
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
