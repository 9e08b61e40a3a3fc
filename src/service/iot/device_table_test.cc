// The table of devices: growth, its limit, readers beside the writer, and the ids themselves.
#include "service/iot/device_table.h"

#include <doctest/doctest.h>

#include <thread>

using namespace brunt;

TEST_CASE("an id survives text and bytes, and nothing else is an id") {
  Prng prng(3);
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = random_uuid(prng);
    std::string text;
    append_uuid(text, id);
    CHECK(text.size() == uuid_text_size);
    CHECK(text[14] == '4');
    CHECK(parse_uuid(text) == id);
    CHECK(uuid_of(bytes_of(id)) == id);
  }
  CHECK(parse_uuid("7D444840-9dc0-11d1-b245-5ffdce74fad2") ==
        Uuid{0x7d4448409dc011d1, 0xb2455ffdce74fad2});
  for (const std::string_view wrong :
       {"", "7d444840-9dc0-11d1-b245-5ffdce74fad", "7d444840-9dc0-11d1-b245-5ffdce74fad22",
        "7d444840x9dc0-11d1-b245-5ffdce74fad2", "7d444840-9dc0-11d1-b245-5ffdce74fadg",
        "{d444840-9dc0-11d1-b245-5ffdce74fad2"})
    CHECK_FALSE(parse_uuid(wrong));
}

TEST_CASE("what was added is found, also after growing, and nothing else") {
  DeviceTable table(10'000);
  Prng prng(1);
  std::vector<Uuid> ids;
  for (int i = 0; i < 5000; ++i) {
    ids.push_back(random_uuid(prng));
    REQUIRE(table.add(ids.back()));
    REQUIRE(table.add(ids.front()));  // Known already.
  }
  CHECK(table.size() == ids.size());
  Device* const first = table.find(ids.front());
  for (const Uuid& id : ids) {
    REQUIRE(table.find(id) != nullptr);
    CHECK(table.find(id)->id == id);
  }
  CHECK(table.find(ids.front()) == first);
  for (int i = 0; i < 5000; ++i) CHECK(table.find(random_uuid(prng)) == nullptr);
}

TEST_CASE("one device more than the limit is refused") {
  DeviceTable table(2);
  CHECK(table.add({1, 1}));
  CHECK_FALSE(table.full());
  CHECK(table.add({2, 2}));
  CHECK(table.full());
  CHECK(table.add({3, 3}).error().code == ErrorCode::exhausted);
  CHECK(table.add({1, 1}));
}

TEST_CASE("threads find devices while another adds") {
  DeviceTable table(100'000);
  constexpr std::uint64_t count = 20'000;
  std::atomic<std::uint64_t> added = 0;
  std::atomic<bool> lost = false;
  const auto read = [&] {
    for (std::uint64_t seen = 0; seen < count; seen = added.load(std::memory_order_acquire))
      if (seen > 0 && table.find({seen, seen * 31}) == nullptr) lost = true;
  };
  std::thread one(read);
  std::thread two(read);
  for (std::uint64_t i = 1; i <= count; ++i) {
    REQUIRE(table.add({i, i * 31}));
    added.store(i, std::memory_order_release);
  }
  one.join();
  two.join();
  CHECK_FALSE(lost);
}

TEST_CASE("commands follow from the last measurement") {
  Measurement last;
  last.charge_now = 79;
  CHECK(command_for(last) == Command{.charge = true, .informed = true});
  last.charge_now = 80;
  CHECK(command_for(last) == Command{.informed = true});
  last.charge_full = 200;
  last.water_level_litres = 49;
  CHECK(command_for(last) == Command{.charge = true, .fill = true, .informed = true});
  last.water_level_litres = 505;
  last.water_temp_celsius = 55;
  CHECK(command_for(last) == Command{.charge = true, .flush_litres = 50, .informed = true});
  last.water_level_litres = 2'000'000'000;
  AtomicCommand stored;
  stored.store(command_for(last));
  CHECK(stored.load() == command_for(last));
  CHECK(stored.load().flush_litres == 65'535);
}
