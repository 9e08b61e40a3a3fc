// A disk in memory that stops a program after any of its operations, and can lose what was not
// flushed. For tests.
//
//   FakeDisk disk(seed);
//   disk.stop_after(3);                  // The fourth change fails half done, and all after it
//   ... run until an error ...
//   disk.restart();                      // as after kill -9: everything written is there
//   disk.cut_power();                    // any part of what was not flushed is gone
#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "service/messages/folder.h"

namespace brunt {

class FakeDisk {
 public:
  using Bytes = std::vector<std::byte>;
  struct Content {
    Bytes now, durable;
  };
  // shared_ptr: a file lives while it has a name or is open, as on a real disk.
  using Names = std::map<std::string, std::shared_ptr<Content>>;

  explicit FakeDisk(std::uint64_t seed) : prng_(seed) {}

  std::unique_ptr<Folder> folder(const std::string& path) {
    return std::make_unique<FakeFolder>(*this, path + "/");
  }

  void stop_after(std::uint64_t changes) { changes_left_ = changes; }
  std::uint64_t changes() const { return changes_; }  // So far.
  bool is_stopped() const { return stopped_; }
  void restart() {
    stopped_ = false;
    changes_left_.reset();
  }

  // So many bytes fit in all; a write beyond is made as far as there is room.
  void set_room(std::optional<std::uint64_t> bytes) { room_ = bytes; }
  void fail_syncs(int count) { failing_syncs_ = count; }

  // Every block of 64 bytes that was not flushed is there or not, every name likewise; a file that
  // was renamed has the old name or the new one.
  void cut_power() {
    std::map<std::shared_ptr<Content>, std::vector<std::string>> before, after;
    for (const auto& [path, content] : durable_) before[content].push_back(path);
    for (const auto& [path, content] : now_) after[content].push_back(path);
    now_.clear();
    for (const auto& [content, paths] : before) {
      const auto found = after.find(content);
      const bool stays_old = prng_.between(0, 1) == 0;
      if (found == after.end() ? !stays_old : false) continue;
      const auto& kept = found == after.end() || stays_old ? paths : found->second;
      for (const std::string& path : kept) now_.emplace(path, content);
    }
    for (const auto& [content, paths] : after)
      if (!before.contains(content) && prng_.between(0, 1) == 0)
        for (const std::string& path : paths) now_.emplace(path, content);
    durable_ = now_;
    for (auto& [path, content] : now_) tear(*content);
  }

  Bytes& content(const std::string& path) { return now_.at(path)->now; }
  bool has(const std::string& path) const { return now_.contains(path); }
  std::vector<std::string> paths() const {
    std::vector<std::string> found;
    for (const auto& [path, content] : now_) found.push_back(path);
    return found;
  }

 private:
  class FakeFile final : public FolderFile {
   public:
    FakeFile(FakeDisk& disk, std::shared_ptr<Content> content)
        : disk_(disk), content_(std::move(content)) {}
    Result<std::uint64_t> size() override { return content_->now.size(); }
    Result<std::size_t> read(std::uint64_t at, std::span<std::byte> into) override {
      if (at >= content_->now.size()) return 0;
      const std::size_t count = std::min<std::size_t>(into.size(), content_->now.size() - at);
      if (count > 0) std::memcpy(into.data(), content_->now.data() + at, count);
      return count;
    }
    Result<> write(std::uint64_t at, ByteView bytes) override {
      const bool goes_on = disk_.change();
      if (!goes_on) bytes = bytes.first(disk_.stopped_before_ ? 0 : bytes.size() / 2);
      const std::uint64_t room = disk_.room_left(*content_, at);
      const bool fits = bytes.size() <= room;
      if (!fits) bytes = bytes.first(room);
      if (at + bytes.size() > content_->now.size()) content_->now.resize(at + bytes.size());
      if (!bytes.empty()) std::memcpy(content_->now.data() + at, bytes.data(), bytes.size());
      if (!goes_on) return stopped();
      if (!fits) return fail(ErrorCode::exhausted, "cannot write: the disk is full");
      return {};
    }
    Result<> truncate(std::uint64_t size) override {
      if (!disk_.change()) return stopped();
      content_->now.resize(size);
      return {};
    }
    Result<> sync() override {
      if (!disk_.change()) return stopped();
      if (disk_.failing_syncs_ > 0) {
        --disk_.failing_syncs_;
        return fail(ErrorCode::io, "cannot flush");
      }
      content_->durable = content_->now;
      return {};
    }
    Result<> settle(std::uint64_t) override { return {}; }  // Of memory alone.

   private:
    FakeDisk& disk_;
    std::shared_ptr<Content> content_;
  };

  class FakeFolder final : public Folder {
   public:
    FakeFolder(FakeDisk& disk, std::string prefix) : disk_(disk), prefix_(std::move(prefix)) {}
    Result<std::unique_ptr<FolderFile>> open(const std::string& name, FolderOpen how) override {
      const auto found = disk_.now_.find(prefix_ + name);
      if (found != disk_.now_.end()) return std::make_unique<FakeFile>(disk_, found->second);
      if (how != FolderOpen::create) return fail(ErrorCode::not_found, "no file " + name);
      if (!disk_.change()) return stopped();
      // shared_ptr: see Names.
      const auto content = std::make_shared<Content>();
      disk_.now_.emplace(prefix_ + name, content);
      return std::make_unique<FakeFile>(disk_, content);
    }
    Result<std::vector<std::string>> names() override {
      std::vector<std::string> found;
      for (const auto& [path, content] : disk_.now_)
        if (path.starts_with(prefix_)) found.push_back(path.substr(prefix_.size()));
      return found;
    }
    Result<> remove(const std::string& name) override {
      if (!disk_.change()) return stopped();
      disk_.now_.erase(prefix_ + name);
      return {};
    }
    Result<> rename(const std::string& from, const std::string& to) override {
      if (!disk_.change()) return stopped();
      const auto content = disk_.now_.at(prefix_ + from);
      disk_.now_.erase(prefix_ + from);
      disk_.now_[prefix_ + to] = content;
      return {};
    }
    Result<> sync() override {
      if (!disk_.change()) return stopped();
      std::erase_if(disk_.durable_,
                    [&](const auto& item) { return item.first.starts_with(prefix_); });
      for (const auto& [path, content] : disk_.now_)
        if (path.starts_with(prefix_)) disk_.durable_[path] = content;
      return {};
    }

   private:
    FakeDisk& disk_;
    std::string prefix_;
  };

  static std::unexpected<Error> stopped() { return fail(ErrorCode::io, "the program was stopped"); }

  // One more change; false if the program is stopped at it.
  bool change() {
    stopped_before_ = stopped_;
    if (!stopped_ && changes_left_ && *changes_left_ == 0) stopped_ = true;
    if (stopped_) return false;
    if (changes_left_) --*changes_left_;
    ++changes_;
    return true;
  }

  std::uint64_t room_left(const Content& content, std::uint64_t at) const {
    if (!room_) return ~std::uint64_t{0};
    std::uint64_t used = 0;
    for (const auto& [path, other] : now_)
      used += other.get() == &content ? std::min<std::uint64_t>(at, other->now.size())
                                      : other->now.size();
    return *room_ > used ? *room_ - used : 0;
  }

  void tear(Content& content) {
    constexpr std::size_t block = 64;
    const std::size_t low = std::min(content.now.size(), content.durable.size());
    const std::size_t high = std::max(content.now.size(), content.durable.size());
    Bytes result(static_cast<std::size_t>(
        prng_.between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high))));
    for (std::size_t at = 0; at < result.size(); at += block) {
      const Bytes& source = prng_.between(0, 1) == 0 ? content.now : content.durable;
      const std::size_t end = std::min({at + block, result.size(), source.size()});
      if (at < end) std::memcpy(result.data() + at, source.data() + at, end - at);
    }
    content.now = content.durable = std::move(result);
  }

  Prng prng_;
  Names now_, durable_;
  std::optional<std::uint64_t> changes_left_;
  std::uint64_t changes_ = 0;
  bool stopped_ = false, stopped_before_ = false;
  std::optional<std::uint64_t> room_;
  int failing_syncs_ = 0;
};

}  // namespace brunt
