// Where runs are kept: a SQLite file (default .brunt/ledger.db, WAL) or a PostgreSQL database, with
// the same tables. With the TimescaleDB extension the seconds and the logs are hypertables.
//
// Blocking: for verbs that look at past runs, and for the helper thread of a run that is under way
// (LedgerWriter, writer.h). One thread at a time. Every write is one transaction and may be
// repeated: the same second written twice is there once.
//
//   auto ledger = TRY(Ledger::open({.place = ".brunt/ledger.db"}));
//   const RunRecord run = TRY(ledger->load("last"));
//
// A run that says `running` while its process (number, start, host) is gone shows as interrupted.
//
// Errors: exhausted (disk full), denied (read-only, no right), refused and the like (the server is
// away), invalid (no ledger, or one of a newer brunt), not_found (no such run), io.
//
// Source: docs/reference/ledger.md (tables and views).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "record/run_record.h"

namespace brunt {

enum class LedgerAccess : std::uint8_t {
  write,  // Creates the file, its folder, and the tables; brings older tables up to date.
  read,   // Of a file: needs no right to write. not_found where there is none.
};

struct LedgerOptions {
  std::string place = ".brunt/ledger.db";  // A path, or postgres://… (or postgresql://…).
  LedgerAccess access = LedgerAccess::write;
  Duration timeout = std::chrono::seconds(5);  // For connecting, and for a lock that others hold.
};

// A run in a list: what it was, and its main figures.
struct RunSummary {
  RunInfo run;  // Without plan_text.
  std::uint64_t requests = 0, failed_requests = 0;
  std::uint32_t seconds = 0;  // That have rows.
  double p95_ms = 0;          // Of all requests over the whole run; 0 where there was none.
};

struct RunFilter {
  std::string plan_name;  // "" for all.
  std::optional<RunStatus> status;
  std::uint32_t limit = 50;  // The newest.
};

// For people's eyes: postgres://user:secret@host/… without the secret, as is `?password=`; anything
// else as it is.
std::string without_password(std::string_view place);

class Ledger {
 public:
  static Result<std::unique_ptr<Ledger>> open(const LedgerOptions& options);
  virtual ~Ledger() = default;

  // The run as known at its start: info, scenarios, events. Again for the same id replaces them.
  virtual Result<> begin_run(const RunRecord& head) = 0;

  // One second of one origin, one transaction.
  virtual Result<> append_second(const std::string& run_id, const SecondRecord& second) = 0;

  virtual Result<> append_logs(const std::string& run_id, const std::vector<LogLine>& lines) = 0;

  // All but the seconds: info with its end and verdict, scenarios, checks, thresholds, events,
  // subjects, profiles, notes, and the record's logs. Replaces what begin_run wrote.
  virtual Result<> finish_run(const RunRecord& record) = 0;

  // Newest first.
  virtual Result<std::vector<RunSummary>> list(const RunFilter& filter) = 0;

  // The run's id for an id, its unique beginning, or `last` (`last~1` is the one before). Errors:
  // not_found, with the nearest; invalid where a beginning fits several.
  virtual Result<std::string> resolve(std::string_view reference) = 0;

  virtual Result<RunRecord> load(std::string_view reference) = 0;
  virtual Result<> remove(std::string_view reference) = 0;

  virtual std::string place() const = 0;  // For people: a path, or the URL without its password.
};

// Whether a process with that number and start lives on this host.
bool is_alive(const ProcessIdentity& process);
// Of this very process, for RunInfo::process.
ProcessIdentity current_process();

}  // namespace brunt
