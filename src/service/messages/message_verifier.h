// Reads an output of the message server and finds what is lost, duplicated, reordered or damaged.
// `brunt tool messages-verify` is this.
//
//   const VerifyReport report = TRY(verify_messages(*file, {}));
//   if (!report.is_sound()) print(describe(report));
//
// A client's sequence has to run from its lowest number to its highest (or from `first`, or up to
// what the client says was acknowledged), each number once, and none that was received after a
// higher one. Blocks. Memory: about 100 bytes for each client, and 8 for each gap.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "service/messages/folder.h"

namespace brunt {

// A set of numbers that mostly come in order, as ranges.
class SequenceSet {
 public:
  using Range = std::pair<std::uint32_t, std::uint32_t>;  // Both ends included.

  bool add(std::uint32_t number);  // False if it was there.
  bool empty() const { return ranges_.empty(); }
  std::uint32_t lowest() const { return ranges_.front().first; }  // REQUIRES: !empty().
  std::uint32_t highest() const { return ranges_.back().second; }
  std::uint64_t size() const { return size_; }
  // The numbers of [low, high] that are not there; at most `ranges_max` ranges of them.
  std::vector<Range> missing(std::uint32_t low, std::uint32_t high, std::size_t ranges_max) const;
  std::uint64_t count_missing(std::uint32_t low, std::uint32_t high) const;

 private:
  std::vector<Range> ranges_;
  std::uint64_t size_ = 0;
};

struct VerifyOptions {
  std::optional<std::uint32_t> first;  // The number that every client begins with.
  // What clients say was acknowledged: the highest number of each.
  std::map<std::uint32_t, std::uint32_t> acknowledged;
};

struct VerifyFinding {
  std::uint32_t client = 0;
  std::uint64_t lost = 0, duplicated = 0, reordered = 0;
  std::vector<SequenceSet::Range> missing;  // The first few ranges.
};

struct VerifyReport {
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t messages = 0;
  std::uint64_t clients = 0;
  std::uint64_t lost = 0, duplicated = 0, reordered = 0;
  std::uint64_t damaged_bytes = 0, damaged_places = 0;
  std::optional<std::uint64_t> first_damage;  // Where in the file.
  std::uint64_t clients_not_in_order = 0;
  std::vector<VerifyFinding> findings;  // Of the first hundred clients that are not in order.

  bool is_sound() const {
    return lost == 0 && duplicated == 0 && reordered == 0 && damaged_bytes == 0;
  }
};

// Errors: those of FolderFile.
Result<VerifyReport> verify_messages(FolderFile& file, const VerifyOptions& options);

// "client_id,last_acked" lines, with or without a head line. Errors: invalid, with the line.
Result<std::map<std::uint32_t, std::uint32_t>> parse_acknowledged(std::string_view csv);

// For people, and for programs.
std::string describe(const VerifyReport& report);
std::string to_json(const VerifyReport& report);

}  // namespace brunt
