// The live view of a run: a few lines that are redrawn each second on a terminal, plain lines every
// ten seconds elsewhere.
//
// It writes to standard error, so that standard output stays clean for the summary or a report.
#pragma once
#include <cstdio>
#include <string>

#include "report/style.h"
#include "run/progress.h"

namespace brunt {

class LiveView : public RunObserver {
 public:
  enum class Mode : std::uint8_t { redraw, lines, quiet };

  LiveView(std::FILE* out, Mode mode, Style style) : out_(out), mode_(mode), style_(style) {}

  void phase(const std::string& text) override;
  void warning(const std::string& text) override;
  void second(const Progress& progress) override;
  void ended() override;
  // Before somebody else writes to the same terminal.
  void make_room() { erase(); }

 private:
  void erase();

  std::FILE* out_;
  Mode mode_;
  Style style_;
  int lines_drawn_ = 0;
  std::int64_t last_line_s_ = -1;
};

// The lines that `redraw` shows. Pure: for tests, and for anybody who wants the text.
std::string render_live(const Progress& progress, const Style& style);
// The one line that `lines` prints.
std::string render_line(const Progress& progress);

}  // namespace brunt
