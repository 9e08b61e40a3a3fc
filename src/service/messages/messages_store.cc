#include "service/messages/messages_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace brunt {
namespace {

namespace fs = std::filesystem;

// A server that was killed takes its processes with it, a moment later.
constexpr int lock_attempts = 40;
constexpr int lock_pause_ms = 50;

// A folder in which nothing can be written is better known now than at the first message.
Result<> try_to_write(Folder& folder, const std::string& path) {
  const std::string name = ".brunt-try";
  const auto made = folder.open(name, FolderOpen::create);
  if (!made) return fail_in("nothing can be written to the folder " + path, made.error());
  return folder.remove(name);
}

}  // namespace

Result<std::unique_ptr<MessagesStore>> MessagesStore::open(const MessagesOptions& options,
                                                           std::uint64_t generation,
                                                           AccumulatorStats& stats) {
  // make_unique cannot reach a private constructor.
  auto store = std::unique_ptr<MessagesStore>(new MessagesStore(options, generation, stats));
  TRY(store->open_folders());
  store->accumulator_ =
      TRY(MessageAccumulator::open(*store->outputs_, *store->segments_,
                                   {.output = fs::path(options.output).filename().string(),
                                    .sync = options.durability == Durability::ack_after_fsync},
                                   stats));
  return store;
}

Result<> MessagesStore::open_folders() {
  const fs::path output(options_.output);
  const std::string parent = output.has_parent_path() ? output.parent_path().string() : ".";
  auto opened = open_folder(parent);
  if (!opened && opened.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found,
                fmt::format("the folder {} of the output {} does not exist: make it first", parent,
                            options_.output));
  outputs_ = TRY(std::move(opened));
  TRY(try_to_write(*outputs_, parent));
  const std::string segments = options_.output + ".segments";
  std::error_code error;
  fs::create_directory(segments, error);
  if (error)
    return std::unexpected(errno_error("cannot make the folder " + segments, error.value()));
  TRY(lock(segments + "/lock"));
  segments_ = TRY(open_folder(segments));
  return options_.durability == Durability::ack_after_fsync ? outputs_->sync() : Result<>();
}

Result<> MessagesStore::lock(const std::string& path) {
  lock_ = OwnedDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock_.open()) return std::unexpected(errno_error("cannot open " + path, errno));
  for (int attempt = 0; attempt < lock_attempts; ++attempt) {
    if (::flock(lock_.number(), LOCK_EX | LOCK_NB) == 0) return {};
    ::poll(nullptr, 0, lock_pause_ms);
  }
  return fail(ErrorCode::invalid,
              fmt::format("the output {} is in use by another message server", options_.output));
}

SegmentWriter MessagesStore::writer(std::size_t process, std::size_t worker) {
  return {*segments_, stats_.output_bytes,
          SegmentWriterOptions{.generation = generation_,
                               .process = static_cast<std::uint16_t>(process),
                               .worker = static_cast<std::uint16_t>(worker),
                               .sync_each = options_.durability == Durability::ack_after_fsync,
                               .segment_bytes_max = options_.segment_bytes_max}};
}

Result<std::size_t> MessagesStore::left_over() {
  std::size_t count = 0;
  for (const std::string& name : TRY(segments_->names()))
    if (parse_segment_name(name)) ++count;
  return count;
}

}  // namespace brunt
