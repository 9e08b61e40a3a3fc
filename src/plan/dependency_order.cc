#include "plan/dependency_order.h"

#include <algorithm>

namespace brunt {
namespace {

// Depth first; `open` is the way from the start to where we are.
class Search {
 public:
  explicit Search(std::span<const Dependent> things) : things_(things), done_(things.size()) {}

  Result<> visit(std::uint32_t thing) {
    if (done_[thing] != 0) return {};
    const auto again = std::ranges::find(open_, thing);
    if (again != open_.end()) return cycle(static_cast<std::size_t>(again - open_.begin()));
    open_.push_back(thing);
    for (const std::uint32_t need : things_[thing].needs) TRY(visit(need));
    open_.pop_back();
    done_[thing] = 1;
    order.push_back(thing);
    return {};
  }

  std::vector<std::uint32_t> order;

 private:
  std::unexpected<Error> cycle(std::size_t from) const {
    std::string text;
    for (std::size_t i = from; i < open_.size(); ++i) text += things_[open_[i]].name + " needs ";
    return fail(ErrorCode::invalid, text + things_[open_[from]].name);
  }

  std::span<const Dependent> things_;
  std::vector<char> done_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

Result<std::vector<std::uint32_t>> dependency_order(std::span<const Dependent> things) {
  Search search(things);
  for (std::uint32_t thing = 0; thing < things.size(); ++thing) TRY(search.visit(thing));
  return std::move(search.order);
}

}  // namespace brunt
