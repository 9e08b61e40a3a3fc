// Where a script's console goes with --console-output: into a file, in lines as k6 writes them; all
// else goes on to the view.
//
//   auto console = TRY(ConsoleFile::open("console.log", view));
//   conduct(self, plan, options, *console, &signals);
#pragma once
#include <cstdio>
#include <memory>
#include <string>

#include "base/result.h"
#include "run/progress.h"

namespace brunt {

class ConsoleFile final : public RunObserver {
 public:
  // `view` must outlive it. Errors: those of opening the file for appending.
  static Result<std::unique_ptr<ConsoleFile>> open(const std::string& place, RunObserver& view);
  ~ConsoleFile() override;

  void phase(const std::string& text) override { view_.phase(text); }
  void warning(const std::string& text) override;
  void second(const Progress& progress) override { view_.second(progress); }
  void ended() override { view_.ended(); }

  ConsoleFile(const ConsoleFile&) = delete;
  ConsoleFile& operator=(const ConsoleFile&) = delete;

 private:
  ConsoleFile(std::FILE* file, RunObserver& view) : file_(file), view_(view) {}

  std::FILE* file_;
  RunObserver& view_;
};

// `level=info msg="it works" source=console`, of "console.log: it works"; "": nothing of a console.
std::string console_line(const std::string& text);

}  // namespace brunt
