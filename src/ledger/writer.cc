#include "ledger/writer.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/units.h"
#include "loop/helper_thread.h"

namespace brunt {
namespace {

// What waits to be written. A second knows its size, so that waiting is bounded.
struct PendingHead {
  RunRecord head;
};
struct PendingSecond {
  SecondRecord second;
};
struct PendingLogs {
  std::vector<LogLine> lines;
};
using Pending = std::variant<PendingHead, PendingSecond, PendingLogs>;

// Ids of a loaded record are its own; where they are copied to they must not meet the origin's.
constexpr std::uint32_t copied_id_offset = 1u << 24u;

std::size_t bytes_of(const Pending& pending) {
  std::size_t bytes = sizeof(Pending);
  if (const auto* second = std::get_if<PendingSecond>(&pending)) {
    for (const RecordRow& row : second->second.rows) bytes += sizeof(row) + row.histogram.size();
    for (const SeriesInfo& one : second->second.new_series) {
      bytes += sizeof(one) + one.metric.name.size();
      for (const Tag& tag : one.tags) bytes += sizeof(tag) + tag.key.size() + tag.value.size();
    }
  } else if (const auto* logs = std::get_if<PendingLogs>(&pending)) {
    for (const LogLine& line : logs->lines)
      bytes += sizeof(line) + line.event.size() + line.error.size() + line.metadata.size();
  } else if (const auto* head = std::get_if<PendingHead>(&pending)) {
    bytes += sizeof(RunRecord) + head->head.run.plan_text.size();
  }
  return bytes;
}

Result<> write_to(Ledger& ledger, const std::string& run_id, const Pending& pending) {
  if (const auto* head = std::get_if<PendingHead>(&pending)) return ledger.begin_run(head->head);
  if (const auto* second = std::get_if<PendingSecond>(&pending))
    return ledger.append_second(run_id, second->second);
  return ledger.append_logs(run_id, std::get<PendingLogs>(pending).lines);
}

}  // namespace

struct LedgerKeeper::State {
  LedgerWriterOptions options;
  std::string run_id;
  RunRecord head;                         // Without rows: to open a spill file with.
  std::vector<SecondRecord> series_seen;  // Announcements alone: a spill file needs them again.

  std::unique_ptr<Ledger> main;
  Error main_error;  // Why `main` could not be used, the last time it could not.
  bool failed_once = false;
  std::uint32_t first_failed_second = 0;

  std::deque<Pending> pending;
  std::size_t pending_bytes = 0;

  std::unique_ptr<Ledger> spill;
  Error spill_error;
  bool spill_failed = false;

  std::uint64_t seconds_taken = 0, seconds_lost = 0;

  // After a failure so many pushes go by before the next try: connecting to a server that is away
  // may take seconds each time, and the queue behind us would grow.
  std::uint32_t tries_to_skip = 0, next_skip = 1;

  void push(Pending one) {
    pending_bytes += bytes_of(one);
    pending.push_back(std::move(one));
    if (tries_to_skip > 0)
      --tries_to_skip;
    else
      drain();
    if (pending_bytes > options.memory_max) make_room();
  }

  Result<> ready() {
    if (main != nullptr) return {};
    auto opened = TRY(Ledger::open(options.ledger));
    // What a spill file took from the queue, the ledger never saw.
    if (spill != nullptr) TRY(announce_in(*opened));
    main = std::move(opened);
    return {};
  }

  Result<> announce_in(Ledger& ledger) {
    TRY(ledger.begin_run(head));
    for (const SecondRecord& seen : series_seen) TRY(ledger.append_second(run_id, seen));
    return {};
  }

  // Writes what waits, in order, as far as the ledger lets us.
  void drain() {
    while (!pending.empty()) {
      auto written = ready();
      if (written) written = write_to(*main, run_id, pending.front());
      if (!written) {
        note_failure(std::move(written.error()));
        return;
      }
      pop();
      next_skip = 1;
    }
  }

  void pop() {
    pending_bytes -= bytes_of(pending.front());
    pending.pop_front();
  }

  void note_failure(Error error) {
    if (!failed_once) {
      failed_once = true;
      for (const Pending& one : pending)
        if (const auto* second = std::get_if<PendingSecond>(&one)) {
          first_failed_second = second->second.second;
          break;
        }
    }
    main_error = std::move(error);
    constexpr std::uint32_t skip_max = 16;
    tries_to_skip = next_skip;
    next_skip = std::min(next_skip * 2, skip_max);
    // A handle on a database that vanished stays broken; the next try opens a new one.
    main.reset();
  }

  std::string spill_path() const { return options.spill_folder + "/brunt-" + run_id + ".db"; }

  Result<> open_spill() {
    if (spill != nullptr) return {};
    auto opened = TRY(Ledger::open({.place = spill_path()}));
    TRY(announce_in(*opened));
    spill = std::move(opened);
    return {};
  }

  void spill_all() {
    auto ready_to_spill = open_spill();
    while (ready_to_spill && !pending.empty()) {
      ready_to_spill = write_to(*spill, run_id, pending.front());
      if (ready_to_spill) pop();
    }
    if (!ready_to_spill) {
      spill_failed = true;
      spill_error = std::move(ready_to_spill.error());
    }
  }

  // The newest seconds are worth more than the oldest only to a live view; a record wants its
  // beginning. So what comes last is what is lost.
  void make_room() {
    spill_all();
    while (pending_bytes > options.memory_max && !pending.empty()) {
      if (std::holds_alternative<PendingSecond>(pending.back())) ++seconds_lost;
      pending_bytes -= bytes_of(pending.back());
      pending.pop_back();
    }
  }

  // Copies the seconds that `from` has and `to` has not. A write that failed may have happened all
  // the same, so both may hold a second: it must not count twice.
  Result<> copy_seconds(Ledger& from, Ledger& to) {
    const RunRecord source = TRY(from.load(run_id));
    const RunRecord target = TRY(to.load(run_id));
    std::set<std::pair<std::string, std::uint32_t>> present;
    for (const RecordRow& row : target.rows)
      present.emplace(target.origins[row.origin], row.second);
    for (std::size_t origin = 0; origin < source.origins.size(); ++origin) {
      std::map<std::uint32_t, SecondRecord> seconds;
      for (const RecordRow& row : source.rows) {
        const std::string& name = source.origins[origin];
        if (row.origin != origin || present.contains({name, row.second})) continue;
        SecondRecord& second = seconds[row.second];
        second.origin = name;
        second.second = row.second;
        second.rows.push_back(row);
        second.rows.back().series += copied_id_offset;
      }
      if (seconds.empty()) continue;
      for (const SeriesInfo& one : source.series) {
        seconds.begin()->second.new_series.push_back(one);
        seconds.begin()->second.new_series.back().id += copied_id_offset;
      }
      for (const auto& [number, second] : seconds) TRY(to.append_second(run_id, second));
    }
    return {};
  }

  // All of it in the ledger it was meant for. False if that cannot be had.
  bool settle_in_main(const RunRecord& record) {
    drain();
    if (!pending.empty()) return false;
    auto settled = ready();
    if (settled && spill != nullptr) settled = copy_seconds(*spill, *main);
    if (settled) settled = main->finish_run(record);
    if (!settled) note_failure(std::move(settled.error()));
    return settled.has_value();
  }

  // All of it in the spill file, if what the ledger has already can be read.
  LedgerOutcome settle_in_spill(const RunRecord& record) {
    const std::string reason =
        without_password(options.ledger.place) + " could not be written" +
        (first_failed_second > 0 ? " from second " + std::to_string(first_failed_second) + " on"
                                 : std::string()) +
        ": " + main_error.text + ".";
    LedgerOutcome outcome;
    spill_all();
    auto settled = spill != nullptr ? Result<>() : open_spill();
    bool has_beginning = true;
    if (settled && pending.empty()) {
      LedgerOptions look = options.ledger;
      look.access = LedgerAccess::read;
      const auto beginning = Ledger::open(look);
      has_beginning =
          first_failed_second == 0 || (beginning && copy_seconds(**beginning, *spill).has_value());
      RunRecord told = record;
      told.notes.push_back(reason);
      settled = spill->finish_run(told);
    }
    if (!settled || !pending.empty()) {
      if (!settled) spill_error = std::move(settled.error());
      for (const Pending& one : pending)
        if (std::holds_alternative<PendingSecond>(one)) ++seconds_lost;
      outcome.notes.push_back(reason + " Nor could " + spill_path() + ": " + spill_error.text +
                              ".");
      return outcome;
    }
    outcome.place = spill_path();
    outcome.notes.push_back(reason + " The run is in " + spill_path() + " instead: brunt report " +
                            run_id + " --ledger " + spill_path());
    if (!has_beginning)
      outcome.notes.push_back("What came before second " + std::to_string(first_failed_second) +
                              " is in " + without_password(options.ledger.place) +
                              ", which cannot be read now.");
    return outcome;
  }

  void remove_spill() {
    if (spill == nullptr) return;
    spill.reset();
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(spill_path() + suffix, ignored);
  }
};

LedgerKeeper::LedgerKeeper(LedgerWriterOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}
LedgerKeeper::~LedgerKeeper() = default;

void LedgerKeeper::begin(const RunRecord& head) {
  state_->run_id = head.run.id;
  state_->head = head;
  state_->push(PendingHead{head});
}

void LedgerKeeper::append(SecondRecord second) {
  ASSERT(!state_->run_id.empty());
  ++state_->seconds_taken;
  if (!second.new_series.empty())
    state_->series_seen.push_back({.origin = second.origin,
                                   .second = second.second,
                                   .new_series = second.new_series,
                                   .rows = {}});
  state_->push(PendingSecond{std::move(second)});
}

void LedgerKeeper::log(std::vector<LogLine> lines) {
  ASSERT(!state_->run_id.empty());
  if (!lines.empty()) state_->push(PendingLogs{std::move(lines)});
}

LedgerOutcome LedgerKeeper::finish(const RunRecord& record) {
  ASSERT(!state_->run_id.empty());
  LedgerOutcome outcome;
  if (state_->settle_in_main(record)) {
    outcome.place = state_->options.ledger.place;
    state_->remove_spill();
    if (state_->failed_once)
      outcome.notes.push_back(without_password(outcome.place) +
                              " could not be written for a while (" + state_->main_error.text +
                              "); what waited is there now.");
  } else {
    outcome = state_->settle_in_spill(record);
  }
  outcome.seconds_lost = state_->seconds_lost;
  outcome.seconds_written = state_->seconds_taken - state_->seconds_lost;
  if (state_->seconds_lost > 0)
    outcome.notes.push_back(std::to_string(state_->seconds_lost) + " of " +
                            std::to_string(state_->seconds_taken) +
                            " seconds are in no ledger: they fitted neither there nor in memory.");
  return outcome;
}

struct LedgerWriter::State {
  explicit State(LedgerWriterOptions options) : keeper(std::move(options)) {}
  LedgerKeeper keeper;  // Used on the helper's thread alone.
  HelperThread helper{"ledger"};
};

LedgerWriter::LedgerWriter(LedgerWriterOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
LedgerWriter::~LedgerWriter() = default;

void LedgerWriter::begin(RunRecord head) {
  state_->helper.submit(
      [state = state_.get(), head = std::move(head)] { state->keeper.begin(head); });
}

void LedgerWriter::append(SecondRecord second) {
  state_->helper.submit([state = state_.get(), second = std::move(second)]() mutable {
    state->keeper.append(std::move(second));
  });
}

void LedgerWriter::log(std::vector<LogLine> lines) {
  state_->helper.submit([state = state_.get(), lines = std::move(lines)]() mutable {
    state->keeper.log(std::move(lines));
  });
}

LedgerOutcome LedgerWriter::finish(Fiber& self, const RunRecord& record) {
  LedgerOutcome outcome;
  state_->helper.run(self, [&] { outcome = state_->keeper.finish(record); });
  return outcome;
}

}  // namespace brunt
