#include "run/subject_book.h"

#include <fmt/format.h>

#include <utility>

namespace brunt {

void SubjectBook::take(const std::vector<SubjectFigure>& figures) {
  for (const SubjectFigure& figure : figures) {
    if (values_.size() >= limits_.figures_max) {
      ++beyond_;
      continue;
    }
    if (!known_.insert(figure.subject + '\n' + figure.metric).second) {
      ++repeated_;
      continue;
    }
    values_.push_back({figure.subject, figure.metric, figure.value});
  }
}

std::vector<SubjectValue> SubjectBook::close(std::vector<std::string>& notes) {
  if (repeated_ > 0)
    notes.push_back(
        fmt::format("{} figures of clients were left out, as another client had the "
                    "same id: give each scenario ids of its own with client_id",
                    repeated_));
  if (beyond_ > 0)
    notes.push_back(fmt::format("{} figures of clients were left out: a record holds {}", beyond_,
                                limits_.figures_max));
  known_.clear();
  repeated_ = beyond_ = 0;
  return std::exchange(values_, {});
}

}  // namespace brunt
