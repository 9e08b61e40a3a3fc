#include "ledger/writer.h"

#include <sys/mount.h>

#include "ledger/ledger_fixtures.h"
#include "loop/loop.h"

namespace brunt {
namespace {

std::string said(const LedgerOutcome& outcome) {
  std::string all;
  for (const std::string& note : outcome.notes) all += note + "\n";
  return all;
}

double requests_in(const std::string& place) {
  auto ledger = Ledger::open({.place = place, .access = LedgerAccess::read});
  REQUIRE_MESSAGE(ledger, (ledger ? "" : ledger.error().text));
  const auto record = (*ledger)->load("last");
  REQUIRE(record);
  const auto requests = record->merged({"http_reqs", {}}, record->all());
  return requests ? requests->sum() : 0;
}

TEST_CASE("a run goes through the helper thread into the ledger") {
  const TemporaryFolder folder = ledger_folder();
  const RunRecord head = sample_head("20261122-084410-k3f9");
  auto loop = Loop::create({.backend = BackendKind::epoll});
  REQUIRE(loop);
  LedgerOutcome outcome;
  REQUIRE((*loop)->spawn("conductor", [&](Fiber& self) {
    LedgerWriter writer({.ledger = {.place = (folder / "ledger.db").string()}});
    writer.begin(head);
    SampleSeconds seconds("here");
    for (int i = 0; i < 4; ++i) writer.append(seconds.next());
    outcome = writer.finish(self, sample_end(head));
  }));
  (*loop)->run();
  CHECK(outcome.notes.empty());
  CHECK(outcome.seconds_written == 4);
  CHECK(outcome.place == (folder / "ledger.db").string());
  CHECK(requests_in(outcome.place) == 40);
}

TEST_CASE("a ledger that cannot be created spills the whole run beside it and says where") {
  const TemporaryFolder folder = ledger_folder();
  std::ofstream((folder / "blocked").string()) << "a file where a folder should be";
  LedgerKeeper keeper({.ledger = {.place = (folder / "blocked/ledger.db").string()},
                       .spill_folder = folder.path().string()});
  const RunRecord head = sample_head("20261122-084410-k3f9");
  keeper.begin(head);
  SampleSeconds seconds("here");
  for (int i = 0; i < 5; ++i) keeper.append(seconds.next());
  const LedgerOutcome outcome = keeper.finish(sample_end(head));
  CHECK(outcome.place == (folder / "brunt-20261122-084410-k3f9.db").string());
  CHECK(outcome.seconds_written == 5);
  CHECK(outcome.seconds_lost == 0);
  CHECK(said(outcome).find("blocked/ledger.db could not be written") != std::string::npos);
  CHECK(said(outcome).find("brunt report") != std::string::npos);
  CHECK(requests_in(outcome.place) == 50);
}

TEST_CASE("a ledger that comes back gets what waited, from memory and from the spill file") {
  for (const std::size_t memory_max : {std::size_t{64} << 20u, std::size_t{2000}}) {
    CAPTURE(memory_max);
    const TemporaryFolder folder = ledger_folder();
    std::ofstream((folder / "later").string()) << "";
    LedgerKeeper keeper({.ledger = {.place = (folder / "later/ledger.db").string()},
                         .spill_folder = folder.path().string(),
                         .memory_max = memory_max});
    const RunRecord head = sample_head("20261122-084410-k3f9");
    keeper.begin(head);
    SampleSeconds seconds("here");
    for (int i = 0; i < 5; ++i) keeper.append(seconds.next());
    std::filesystem::remove((folder / "later").string());
    for (int i = 0; i < 5; ++i) keeper.append(seconds.next());
    const LedgerOutcome outcome = keeper.finish(sample_end(head));
    CHECK(outcome.place == (folder / "later/ledger.db").string());
    CHECK(said(outcome).find("for a while") != std::string::npos);
    CHECK(requests_in(outcome.place) == 100);
    CHECK_FALSE(std::filesystem::exists((folder / "brunt-20261122-084410-k3f9.db").string()));
  }
}

TEST_CASE("a PostgreSQL that stops in mid-run leaves all in the spill file or, when back, in it") {
  for (const bool comes_back : {false, true}) {
    CAPTURE(comes_back);
    const TemporaryPostgres postgres;
    const TemporaryFolder folder = ledger_folder();
    LedgerKeeper keeper(
        {.ledger = {.place = postgres.url()}, .spill_folder = folder.path().string()});
    const RunRecord head = sample_head("20261122-084410-k3f9");
    keeper.begin(head);
    SampleSeconds seconds("here");
    for (int i = 0; i < 3; ++i) keeper.append(seconds.next());
    postgres.control("stop -m fast");
    for (int i = 0; i < 3; ++i) keeper.append(seconds.next());
    if (comes_back) postgres.control("start");
    const LedgerOutcome outcome = keeper.finish(sample_end(head));
    CAPTURE(said(outcome));
    CHECK(outcome.seconds_lost == 0);
    CHECK(requests_in(outcome.place) == (comes_back ? 60 : 30));
    CHECK((outcome.place == postgres.url()) == comes_back);
    if (!comes_back) CHECK(said(outcome).find("cannot be read now") != std::string::npos);
  }
}

TEST_CASE("nowhere to write loses seconds beyond the memory and says how many") {
  const TemporaryFolder folder = ledger_folder();
  std::ofstream((folder / "blocked").string()) << "";
  LedgerKeeper keeper({.ledger = {.place = (folder / "blocked/ledger.db").string()},
                       .spill_folder = (folder / "blocked/spill").string(),
                       .memory_max = 4000});
  const RunRecord head = sample_head("20261122-084410-k3f9");
  keeper.begin(head);
  SampleSeconds seconds("here");
  for (int i = 0; i < 20; ++i) keeper.append(seconds.next());
  const LedgerOutcome outcome = keeper.finish(sample_end(head));
  CHECK(outcome.place.empty());
  CHECK(outcome.seconds_lost == 20);
  CHECK(said(outcome).find("20 of 20 seconds are in no ledger") != std::string::npos);
}

// A file system of one page more than nothing; needs root, as the test machines have.
TEST_CASE("a full disk in mid-run loses nothing") {
  const TemporaryFolder folder = ledger_folder();
  const TemporaryFolder disk = ledger_folder();
  if (mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=200k") != 0) {
    MESSAGE("not tried: mounting a small file system needs root");
    return;
  }
  LedgerKeeper keeper(
      {.ledger = {.place = (disk / "ledger.db").string()}, .spill_folder = folder.path().string()});
  const RunRecord head = sample_head("20261122-084410-k3f9");
  keeper.begin(head);
  SampleSeconds seconds("here");
  for (int i = 0; i < 300; ++i) keeper.append(seconds.next());
  const LedgerOutcome outcome = keeper.finish(sample_end(head));
  umount2(disk.path().c_str(), MNT_DETACH);
  CAPTURE(said(outcome));
  CHECK(outcome.seconds_lost == 0);
  CHECK(outcome.place == (folder / "brunt-20261122-084410-k3f9.db").string());
  CHECK(said(outcome).find("full") != std::string::npos);
  CHECK(requests_in(outcome.place) == 3000);
}

}  // namespace
}  // namespace brunt
