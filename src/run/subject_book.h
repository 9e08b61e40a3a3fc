// Gathers what generators say of single clients, for the record. One figure of one client is there
// once: what a second client of the same name says is left out and counted.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "metrics/subject.h"
#include "record/facts.h"

namespace brunt {

class SubjectBook {
 public:
  struct Limits {
    std::size_t figures_max = 1'000'000;  // Some 100 MB; 100,000 clients have three each.
  };

  SubjectBook() = default;
  explicit SubjectBook(Limits limits) : limits_(limits) {}

  void take(const std::vector<SubjectFigure>& figures);

  // All of them, and a sentence for each thing that was left out. Empties the book.
  std::vector<SubjectValue> close(std::vector<std::string>& notes);

 private:
  Limits limits_;
  std::vector<SubjectValue> values_;
  std::unordered_set<std::string> known_;  // subject + metric.
  std::uint64_t repeated_ = 0, beyond_ = 0;
};

}  // namespace brunt
