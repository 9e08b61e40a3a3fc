#include "cli/run_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "record/run_info.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"error", "warning", "info", "debug"};

std::string_view name_of(LogLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

// Bare where it is one word.
void append_value(std::string& line, std::string_view value) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._/@^+").contains(c);
  };
  if (std::ranges::all_of(value, is_plain)) {
    line += value;
  } else {
    append_json_string(line, value);
  }
}

std::string now_as_text() {
  return format_wall_time(wall_now(), 0);
}

Result<std::FILE*> open_to_append(std::string_view option, const std::string& place) {
  std::FILE* const file = std::fopen(place.c_str(), "ae");
  if (file == nullptr)
    return std::unexpected(errno_error(fmt::format("{} {}", option, place), errno));
  return file;
}

// Of k6's names for levels, ours and those that k6 never uses.
Result<LogLevel> parse_level(std::string_view text) {
  const auto found = std::ranges::find(level_names, text);
  if (found != level_names.end()) return static_cast<LogLevel>(found - level_names.begin());
  if (text == "warn") return LogLevel::warning;
  if (text == "trace") return LogLevel::debug;
  if (text == "fatal" || text == "panic") return LogLevel::error;
  return fail(ErrorCode::invalid,
              fmt::format("--log-output level={}: error, warning, info, or debug", text));
}

struct LogFile {
  std::string path;
  std::optional<LogLevel> level;
};

// file=PATH,level=info
Result<LogFile> parse_log_file(std::string_view text) {
  LogFile file;
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (name == "file") {
      file.path = value;
    } else if (name == "level") {
      file.level = TRY(parse_level(value));
    } else {
      return fail(ErrorCode::invalid,
                  fmt::format("--log-output {}: a file takes file=PATH and level=LEVEL, not {}",
                              text, name));
    }
  }
  if (file.path.empty())
    return fail(ErrorCode::invalid, fmt::format("--log-output {}: write file=PATH", text));
  return file;
}

}  // namespace

LogEntry log_entry_of(std::string_view text) {
  constexpr std::string_view console = "console.", http_debug = "http-debug: ";
  LogEntry entry;
  if (text.starts_with(console)) {
    const auto colon = text.find(':');
    const std::string_view method = text.substr(console.size(), colon - console.size());
    entry.source = "console";
    entry.level = method == "error"   ? LogLevel::error
                  : method == "warn"  ? LogLevel::warning
                  : method == "debug" ? LogLevel::debug
                                      : LogLevel::info;
    text.remove_prefix(colon + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  } else if (text.starts_with(http_debug)) {
    entry.source = "http-debug";
    entry.level = LogLevel::info;
    text.remove_prefix(http_debug.size());
  }
  entry.message = text;
  return entry;
}

std::string log_line(const LogEntry& entry, LogFormat format, std::string_view time) {
  if (format == LogFormat::raw) return entry.message;
  if (format == LogFormat::json) {
    Json line{Json::Object{{"level", name_of(entry.level)}, {"msg", entry.message}}};
    if (!entry.source.empty()) line.set("source", entry.source);
    line.set("time", time);
    return line.dump();
  }
  std::string line = fmt::format("time=\"{}\" level={}", time, name_of(entry.level));
  if (!entry.message.empty()) append_value(line += " msg=", entry.message);
  if (!entry.source.empty()) append_value(line += " source=", entry.source);
  return line;
}

std::string coloured_log_line(const LogEntry& entry, Duration elapsed) {
  struct Look {
    std::string_view word;
    int colour;
  };
  constexpr std::array<Look, 4> looks = {{{"ERRO", 31}, {"WARN", 33}, {"INFO", 36}, {"DEBU", 37}}};
  const Look& look = looks[static_cast<std::size_t>(entry.level)];
  std::string line =
      fmt::format("\x1b[{}m{}\x1b[0m[{:04}] {} ", look.colour, look.word,
                  static_cast<std::int64_t>(seconds_of(elapsed)), pad_right(entry.message, 44));
  if (!entry.source.empty())
    append_value(line += fmt::format(" \x1b[{}msource\x1b[0m=", look.colour), entry.source);
  return line;
}

Result<RunLog> RunLog::open(const LogOptions& options) {
  RunLog log;
  log.format_ = options.format == "json"  ? LogFormat::json
                : options.format == "raw" ? LogFormat::raw
                                          : LogFormat::text;
  if (options.is_verbose) log.level_ = LogLevel::debug;
  if (options.output.starts_with("file")) {
    const LogFile file = TRY(parse_log_file(options.output));
    log.file_.reset(TRY(open_to_append("--log-output", file.path)));
    log.out_ = log.file_.get();
    if (file.level) log.level_ = *file.level;
  } else if (options.output == "none") {
    log.out_ = nullptr;
  } else if (options.output == "stderr" || options.output == "stdout") {
    const bool is_error = options.output == "stderr";
    log.out_ = is_error ? stderr : stdout;
    const Terminal terminal = Terminal::detect(is_error ? STDERR_FILENO : STDOUT_FILENO);
    log.is_coloured_ = terminal.style.colours == Colours::on && !options.no_colour;
  } else {
    return fail(ErrorCode::invalid,
                fmt::format("--log-output {}: stderr, stdout, none, or file=PATH", options.output));
  }
  return log;
}

bool RunLog::takes(const LogEntry& entry) const {
  return out_ != nullptr && entry.level <= level_;
}

void RunLog::write(const LogEntry& entry) {
  if (!takes(entry)) return;
  const std::string line =
      is_coloured_ && format_ == LogFormat::text
          ? coloured_log_line(entry, Duration(wall_now().unix_ns - begin_.unix_ns))
          : log_line(entry, format_, now_as_text());
  std::fprintf(out_, "%s\n", line.c_str());
  std::fflush(out_);
}

LoggingObserver::~LoggingObserver() {
  if (console_ != nullptr) std::fclose(console_);
}

Result<> LoggingObserver::send_console_to(const std::string& place) {
  console_ = TRY(open_to_append("--console-output", place));
  return {};
}

void LoggingObserver::warning(const std::string& text) {
  LogEntry entry = log_entry_of(text);
  if (console_ != nullptr && entry.source == "console") {
    if (entry.level > log_.level()) return;
    entry.source.clear();  // As k6's lines in such a file.
    std::fprintf(console_, "%s\n", log_line(entry, log_.format(), now_as_text()).c_str());
    std::fflush(console_);
  } else if (entry.source.empty() && log_.leaves_warnings_to_view()) {
    view_.warning(text);
  } else if (log_.takes(entry)) {
    view_.make_room();
    log_.write(entry);
  }
}

}  // namespace brunt
