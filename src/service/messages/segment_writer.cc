#include "service/messages/segment_writer.h"

#include <array>

namespace brunt {

SegmentWriter::SegmentWriter(Folder& folder, const Counter& output_bytes,
                             const SegmentWriterOptions& options)
    : folder_(folder), output_bytes_(output_bytes), options_(options) {}

SegmentId SegmentWriter::id() const {
  return {.generation = options_.generation,
          .process = options_.process,
          .worker = options_.worker,
          .number = number_};
}

Result<> SegmentWriter::begin() {
  const std::string name = segment_name(id(), open_ending);
  auto file = TRY(folder_.open(name, FolderOpen::create));
  std::array<std::byte, stored_head_bytes> head{};
  encode_stored_head({.id = id(), .output_bytes = output_bytes_.get(), .bytes = 0}, head.data());
  auto written = file->write(0, head);
  if (written && options_.sync_each) written = folder_.sync();
  if (!written) {
    static_cast<void>(folder_.remove(name));
    return written;
  }
  file_ = std::move(file);
  length_ = stored_head_bytes;
  return {};
}

Result<> SegmentWriter::append(ByteView records) {
  if (file_ == nullptr) TRY(begin());
  const auto written = file_->write(length_, records);
  const auto synced = written && options_.sync_each ? file_->sync() : written;
  if (!synced) {
    // What is there of the group must not count, now that it will be written again. After a sync
    // that failed the file is not trusted with it either.
    const auto shortened = file_->truncate(length_);
    if (!shortened || written) abandon();
    return synced;
  }
  length_ += records.size();
  // If it cannot be finished now it goes on growing: the records are stored all the same.
  if (length_ >= options_.segment_bytes_max) static_cast<void>(finish());
  return {};
}

Result<> SegmentWriter::finish() {
  if (file_ == nullptr) return {};
  TRY(folder_.rename(segment_name(id(), open_ending), segment_name(id(), finished_ending)));
  file_.reset();
  ++number_;
  return {};
}

void SegmentWriter::abandon() {
  // If even that fails it stays open until the next start finds it.
  static_cast<void>(
      folder_.rename(segment_name(id(), open_ending), segment_name(id(), finished_ending)));
  file_.reset();
  ++number_;
}

}  // namespace brunt
