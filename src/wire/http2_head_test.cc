#include "wire/http2_head.h"

#include <doctest/doctest.h>

using namespace brunt;

namespace {

std::string split(std::string head) {
  std::vector<HttpField> fields;
  split_request_head(head, "https", fields);
  std::string text;
  for (const auto& [name, value] : fields) text.append(name).append("=").append(value).append("|");
  return text;
}

}  // namespace

TEST_CASE("a head as the older version writes it becomes fields") {
  CHECK(split("GET /a?b=c HTTP/1.1\r\nHost: shop.test:8443\r\nUser-Agent: brunt\r\n\r\n") ==
        ":method=GET|:scheme=https|:authority=shop.test:8443|:path=/a?b=c|user-agent=brunt|");
  CHECK(split("POST / HTTP/1.1\r\nHost: h\r\nX-A:  b:c \r\nEmpty: \r\nContent-Length: 3\r\n\r\n") ==
        ":method=POST|:scheme=https|:authority=h|:path=/|x-a=b:c|empty=|content-length=3|");
}

TEST_CASE("what belongs to a connection of the older version stays behind") {
  CHECK(split("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nKEEP-ALIVE: 5\r\nUpgrade: x\r\n"
              "Transfer-Encoding: chunked\r\nProxy-Connection: x\r\nTE: trailers\r\n\r\n") ==
        ":method=GET|:scheme=https|:authority=h|:path=/|te=trailers|");
}

TEST_CASE("each cookie is a field of its own") {
  CHECK(split("GET / HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=2;c=3;\r\n\r\n") ==
        ":method=GET|:scheme=https|:authority=h|:path=/|cookie=a=1|cookie=b=2|cookie=c=3|");
}

TEST_CASE("fields and data become a message") {
  const Http1Limits limits;
  Http2ResponseReader reader(limits);
  HttpMessage message;
  reader.begin(message, {});
  REQUIRE(reader.head(std::vector<HttpField>{{":status", "103"}, {"link", "x"}}).has_value());
  CHECK(!reader.head_done());
  REQUIRE(reader
              .head(std::vector<HttpField>{{":status", "404"},
                                           {"content-length", "4"},
                                           {"set-cookie", "a=b"},
                                           {"content-encoding", "gzip"}})
              .has_value());
  CHECK(reader.head_done());
  REQUIRE(reader.data("ab").has_value());
  REQUIRE(reader.data("cd").has_value());
  REQUIRE(reader.head(std::vector<HttpField>{{"trailer", "x"}}).has_value());
  CHECK(message.status() == 404);
  CHECK(message.reason() == "Not Found");
  CHECK(message.version() == "HTTP/2.0");
  CHECK(message.interim_status() == 103);
  CHECK(message.fields().size() == 3);
  CHECK(message.fields().find("Content-Length") == "4");
  CHECK(message.content_length() == 4);
  CHECK(message.has_set_cookie());
  CHECK(message.has_content_encoding());
  CHECK(message.body == "abcd");
  CHECK(message.body_bytes() == 4);
}

TEST_CASE("a body that nobody wants is counted") {
  const Http1Limits limits;
  Http2ResponseReader reader(limits);
  HttpMessage message;
  reader.begin(message, {.body = BodyHandling::discard});
  REQUIRE(reader.head(std::vector<HttpField>{{":status", "200"}}).has_value());
  REQUIRE(reader.data("abcd").has_value());
  CHECK(message.body.empty());
  CHECK(message.body_bytes() == 4);
}

TEST_CASE("heads without a status and what is beyond a limit are refused") {
  const Http1Limits limits{.fields_max = 2, .interim_max = 1, .body_bytes_max = 3};
  Http2ResponseReader reader(limits);
  HttpMessage message;
  reader.begin(message, {});
  CHECK(reader.head({}).error().code == ErrorCode::malformed);
  CHECK(reader.head(std::vector<HttpField>{{":status", "x"}}).error().code == ErrorCode::malformed);
  CHECK(reader.head(std::vector<HttpField>{{":status", "200"}, {"a", "b"}, {"c", "d"}})
            .error()
            .code == ErrorCode::too_large);
  const std::vector<HttpField> interim = {{":status", "103"}};
  CHECK(reader.head(interim).has_value());
  CHECK(reader.head(interim).error().code == ErrorCode::too_large);
  REQUIRE(reader.head(std::vector<HttpField>{{":status", "200"}}).has_value());
  CHECK(reader.data("abcd").error().code == ErrorCode::too_large);
}
