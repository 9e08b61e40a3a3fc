// Requests under way that are kept warm: a step that any number of virtual users run at once has
// one draft for each, and uses its memory again.
//
//   struct Draft {
//     std::string bytes;
//     bool rest();   // Lets go of what is borrowed; false: too much memory to be kept.
//   };
//   DraftPool<Draft> drafts_;
//   const auto lease = drafts_.lend();   // until the end of the block
//   lease->bytes = ...;
//
// Belongs to one loop. Allocates nothing once warm. Draft may be incomplete where the pool is
// declared.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace brunt {

// A draft whose memory is larger is not worth keeping.
inline constexpr std::size_t draft_bytes_kept = 64 << 10;

template <typename Draft>
class DraftPool {
 public:
  class Lease {
   public:
    explicit Lease(DraftPool& pool) : pool_(pool), draft_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(draft_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Draft& operator*() const { return *draft_; }
    Draft* operator->() const { return draft_.get(); }

   private:
    DraftPool& pool_;
    std::unique_ptr<Draft> draft_;
  };

  // The pool must outlive it.
  Lease lend() { return Lease(*this); }

  // For who passes it on: give it back, or let it go.
  std::unique_ptr<Draft> take() {
    if (idle_.empty()) return std::make_unique<Draft>();
    auto draft = std::move(idle_.back());
    idle_.pop_back();
    return draft;
  }
  void give_back(std::unique_ptr<Draft> draft) {
    constexpr std::size_t idle_max = 4096;  // More at once were a burst.
    if (draft->rest() && idle_.size() < idle_max) idle_.push_back(std::move(draft));
  }

 private:
  std::vector<std::unique_ptr<Draft>> idle_;
};

}  // namespace brunt
