#include "wire/http1_writer.h"

#include <doctest/doctest.h>

#include <vector>

#include "wire/http1_events.h"

using namespace brunt;

TEST_CASE("a request head is written in order") {
  std::string out = "before ";
  const std::vector<HttpField> fields = {{"Accept", "*/*"}, {"X-Empty", ""}};
  REQUIRE(append_request_head(out, {.method = "POST",
                                    .target = "/a?b=c",
                                    .authority = "localhost:8080",
                                    .fields = fields,
                                    .framing = BodyFraming::content_length,
                                    .content_length = 12}));
  CHECK(out ==
        "before POST /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\nX-Empty: "
        "\r\nContent-Length: 12\r\n\r\n");
}

TEST_CASE("a response head knows the phrase of its status") {
  std::string out;
  REQUIRE(append_response_head(out, {.status = 404, .fields = {}, .content_length = 0}));
  CHECK(out == "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  out.clear();
  REQUIRE(append_response_head(
      out, {.status = 599, .fields = {}, .framing = BodyFraming::none, .version_minor = 0}));
  CHECK(out == "HTTP/1.0 599 \r\n\r\n");
}

TEST_CASE("nothing can smuggle a line end into a head") {
  struct Row {
    std::string_view method, target, authority, name, value;
  };
  const Row rows[] = {
      {"GET\r\n", "/", "x", "A", "b"},
      {"", "/", "x", "A", "b"},
      {"G T", "/", "x", "A", "b"},
      {"GET", "/ HTTP/1.1\r\nX: y", "x", "A", "b"},
      {"GET", "/a b", "x", "A", "b"},
      {"GET", "", "x", "A", "b"},
      {"GET", "/\x7f", "x", "A", "b"},
      {"GET", "/", "x\r\nX: y", "A", "b"},
      {"GET", "/", "x", "A\r\nB", "b"},
      {"GET", "/", "x", "", "b"},
      {"GET", "/", "x", "A:", "b"},
      {"GET", "/", "x", "A", "b\r\nX: y"},
      {"GET", "/", "x", "A", "b\ny"},
      {"GET", "/", "x", "A", std::string_view("b\0y", 3)},
      {"GET", "/", "x", "Content-Length", "5"},
      {"GET", "/", "x", "transfer-encoding", "chunked"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    std::string out = "as it was";
    const std::vector<HttpField> fields = {{row.name, row.value}};
    const auto done = append_request_head(out, {.method = row.method,
                                                .target = row.target,
                                                .authority = row.authority,
                                                .fields = fields,
                                                .framing = BodyFraming::content_length});
    REQUIRE(!done);
    CHECK(done.error().code == ErrorCode::invalid);
    CHECK(out == "as it was");
  }
}

TEST_CASE("chunks that are written are read back") {
  std::string out;
  REQUIRE(append_response_head(out, {.fields = {}, .framing = BodyFraming::chunked}));
  append_chunk(out, "hello");
  append_chunk(out, "");
  append_chunk(out, std::string(300, 'x'));
  const std::vector<HttpField> trailers = {{"Digest", "d"}};
  REQUIRE(append_last_chunk(out, trailers));
  const std::vector<std::string_view> pieces = {out};
  const auto events = read_http1({}, pieces);
  REQUIRE(events.size() == 1);
  CHECK(events[0].complete);
  CHECK(events[0].body == "hello" + std::string(300, 'x'));
  CHECK(events[0].trailers.size() == 1);
}

TEST_CASE("a bad trailer leaves the buffer as it was") {
  std::string out = "x";
  const std::vector<HttpField> trailers = {{"Digest", "d\r\n"}};
  CHECK(!append_last_chunk(out, trailers));
  CHECK(out == "x");
}
