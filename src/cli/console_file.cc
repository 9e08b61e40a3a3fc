#include "cli/console_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "record/run_info.h"

namespace brunt {
namespace {

// As logrus does it: bare where it is one word.
void append_message(std::string& line, std::string_view message) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._/@^+").contains(c);
  };
  if (!message.empty() && std::ranges::all_of(message, is_plain)) {
    line += message;
  } else {
    append_json_string(line, message);
  }
}

}  // namespace

std::string console_line(const std::string& text) {
  constexpr std::string_view prefix = "console.";
  if (!text.starts_with(prefix)) return {};
  const auto colon = text.find(':');
  if (colon == std::string::npos) return {};
  const std::string_view method =
      std::string_view(text).substr(prefix.size(), colon - prefix.size());
  std::string_view message = std::string_view(text).substr(colon + 1);
  if (message.starts_with(' ')) message.remove_prefix(1);
  const std::string_view level = method == "log" ? "info" : method == "warn" ? "warning" : method;
  std::string line = fmt::format("level={} msg=", level);
  append_message(line, message);
  return line + " source=console";
}

Result<std::unique_ptr<ConsoleFile>> ConsoleFile::open(const std::string& place,
                                                       RunObserver& view) {
  std::FILE* const file = std::fopen(place.c_str(), "ae");
  if (file == nullptr) return std::unexpected(errno_error("--console-output " + place, errno));
  // No make_unique: the constructor is private.
  return std::unique_ptr<ConsoleFile>(new ConsoleFile(file, view));
}

ConsoleFile::~ConsoleFile() {
  std::fclose(file_);
}

void ConsoleFile::warning(const std::string& text) {
  const std::string line = console_line(text);
  if (line.empty()) return view_.warning(text);
  std::fprintf(file_, "time=\"%s\" %s\n", format_wall_time(wall_now(), 0).c_str(), line.c_str());
  std::fflush(file_);
}

}  // namespace brunt
