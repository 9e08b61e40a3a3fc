// What the engines' tests share: a loop, a directory that goes with the test, and one question and
// answer over TCP.
#pragma once
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/temporary_folder.h"
#include "engine/engine.h"
#include "engine/engine_directory.h"
#include "loop/loop.h"

namespace brunt {

inline void on_engine_loop(const std::function<void(Fiber&)>& body) {
  LoopOptions options;
  options.backend = BackendKind::epoll;
  auto loop = Loop::create(options);
  REQUIRE(loop.has_value());
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) { body(self); }));
  (*loop)->run();
}

// A directory that everybody may enter.
class EngineScratch {
 public:
  EngineScratch() {
    using std::filesystem::perms;
    std::filesystem::permissions(path(), perms::owner_all | perms::group_exec | perms::others_exec);
  }
  std::filesystem::path path() const { return folder_.path(); }
  std::size_t count() const { return entries_of(path()).size(); }

 private:
  TemporaryFolder folder_ = TemporaryFolder::make("brunt-test").value();
};

// False, with a message, where the engine is not installed.
inline bool has_engine(std::string_view kind) {
  for (const EngineKind& engine : known_engines()) {
    if (engine.name != kind) continue;
    if (find_engine(engine)) return true;
    MESSAGE("skipped: ", engine.program, " is not installed (apt-get install ", engine.package,
            ")");
  }
  return false;
}

inline std::unique_ptr<StartedService> start_known(Fiber& self, const EngineOptions& options) {
  auto started = start_engine(self, options);
  REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().text));
  return *std::move(started);
}

// What comes first in answer to `question`; "" with what went wrong in `error`.
inline std::string ask_once(Fiber& self, const Endpoint& at, std::string_view question,
                            Duration patience, ErrorCode* error = nullptr) {
  const Instant deadline = self.now() + patience;
  auto stream = self.loop().connect(self, {.to = at, .from = {}}, deadline);
  if (!stream) {
    if (error != nullptr) *error = stream.error().code;
    return {};
  }
  CHECK((*stream)->send(self, as_bytes(question), deadline));
  const auto came = (*stream)->receive(self, deadline);
  if (!came && error != nullptr) *error = came.error().code;
  return came ? std::string(as_text(*came)) : "";
}

}  // namespace brunt
