#include "service/messages/message_verifier.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "service/messages/fake_disk.h"
#include "service/messages/stored_message.h"

using namespace brunt;

namespace {

struct Sent {
  std::uint32_t client, sequence;
  std::int64_t received;
};

VerifyReport verify_sent(const std::vector<Sent>& sent, const VerifyOptions& options = {}) {
  RecordBuffer bytes;
  bytes.grow(stored_head_bytes);
  for (const Sent& message : sent)
    append_stored(bytes, {.client = message.client,
                          .sequence = message.sequence,
                          .received_unix_ns = message.received,
                          .payload = as_bytes("text")});
  std::vector<std::byte> whole(bytes.view().begin(), bytes.view().end());
  encode_stored_head({.id = {}, .output_bytes = 0, .bytes = whole.size() - stored_head_bytes},
                     whole.data());
  FakeDisk disk(1);
  auto file = disk.folder("f")->open("all", FolderOpen::create);
  REQUIRE((*file)->write(0, whole));
  return *verify_messages(**file, options);
}

}  // namespace

TEST_CASE("an output in order is sound, also where clients take turns") {
  const VerifyReport report = verify_sent({{1, 1, 1}, {2, 5, 2}, {1, 2, 3}, {2, 6, 4}});
  CHECK(report.is_sound());
  CHECK(report.messages == 4);
  CHECK(report.clients == 2);
  CHECK(describe(report) ==
        "4 messages of 2 clients in 1 segments, 160 bytes\n"
        "nothing is lost, duplicated, reordered or damaged\n");
}

TEST_CASE("loss, duplicates and reordering are found and told apart") {
  const VerifyReport report =
      verify_sent({{7, 1, 1}, {7, 2, 2}, {7, 2, 3}, {7, 9, 4}, {7, 4, 5}, {8, 1, 6}});
  CHECK(!report.is_sound());
  CHECK(report.lost == 5);
  CHECK(report.duplicated == 1);
  CHECK(report.reordered == 1);
  CHECK(report.clients_not_in_order == 1);
  CHECK(describe(report).find("  client 7: 5 lost (3, 5 to 8), 1 duplicated, 1 reordered\n") !=
        std::string::npos);
  const auto json = Json::parse(to_json(report));
  REQUIRE(json);
  CHECK(json->find("lost")->integer() == 5);
  CHECK(!json->find("sound")->boolean());
}

TEST_CASE("a later place in the file is no reordering if it was received earlier") {
  // The client came to another worker, whose segment was finished first.
  const VerifyReport report = verify_sent({{7, 3, 30}, {7, 4, 40}, {7, 1, 10}, {7, 2, 20}});
  CHECK(report.is_sound());
}

TEST_CASE("what a client has as acknowledged must be there, from the first number on") {
  VerifyOptions options{.first = 1, .acknowledged = {{7, 4}, {9, 2}}};
  const VerifyReport report = verify_sent({{7, 2, 1}, {7, 3, 2}}, options);
  CHECK(report.lost == 4);
  CHECK(report.clients == 2);
}

TEST_CASE("the table of what was acknowledged is read with and without a head line") {
  const auto told = parse_acknowledged("client_id,last_acked\n7,4\n\n 9 , 2\r\n7,3\n");
  REQUIRE(told);
  CHECK(*told == std::map<std::uint32_t, std::uint32_t>{{7, 4}, {9, 2}});
  CHECK(parse_acknowledged("7,4")->size() == 1);
  const auto wrong = parse_acknowledged("7,4\nseven,4\n");
  REQUIRE(!wrong);
  CHECK(wrong.error().text == "line 2: \"seven,4\" is not CLIENT,LAST_ACKNOWLEDGED");
}

TEST_CASE("a set of numbers knows its gaps whatever the order") {
  SequenceSet set;
  for (const std::uint32_t number : {5u, 9u, 7u, 6u, 1u, 8u, 4294967295u}) CHECK(set.add(number));
  CHECK(!set.add(7));
  CHECK(!set.add(4294967295u));
  CHECK(set.size() == 7);
  using Ranges = std::vector<SequenceSet::Range>;
  CHECK(set.missing(0, 12, 9) == Ranges{{0, 0}, {2, 4}, {10, 12}});
  CHECK(set.missing(0, 12, 2) == Ranges{{0, 0}, {2, 4}});
  CHECK(set.count_missing(0, 12) == 7);
  CHECK(set.count_missing(9, 4294967295u) == 4294967285u);
  CHECK(SequenceSet().count_missing(1, 3) == 3);
}
