#include "watch/perf_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace brunt {
namespace {

// Nothing that would end a frame or a line of the folded form.
std::string name_of_frame(std::string_view text, std::size_t bytes_max) {
  std::string name(text.substr(0, bytes_max));
  for (char& c : name) {
    if (c == ';') c = ':';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return name;
}

bool is_hexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// /usr/lib/x86_64-linux-gnu/libc.so.6 (deleted) -> libc.so.6
std::string_view file_of(std::string_view object) {
  constexpr std::string_view deleted = " (deleted)";
  if (object.ends_with(deleted)) object.remove_suffix(deleted.size());
  const std::size_t slash = object.rfind('/');
  return slash == std::string_view::npos ? object : object.substr(slash + 1);
}

bool is_kernel(std::string_view object) {
  return object.starts_with("[kernel") || object.starts_with("[guest.kernel") ||
         object.ends_with(".ko");
}

// The name and, in the last brackets, the object that it is in. These may hold brackets
// themselves, at their end only.
struct Frame {
  std::string_view symbol, object;
};
bool split_frame(std::string_view text, Frame& frame) {
  if (!text.ends_with(')')) return false;
  text.remove_suffix(1);
  std::size_t open = text.rfind(" (");
  if (open != std::string_view::npos && text.ends_with(" (deleted)"))
    open = text.rfind(" (", open - (open > 0 ? 1 : 0));
  if (open == std::string_view::npos) return false;
  frame = {trim(text.substr(0, open)), text.substr(open + 2)};
  return !frame.symbol.empty() && !frame.object.empty();
}

}  // namespace

void PerfScript::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > limits_.line_bytes_max) is_cut_ = true;
    partial_.append(piece.substr(0, limits_.line_bytes_max - partial_.size()));
    if (end == std::string_view::npos) return;
    if (is_cut_)
      ++lines_refused_;
    else
      take_line(partial_);
    partial_.clear();
    is_cut_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void PerfScript::finish() {
  if (!partial_.empty() && !is_cut_) take_line(partial_);
  partial_.clear();
  is_cut_ = false;
  end_sample();
}

void PerfScript::take_line(std::string_view line) {
  if (trim(line).empty()) {
    end_sample();
  } else if (line.front() == '\t' || line.front() == ' ') {
    take_frame(line);
  } else {
    end_sample();
    // "redis-server  3207 ": the name may hold blanks, the number is the last word.
    line = trim(line);
    const std::size_t blank = line.find_last_of(" \t");
    const bool has_number =
        blank != std::string_view::npos &&
        line.find_first_not_of("0123456789/-", blank + 1) == std::string_view::npos;
    if (has_number)
      command_ = name_of_frame(trim(line.substr(0, blank)), limits_.name_bytes_max);
    else
      ++lines_refused_;
  }
}

void PerfScript::take_frame(std::string_view line) {
  line = trim(line);
  const std::size_t blank = line.find(' ');
  Frame frame;
  if (command_.empty() || blank == std::string_view::npos ||
      !is_hexadecimal(line.substr(0, blank)) || !split_frame(line.substr(blank + 1), frame)) {
    ++lines_refused_;
    return;
  }
  if (frames_.size() >= limits_.depth_max) return;
  if (frame.symbol == "[unknown]") {
    const std::string_view file = file_of(frame.object);
    // Nowhere at all: where the stack was lost.
    if (file == "[unknown]") return;
    frames_.push_back(
        name_of_frame(file.starts_with('[') ? std::string(file) : fmt::format("[{}]", file),
                      limits_.name_bytes_max));
  } else {
    frames_.push_back(name_of_frame(frame.symbol, limits_.name_bytes_max));
  }
  if (is_kernel(frame.object)) frames_.back() += "_[k]";
}

void PerfScript::end_sample() {
  if (!command_.empty() && !frames_.empty()) {
    ++samples_;
    std::string stack = command_;
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      // A library without names is one frame, however often it calls itself.
      if (frame->starts_with('[') && stack.ends_with(*frame)) continue;
      stack.append(1, ';').append(*frame);
    }
    const auto place = stacks_.find(stack);
    if (place != stacks_.end())
      ++place->second;
    else
      ++stacks_[stacks_.size() < limits_.stacks_max ? std::move(stack) : std::string("[other]")];
  }
  command_.clear();
  frames_.clear();
}

std::string PerfScript::folded() const {
  std::string text;
  for (const auto& [stack, count] : stacks_)
    fmt::format_to(std::back_inserter(text), "{} {}\n", stack, count);
  return text;
}

}  // namespace brunt
