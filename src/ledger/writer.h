// Writes a run into a ledger from a helper thread: the loops never wait for a disk or a server, and
// a ledger that fails never ends a run.
//
// What cannot be written waits in memory and is tried again with each second. When that exceeds
// memory_max, or at the end of the run, it is spilled into a SQLite ledger of its own in
// spill_folder; if the ledger can be written again by then, everything goes there and nothing is
// spilled. Only what fits in neither place is lost, and finish() says how much.
//
//   LedgerWriter writer({.ledger = {.place = url}});
//   writer.begin(head);                        // at once; opens the ledger behind the scenes
//   writer.append(std::move(second));          // once a second, any thread
//   const LedgerOutcome outcome = writer.finish(self, record);
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "loop/fiber.h"
#include "record/run_record.h"

namespace brunt {

struct LedgerWriterOptions {
  LedgerOptions ledger;
  std::string spill_folder = "/tmp";
  std::size_t memory_max = 64u << 20u;  // What may wait to be written, in bytes.
};

// What has become of the record. `complete` says that one of the two places holds all of it.
struct LedgerOutcome {
  std::string place;  // Where the run is, as Ledger::open takes it; people get without_password().
  std::uint64_t seconds_written = 0;
  std::uint64_t seconds_lost = 0;
  std::vector<std::string> notes;  // Sentences for the end of the summary; empty when all is well.
};

// The same without a thread: every call may block. For tests and for tools.
class LedgerKeeper {
 public:
  explicit LedgerKeeper(LedgerWriterOptions options);
  ~LedgerKeeper();

  void begin(const RunRecord& head);
  void append(SecondRecord second);
  void log(std::vector<LogLine> lines);
  // `record` needs no rows: those were appended. Call it once, last.
  LedgerOutcome finish(const RunRecord& record);

  LedgerKeeper(const LedgerKeeper&) = delete;
  LedgerKeeper& operator=(const LedgerKeeper&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class LedgerWriter {
 public:
  explicit LedgerWriter(LedgerWriterOptions options);
  ~LedgerWriter();  // Without finish() the run stays `running` in the ledger, then interrupted.

  // Never wait. Any thread, in the order of the run.
  void begin(RunRecord head);
  void append(SecondRecord second);
  void log(std::vector<LogLine> lines);

  // Parks until all is written or spilled.
  LedgerOutcome finish(Fiber& self, const RunRecord& record);

  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
