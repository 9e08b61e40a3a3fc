// What a run says beside its results: a script's console lines and brunt's warnings, in the lines
// that k6 writes, to where k6's flags send them.
//
//   RunLog log = TRY(RunLog::open({.output = "file=run.log", .format = "json"}));
//   log.write("console.warn: slow");
//   // writes {"level":"warning","msg":"slow","source":"console","time":"…"}
//   LoggingObserver observer(log, view);
//
// Source: k6's --log-output, --log-format, --verbose and --console-output; the lines are logrus's.
#pragma once
#include <cstdio>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "cli/live_view.h"
#include "report/style.h"
#include "run/progress.h"

namespace brunt {

enum class LogLevel : std::uint8_t { error, warning, info, debug };
enum class LogFormat : std::uint8_t { text, json, raw };

struct LogOptions {
  std::string output = "stderr";  // stderr, stdout, none, file=PATH[,level=…]
  std::string format = "text";    // text, json, raw
  bool is_verbose = false;        // console.debug() too.
  bool no_colour = false;
};

struct LogEntry {
  LogLevel level = LogLevel::warning;
  std::string source;  // "console", "http-debug"; "": brunt itself.
  std::string message;
};

// Of what a run observer is told: "console.log: it works".
LogEntry log_entry_of(std::string_view text);
// One line, without its end. `time`: as format_wall_time() writes it.
std::string log_line(const LogEntry& entry, LogFormat format, std::string_view time);
// The same on a terminal: `INFO[0003] it works   source=console`.
std::string coloured_log_line(const LogEntry& entry, Duration elapsed);

class RunLog {
 public:
  // Errors: invalid: an output that is none; those of opening the file for appending.
  static Result<RunLog> open(const LogOptions& options);

  // Whether the entry's level is asked for, and there is somewhere to write it.
  bool takes(const LogEntry& entry) const;
  // Whether brunt's own warnings are shown by the view, which has words and colours for them.
  bool leaves_warnings_to_view() const { return out_ == stderr && format_ == LogFormat::text; }
  void write(const LogEntry& entry);
  void write(std::string_view text) { write(log_entry_of(text)); }

  LogFormat format() const { return format_; }
  LogLevel level() const { return level_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  RunLog() = default;

  std::unique_ptr<std::FILE, Close> file_;
  std::FILE* out_ = stderr;  // nullptr: nowhere.
  LogFormat format_ = LogFormat::text;
  LogLevel level_ = LogLevel::info;  // And all that is worse.
  bool is_coloured_ = false;
  WallTime begin_ = wall_now();
};

// Sends what is said to the log, and all else to the view. Both must outlive it.
class LoggingObserver final : public RunObserver {
 public:
  LoggingObserver(RunLog& log, LiveView& view) : log_(log), view_(view) {}
  ~LoggingObserver() override;

  // --console-output: a script's console goes into this file instead. Errors: those of opening it
  // for appending.
  Result<> send_console_to(const std::string& place);

  void phase(const std::string& text) override { view_.phase(text); }
  void warning(const std::string& text) override;
  void second(const Progress& progress) override { view_.second(progress); }
  void ended() override { view_.ended(); }

  LoggingObserver(const LoggingObserver&) = delete;
  LoggingObserver& operator=(const LoggingObserver&) = delete;

 private:
  RunLog& log_;
  LiveView& view_;
  std::FILE* console_ = nullptr;
};

}  // namespace brunt
