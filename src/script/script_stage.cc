#include "script/script_stage.h"

#include <fmt/format.h>

#include "base/units.h"
#include "loop/fiber_group.h"

namespace brunt {

Result<std::string> ScriptStage::run(Fiber& self, const std::string& function,
                                     std::string_view data, Duration limit) {
  auto body = TRY(ScriptBody::create(context_, {.registry = registry_, .outside = true}));
  Result<std::string> returned;
  FiberGroup group(self.loop());
  TRY(group.spawn("script",
                  [&](Fiber& fiber) { returned = body->run_once(fiber, function, data); }));
  const auto joined = group.join_until(self, self.now() + limit);
  if (!joined && joined.error().code == ErrorCode::timeout)
    return fail(ErrorCode::timeout,
                fmt::format("{}() took longer than {}", function, format_duration(limit)));
  if (!returned) return fail_in(function + "()", returned.error());
  return returned;
}

}  // namespace brunt
