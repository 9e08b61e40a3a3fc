// Two sessions, one of each side, whose bytes go to and fro.
#include "wire/http2_session.h"

#include <doctest/doctest.h>

#include <vector>

using namespace brunt;

namespace {

// Notes what it hears as lines of text.
struct NotingVisitor final : Http2Visitor {
  std::vector<std::string> heard;
  std::int32_t stream = 0;

  void headers(std::int32_t id, std::span<const HttpField> fields) override {
    stream = id;
    std::string line = "headers";
    for (const auto& [name, value] : fields)
      line.append(" ").append(name).append("=").append(value);
    heard.push_back(line);
  }
  void data(std::int32_t, std::string_view bytes) override {
    if (!heard.empty() && heard.back().starts_with("data"))
      heard.back().append(bytes);
    else
      heard.push_back("data " + std::string(bytes));
  }
  void ended(std::int32_t) override { heard.emplace_back("ended"); }
  void closed(std::int32_t, std::uint32_t code) override {
    heard.push_back("closed " + std::to_string(code));
  }
};

struct Ends {
  NotingVisitor client_hears, server_hears;
  Http2Limits limits = {};
  std::unique_ptr<Http2Session> client =
      Http2Session::create(Http2Role::client, client_hears, limits).value();
  std::unique_ptr<Http2Session> server =
      Http2Session::create(Http2Role::server, server_hears, limits).value();

  // Until nobody has anything to say. `piece`: so many bytes at once.
  void talk(std::size_t piece = 1'000'000) {
    for (bool more = true; more;) {
      more = pass(*client, *server, piece);
      more = pass(*server, *client, piece) || more;
    }
  }
  static bool pass(Http2Session& from, Http2Session& to, std::size_t piece) {
    std::string bytes;
    from.drain(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      REQUIRE(to.feed(as_bytes(std::string_view(bytes).substr(at, piece))).has_value());
    return !bytes.empty();
  }
  std::int32_t ask() {
    return client
        ->open(std::vector<HttpField>{
            {":method", "POST"}, {":scheme", "http"}, {":path", "/a"}, {":authority", "h"}})
        .value();
  }
};

}  // namespace

TEST_CASE("a request and its response with trailers pass, however the bytes are cut") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
    Ends ends;
    const std::int32_t stream = ends.ask();
    ends.client->write(stream, "question");
    ends.client->finish(stream);
    ends.talk(piece);
    CHECK(ends.client->greeted());
    CHECK(ends.server_hears.heard ==
          std::vector<std::string>{"headers :method=POST :scheme=http :path=/a :authority=h",
                                   "data question", "ended"});
    ends.server->respond(stream, std::vector<HttpField>{{":status", "200"}, {"x", "y"}});
    ends.server->write(stream, "answer");
    ends.server->finish(stream, std::vector<HttpField>{{"grpc-status", "0"}});
    ends.talk(piece);
    CHECK(ends.client_hears.heard ==
          std::vector<std::string>{"headers :status=200 x=y", "data answer",
                                   "headers grpc-status=0", "ended", "closed 0"});
  }
}

TEST_CASE("what nobody has consumed stops the sender, and goes on afterwards") {
  Ends ends;
  const std::int32_t stream = ends.ask();
  const std::size_t window = ends.limits.stream_window_bytes;
  ends.client->write(stream, std::string(window + 500, 'x'));
  ends.talk();
  CHECK(ends.client->waiting(stream) == 500);
  ends.server->consume(stream, window);
  ends.talk();
  CHECK(ends.client->waiting(stream) == 0);
}

TEST_CASE("a stream that is reset is closed on both sides, and the connection goes on") {
  Ends ends;
  const std::int32_t stream = ends.ask();
  ends.talk();
  ends.client->reset(stream, http2_cancel);
  ends.talk();
  CHECK(ends.client_hears.heard.back() == "closed 8");
  CHECK(ends.server_hears.heard.back() == "closed 8");
  CHECK(ends.ask() == stream + 2);
}

TEST_CASE("a head beyond its limit resets its stream only") {
  Ends ends{.limits = {.head_bytes_max = 4096}};
  const std::int32_t stream = ends.ask();
  ends.talk();
  const std::string value(ends.limits.head_bytes_max, 'v');
  ends.server->respond(stream, std::vector<HttpField>{{":status", "200"}, {"x", value}});
  ends.talk();
  REQUIRE(ends.client_hears.heard.size() == 1);
  CHECK(ends.client_hears.heard[0].starts_with("closed "));
  CHECK_FALSE(ends.client->over());
}

TEST_CASE("bytes that are not HTTP2 are malformed or end the session") {
  NotingVisitor hears;
  auto session = Http2Session::create(Http2Role::client, hears, {}).value();
  std::string out;
  session->drain(out);
  const auto fed = session->feed(as_bytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  session->drain(out);
  CHECK((!fed.has_value() || session->over()));
  CHECK_FALSE(session->greeted());
}
