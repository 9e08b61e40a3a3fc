// The parser promises the same messages however the bytes are cut, and refuses what would let two
// parties disagree over where a message ends.
#include "wire/http1_parser.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.h"
#include "wire/http1_events.h"

using namespace brunt;

namespace {

std::vector<Http1Event> read_whole(const Http1Reading& reading, std::string_view bytes) {
  const std::vector<std::string_view> pieces = {bytes};
  return read_http1(reading, pieces);
}

std::vector<Http1Event> response(std::string_view bytes) {
  return read_whole({.role = Http1Role::client}, bytes);
}

std::vector<Http1Event> request(std::string_view bytes) {
  return read_whole({.role = Http1Role::server}, bytes);
}

struct Vector {
  std::string name, bytes;
};

std::vector<Vector> vectors(const std::string& folder) {
  std::vector<Vector> found;
  const auto root = std::filesystem::path(BRUNT_SOURCE_DIR) / "tests/vectors/http1" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(root))
    found.push_back({entry.path().filename().string(), read_file(entry.path()).value()});
  return found;
}

// The name's first word says what the last message of the file comes to.
void check_outcome(const Vector& vector, const std::vector<Http1Event>& events) {
  REQUIRE(!events.empty());
  const Http1Event& last = events.back();
  const bool ok = vector.name.starts_with("ok-");
  CHECK(last.complete == ok);
  if (ok) return;
  if (vector.name.starts_with("malformed-")) CHECK(last.error == ErrorCode::malformed);
  if (vector.name.starts_with("large-")) CHECK(last.error == ErrorCode::too_large);
  if (vector.name.starts_with("cut-")) CHECK(last.error == ErrorCode::closed);
}

void check_every_split(const Http1Reading& reading, const Vector& vector) {
  CAPTURE(vector.name);
  const std::string_view bytes = vector.bytes;
  const auto whole = read_whole(reading, bytes);
  check_outcome(vector, whole);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const std::vector<std::string_view> two = {bytes.substr(0, cut), bytes.substr(cut)};
    const bool equal = read_http1(reading, two) == whole;
    if (!equal) CAPTURE(cut);
    REQUIRE(equal);
  }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  CHECK(read_http1(reading, single) == whole);
}

std::string text_of(const std::vector<Http1Event>& events) {
  std::string text;
  for (const Http1Event& event : events) text += event.complete ? event.start + "\n" : "error\n";
  return text;
}

}  // namespace

TEST_CASE("a response cut at any byte gives the same messages as whole") {
  const auto all = vectors("responses");
  CHECK(all.size() > 40);
  for (const Vector& vector : all) check_every_split({.role = Http1Role::client}, vector);
}

TEST_CASE("a request cut at any byte gives the same messages as whole") {
  const auto all = vectors("requests");
  CHECK(all.size() > 20);
  for (const Vector& vector : all) check_every_split({.role = Http1Role::server}, vector);
}

TEST_CASE("a small response is taken apart") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  parser.begin(message, {});
  const std::string_view bytes =
      "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nX-A: 1\r\nx-a:  2 \r\ncontent-length: "
      "5\r\n\r\nhelloHTTP";
  const auto used = parser.feed(as_bytes(bytes));
  REQUIRE(used);
  CHECK(*used == bytes.size() - 4);
  REQUIRE(parser.done());
  CHECK(message.status() == 200);
  CHECK(message.reason() == "Fine");
  CHECK(message.version_minor() == 1);
  CHECK(message.body == "hello");
  CHECK(message.content_length() == 5);
  CHECK(message.keep_alive());
  CHECK(message.fields().size() == 4);
  CHECK(message.fields().find("CONTENT-TYPE") == "text/plain");
  CHECK(message.fields().find("X-a") == "1");
  CHECK(message.fields().join("X-a") == "1, 2");
  CHECK(!message.fields().find("x-b"));
  CHECK(message.fields()[2] == HttpField{"x-a", "2"});
  CHECK(!message.has_set_cookie());
}

TEST_CASE("a request is taken apart") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::server, limits);
  parser.begin(message, {});
  const std::string_view head =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  CHECK(parser.feed(as_bytes(head)) == head.size());
  CHECK(parser.head_done());
  CHECK(!parser.done());
  CHECK(message.method() == "POST");
  CHECK(message.target() == "/a?b=c");
  CHECK(message.expects_continue());
  CHECK(parser.feed(as_bytes("ok")) == 2);
  CHECK(parser.done());
  CHECK(message.body == "ok");
}

TEST_CASE("chunks are joined, extensions skipped, trailers kept apart") {
  const auto events = response(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n00a\r\n "
      "big world\r\n0\r\nDigest: d\r\n\r\n");
  REQUIRE(events.size() == 1);
  CHECK(events[0].body == "hello big world");
  CHECK(events[0].fields.size() == 1);
  REQUIRE(events[0].trailers.size() == 1);
  CHECK(events[0].trailers[0] == std::pair<std::string, std::string>("Digest", "d"));
  CHECK(events[0].keep_alive);
}

TEST_CASE("the connection is kept as the version and the Connection field say") {
  struct Row {
    std::string_view head;
    bool keep_alive;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, CLOSE\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"HTTP/1.1 204 No Content\r\n\r\n", true},
      {"HTTP/1.1 200 until close\r\n\r\n", false},
      // Two framings that contradict each other: what follows is not trusted.
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.head);
    const auto events = response(row.head);
    REQUIRE(events.size() == 1);
    CHECK(events[0].complete);
    CHECK(events[0].keep_alive == row.keep_alive);
  }
}

TEST_CASE("interim responses are skipped and counted") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  parser.begin(message, {});
  CHECK(parser.feed(as_bytes("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n")));
  CHECK(parser.started());
  CHECK(!parser.head_done());
  CHECK(parser.feed(as_bytes("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 Done\r\n\r\n")));
  REQUIRE(parser.done());
  CHECK(message.status() == 204);
  CHECK(message.fields().empty());
  CHECK(message.interim_count() == 2);
  CHECK(message.interim_status() == 103);
}

TEST_CASE("an answer to HEAD has no body, whatever it announces") {
  const Http1Reading reading{.expectation = {.answers_head = true}};
  for (const std::string_view head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"}) {
    CAPTURE(head);
    const auto events = read_whole(reading, head);
    REQUIRE(events.size() == 1);
    CHECK(events[0].complete);
    CHECK(events[0].body.empty());
    CHECK(events[0].keep_alive);
  }
}

TEST_CASE("after 101 the bytes are left to the new protocol") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  parser.begin(message, {});
  const std::string_view head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  CHECK(parser.feed(as_bytes(std::string(head) + "\x81\x01z")) == head.size());
  CHECK(parser.done());
  CHECK(parser.upgraded());
}

TEST_CASE("a discarded body is counted, not kept") {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello"}) {
    const auto events = read_whole({.expectation = {.body = BodyHandling::discard}}, bytes);
    REQUIRE(events.size() == 1);
    CHECK(events[0].body.empty());
    CHECK(events[0].body_bytes == 5);
  }
}

TEST_CASE("each limit holds at its bound and not one beyond") {
  const auto outcome = [](const Http1Limits& limits, std::string_view bytes) {
    const auto events = read_whole({.limits = limits}, bytes);
    REQUIRE(events.size() == 1);
    return events[0].complete ? "ok" : name_of(events[0].error);
  };
  const std::string_view length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  CHECK(outcome({.body_bytes_max = 5}, length) == "ok");
  CHECK(outcome({.body_bytes_max = 4}, length) == "too_large");
  const std::string_view chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
  CHECK(outcome({.body_bytes_max = 5}, chunked) == "ok");
  CHECK(outcome({.body_bytes_max = 4}, chunked) == "too_large");
  const std::string_view until_close = "HTTP/1.1 200 OK\r\n\r\nhello";
  CHECK(outcome({.body_bytes_max = 5}, until_close) == "ok");
  CHECK(outcome({.body_bytes_max = 4}, until_close) == "too_large");
  const std::string_view fields = "HTTP/1.1 204 OK\r\nA: 1\r\nB: 2\r\n\r\n";
  CHECK(outcome({.fields_max = 2}, fields) == "ok");
  CHECK(outcome({.fields_max = 1}, fields) == "too_large");
  const auto size = static_cast<std::uint32_t>(fields.size());
  CHECK(outcome({.head_bytes_max = size}, fields) == "ok");
  CHECK(outcome({.head_bytes_max = size - 1}, fields) == "too_large");
}

TEST_CASE("a head of a megabyte is too large long before its end") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  parser.begin(message, {});
  CHECK(parser.feed(as_bytes("HTTP/1.1 200 OK\r\nX: ")));
  const std::string piece(1000, 'x');
  std::size_t fed = 0;
  Result<std::size_t> step = 0;
  while (fed < 1'000'000 && (step = parser.feed(as_bytes(piece)))) fed += piece.size();
  REQUIRE(!step);
  CHECK(step.error().code == ErrorCode::too_large);
  CHECK(step.error().text == "response: the head is larger than 65536 bytes");
  CHECK(fed <= limits.head_bytes_max);
}

TEST_CASE("the text of an error says what is wrong") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::server, limits);
  parser.begin(message, {});
  const auto both = parser.feed(as_bytes(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
  REQUIRE(!both);
  CHECK(both.error().text == "malformed request: both Transfer-Encoding and Content-Length");
  parser.begin(message, {});
  CHECK(parser.feed(as_bytes("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")));
  const auto cut = parser.finish();
  REQUIRE(!cut);
  CHECK(cut.error().text == "closed after 3 of 9 body bytes");
}

TEST_CASE("a message is reused without growing again") {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 400\r\n\r\n" + std::string(400, 'x');
  parser.begin(message, {});
  REQUIRE(parser.feed(as_bytes(bytes)));
  const char* body = message.body.data();
  const char* reason = message.reason().data();
  for (int i = 0; i < 3; ++i) {
    parser.begin(message, {});
    CHECK(message.status() == 0);
    REQUIRE(parser.feed(as_bytes(bytes)));
    CHECK(message.body.data() == body);
    CHECK(message.reason().data() == reason);
  }
}

TEST_CASE("pipelined requests come one by one") {
  const auto events = request(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: "
      "1\r\n\r\n!GET /3 HTTP/1.0\r\n\r\n");
  CHECK(text_of(events) == "GET|/1|0||1\nPOST|/2|0||1\nGET|/3|0||0\n");
}
