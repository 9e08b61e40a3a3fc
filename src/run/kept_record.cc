#include "run/kept_record.h"

namespace brunt {

std::pair<RunRecord, LedgerOutcome> keep_record(Fiber& self, std::unique_ptr<LedgerWriter> writer,
                                                const RunRecord& record, RunObserver& observer) {
  const LedgerOutcome outcome = writer->finish(self, record);
  writer.reset();  // Its connection ends before the next begins: a server may give only one.
  for (const std::string& note : outcome.notes) observer.warning(note);
  const auto ledger = Ledger::open({.place = outcome.place, .access = LedgerAccess::read});
  auto loaded =
      ledger ? (*ledger)->load(record.run.id) : Result<RunRecord>(std::unexpected(ledger.error()));
  if (loaded) return {std::move(*loaded), outcome};
  observer.warning("the run cannot be read back for its report: " + loaded.error().text);
  return {record, outcome};
}

}  // namespace brunt
