#include "service/messages/message_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <unordered_map>

#include "base/text.h"
#include "service/messages/stored_message.h"

namespace brunt {
namespace {

constexpr std::size_t window_bytes = 4u << 20u;
constexpr std::size_t longest_piece = stored_record_head_bytes + stored_payload_bytes_max;
constexpr std::size_t findings_max = 100;
constexpr std::size_t ranges_shown = 8;
constexpr std::size_t findings_shown = 20;

struct ClientState {
  SequenceSet numbers;
  std::uint64_t duplicated = 0, reordered = 0;
  std::int64_t highest_received_ns = 0;  // When the highest number was.
};

class Verification {
 public:
  explicit Verification(const VerifyOptions& options) : options_(options) {}

  // Takes what is whole; gives how much that is. `is_end`: nothing follows.
  std::size_t take(ByteView bytes, bool is_end);
  VerifyReport finish();

 private:
  void add(const StoredMessage& message);
  void damage(std::uint64_t bytes);
  void end_segment();
  void judge(std::uint32_t client, const ClientState& state);

  const VerifyOptions& options_;
  VerifyReport report_;
  std::unordered_map<std::uint32_t, ClientState> clients_;
  std::uint64_t at_ = 0;           // In the file.
  std::uint64_t segment_end_ = 0;  // Where the segment ends, as its head says.
  bool in_damage_ = false;
};

std::size_t Verification::take(ByteView bytes, bool is_end) {
  ByteView rest = bytes;
  while (rest.size() > (is_end ? 0 : longest_piece)) {
    const std::size_t before = rest.size();
    if (const auto message = take_stored(rest)) {
      add(*message);
      in_damage_ = false;
    } else if (const auto head = decode_stored_head(rest)) {
      end_segment();
      in_damage_ = false;
      ++report_.segments;
      segment_end_ = at_ + stored_head_bytes + head->bytes;
      rest = rest.subspan(stored_head_bytes);
    } else {
      std::size_t skipped = std::max<std::size_t>(find_stored(rest), 1);
      // What begins near the window's end cannot be told yet.
      if (!is_end) skipped = std::min(skipped, rest.size() - longest_piece);
      damage(skipped);
      rest = rest.subspan(skipped);
    }
    at_ += before - rest.size();
  }
  return bytes.size() - rest.size();
}

void Verification::add(const StoredMessage& message) {
  ++report_.messages;
  ClientState& state = clients_[message.client];
  const bool is_highest = state.numbers.empty() || message.sequence > state.numbers.highest();
  if (!state.numbers.add(message.sequence)) {
    ++state.duplicated;
    return;
  }
  if (is_highest)
    state.highest_received_ns = message.received_unix_ns;
  else if (message.received_unix_ns >= state.highest_received_ns)
    ++state.reordered;
}

void Verification::damage(std::uint64_t bytes) {
  report_.damaged_bytes += bytes;
  if (in_damage_) return;
  in_damage_ = true;
  ++report_.damaged_places;
  if (!report_.first_damage) report_.first_damage = at_;
}

// A segment that ends before its head said so, where nothing damaged was seen, was cut.
void Verification::end_segment() {
  if (at_ < segment_end_ && !in_damage_) {
    damage(segment_end_ - at_);
    in_damage_ = false;
  }
}

void Verification::judge(std::uint32_t client, const ClientState& state) {
  constexpr std::uint32_t usual_first = 1;
  std::uint32_t low = state.numbers.empty() ? usual_first : state.numbers.lowest();
  std::uint32_t high = state.numbers.empty() ? 0 : state.numbers.highest();
  if (options_.first) low = std::min(low, *options_.first);
  if (const auto told = options_.acknowledged.find(client); told != options_.acknowledged.end())
    high = std::max(high, told->second);
  VerifyFinding finding{.client = client,
                        .lost = state.numbers.count_missing(low, high),
                        .duplicated = state.duplicated,
                        .reordered = state.reordered,
                        .missing = {}};
  report_.lost += finding.lost;
  report_.duplicated += finding.duplicated;
  report_.reordered += finding.reordered;
  if (finding.lost + finding.duplicated + finding.reordered == 0) return;
  ++report_.clients_not_in_order;
  if (report_.findings.size() >= findings_max) return;
  finding.missing = state.numbers.missing(low, high, ranges_shown);
  report_.findings.push_back(std::move(finding));
}

VerifyReport Verification::finish() {
  end_segment();
  report_.bytes = at_;
  for (const auto& [client, number] : options_.acknowledged) clients_.try_emplace(client);
  report_.clients = clients_.size();
  std::vector<std::uint32_t> in_order;
  in_order.reserve(clients_.size());
  for (const auto& [client, state] : clients_) in_order.push_back(client);
  std::ranges::sort(in_order);
  for (const std::uint32_t client : in_order) judge(client, clients_.at(client));
  return std::move(report_);
}

std::string text_of(const SequenceSet::Range& range) {
  return range.first == range.second ? fmt::format("{}", range.first)
                                     : fmt::format("{} to {}", range.first, range.second);
}

std::string text_of(const VerifyFinding& finding) {
  std::string text;
  const auto say = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  say(finding.lost, "lost");
  if (finding.lost > 0) {
    text += " (";
    for (const auto& range : finding.missing)
      text += (text.ends_with('(') ? "" : ", ") + text_of(range);
    if (finding.missing.size() == ranges_shown) text += ", ...";
    text += ")";
  }
  say(finding.duplicated, "duplicated");
  say(finding.reordered, "reordered");
  return fmt::format("  client {}: {}\n", finding.client, text);
}

}  // namespace

bool SequenceSet::add(std::uint32_t number) {
  if (ranges_.empty() || number > ranges_.back().second) {
    const bool follows = !ranges_.empty() && number - 1 == ranges_.back().second;
    if (follows)
      ranges_.back().second = number;
    else
      ranges_.emplace_back(number, number);
    ++size_;
    return true;
  }
  // The first range that ends at or behind it.
  const auto at = std::ranges::lower_bound(ranges_, number, {}, &Range::second);
  if (number >= at->first) return false;
  ++size_;
  const bool joins_next = number + 1 == at->first;
  const bool joins_previous = at != ranges_.begin() && std::prev(at)->second + 1 == number;
  if (joins_next && joins_previous) {
    std::prev(at)->second = at->second;
    ranges_.erase(at);
  } else if (joins_next) {
    at->first = number;
  } else if (joins_previous) {
    std::prev(at)->second = number;
  } else {
    ranges_.emplace(at, number, number);
  }
  return true;
}

std::vector<SequenceSet::Range> SequenceSet::missing(std::uint32_t low, std::uint32_t high,
                                                     std::size_t ranges_max) const {
  std::vector<Range> gaps;
  std::uint64_t next = low;  // Wider than the numbers: may come to stand behind the last one.
  for (const Range& range : ranges_) {
    if (range.second < next) continue;
    if (range.first > high || gaps.size() >= ranges_max) break;
    if (range.first > next) gaps.emplace_back(static_cast<std::uint32_t>(next), range.first - 1);
    next = std::uint64_t{range.second} + 1;
  }
  if (next <= high && gaps.size() < ranges_max)
    gaps.emplace_back(static_cast<std::uint32_t>(next), high);
  return gaps;
}

std::uint64_t SequenceSet::count_missing(std::uint32_t low, std::uint32_t high) const {
  std::uint64_t count = 0;
  for (const Range& gap : missing(low, high, ranges_.size() + 2))
    count += std::uint64_t{gap.second} - gap.first + 1;
  return count;
}

Result<VerifyReport> verify_messages(FolderFile& file, const VerifyOptions& options) {
  Verification verification(options);
  std::vector<std::byte> window(window_bytes);
  std::uint64_t at = 0;
  for (;;) {
    const std::size_t got = TRY(file.read(at, window));
    const bool is_end = got < window.size();
    at += verification.take({window.data(), got}, is_end);
    if (is_end) return verification.finish();
  }
}

Result<std::map<std::uint32_t, std::uint32_t>> parse_acknowledged(std::string_view csv) {
  std::map<std::uint32_t, std::uint32_t> told;
  std::size_t number = 0;
  for (const std::string_view line : split(csv, '\n')) {
    ++number;
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    const std::size_t comma = text.find(',');
    const std::string_view left = trim(text.substr(0, comma));
    const std::string_view right =
        comma == std::string_view::npos ? std::string_view() : trim(text.substr(comma + 1));
    std::uint32_t client = 0, last = 0;
    const auto is_number = [](std::string_view from, std::uint32_t& to) {
      const auto read = std::from_chars(from.data(), from.data() + from.size(), to);
      return read.ec == std::errc() && read.ptr == from.data() + from.size();
    };
    if (is_number(left, client) && is_number(right, last)) {
      auto& entry = told[client];
      entry = std::max(entry, last);
    } else if (number > 1) {
      return fail(ErrorCode::invalid,
                  fmt::format("line {}: \"{}\" is not CLIENT,LAST_ACKNOWLEDGED", number, text));
    }
  }
  return told;
}

std::string describe(const VerifyReport& report) {
  std::string text = fmt::format("{} messages of {} clients in {} segments, {} bytes\n",
                                 report.messages, report.clients, report.segments, report.bytes);
  if (report.is_sound()) return text + "nothing is lost, duplicated, reordered or damaged\n";
  text += fmt::format("lost: {}\nduplicated: {}\nreordered: {}\n", report.lost, report.duplicated,
                      report.reordered);
  text +=
      fmt::format("damaged: {} bytes at {} places", report.damaged_bytes, report.damaged_places);
  if (report.first_damage) text += fmt::format(", the first at byte {}", *report.first_damage);
  text += "\n";
  for (std::size_t i = 0; i < std::min(report.findings.size(), findings_shown); ++i)
    text += text_of(report.findings[i]);
  if (report.clients_not_in_order > findings_shown)
    text += fmt::format("  and {} more clients\n", report.clients_not_in_order - findings_shown);
  return text;
}

std::string to_json(const VerifyReport& report) {
  std::string text = fmt::format(
      R"({{"sound":{},"bytes":{},"segments":{},"messages":{},"clients":{},"lost":{},"duplicated":{},)"
      R"("reordered":{},"damaged_bytes":{},"damaged_places":{},"first_damage":{},)"
      R"("clients_not_in_order":{},"findings":[)",
      report.is_sound(), report.bytes, report.segments, report.messages, report.clients,
      report.lost, report.duplicated, report.reordered, report.damaged_bytes, report.damaged_places,
      report.first_damage ? fmt::format("{}", *report.first_damage) : "null",
      report.clients_not_in_order);
  std::string_view between;
  for (const VerifyFinding& finding : report.findings) {
    text += fmt::format(R"({}{{"client":{},"lost":{},"duplicated":{},"reordered":{},"missing":[)",
                        std::exchange(between, ","), finding.client, finding.lost,
                        finding.duplicated, finding.reordered);
    std::string_view comma;
    for (const auto& [low, high] : finding.missing)
      text += fmt::format("{}[{},{}]", std::exchange(comma, ","), low, high);
    text += "]}";
  }
  return text + "]}\n";
}

}  // namespace brunt
