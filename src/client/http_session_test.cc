// A virtual user's HTTP: redirects as requests of their own, cookies, authentication, codings.
#include "client/http_session.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "client/http_test_world.h"

using namespace brunt;

namespace {

struct Seen {
  std::string method, url;
  std::uint16_t status;
  std::uint16_t code;
  Duration duration;
  bool last;
};

class Visitor final : public HttpHopVisitor {
 public:
  void hop(const HttpHop& hop) override {
    CHECK(hop.index == seen.size());
    seen.push_back({std::string(hop.method), hop.url.text(), hop.reply.status(),
                    hop.reply.error_code(), hop.reply.timings.duration(), hop.last});
  }
  std::vector<Seen> seen;
};

// Answers each request by its target.
struct Site {
  struct Page {
    std::string target, response;
  };
  std::vector<Page> pages;
  std::vector<std::string> requests;

  HttpTestWorld world() {
    return {.serve =
                [this](Peer& peer) {
                  while (true) {
                    const std::string request = peer.request();
                    if (request.empty()) return;
                    requests.push_back(request);
                    const auto parts =
                        split(std::string_view(request).substr(0, request.find("\r\n")), ' ');
                    const auto page = std::ranges::find(pages, parts[1], &Page::target);
                    const std::string head =
                        page == pages.end() ? "404 Not Found\r\n" : page->response;
                    if (!peer.send(head.starts_with("HTTP/")
                                       ? head
                                       : "HTTP/1.1 " + head + "Content-Length: 0\r\n\r\n"))
                      return;
                  }
                },
            .options = {}};
  }
};

std::string with_body(std::string fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("each redirect is a request of its own, measured and shown") {
  Site site{{{"/a", "302 Found\r\nLocation: /b/c\r\n"},
             {"/b/c", "301 Moved Permanently\r\nLocation: ../d?x=1#part\r\n"},
             {"/d?x=1", with_body("", "arrived")}},
            {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    Visitor visitor;
    const Url url = url_of("http://localhost/a");
    REQUIRE(session.send(self, {.url = url}, {}, reply, &visitor));
    CHECK(reply.status() == 200);
    CHECK(reply.body() == "arrived");
    REQUIRE(reply.redirected_url);
    CHECK(reply.redirected_url->text() == "http://localhost/d?x=1");
    REQUIRE(visitor.seen.size() == 3);
    CHECK(visitor.seen[0].url == "http://localhost/a");
    CHECK(visitor.seen[0].status == 302);
    CHECK(visitor.seen[0].duration == 20ms);
    CHECK(!visitor.seen[0].last);
    CHECK(visitor.seen[1].status == 301);
    CHECK(visitor.seen[2].status == 200);
    CHECK(visitor.seen[2].last);
    CHECK(session.client().connections() == 1);
  });
  CHECK(field_of(site.requests[0], "referer") == "-");
  CHECK(field_of(site.requests[1], "referer") == "http://localhost/a");
}

TEST_CASE("what a redirect makes of method and body") {
  struct Row {
    std::string_view status, method, next_method, next_body;
  };
  const Row rows[] = {
      {"301 X", "POST", "GET", ""},    {"302 X", "PUT", "GET", ""},
      {"303 X", "DELETE", "GET", ""},  {"303 X", "HEAD", "HEAD", ""},
      {"302 X", "GET", "GET", ""},     {"307 X", "POST", "POST", "data"},
      {"308 X", "PUT", "PUT", "data"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.method);
    Site site{{{"/a", std::string(row.status) + "\r\nLocation: /b\r\n"}, {"/b", "200 OK\r\n"}}, {}};
    site.world().run([&](Fiber& self, HttpContext& context) {
      const HttpSessionOptions options;
      HttpSession session(context, options);
      HttpReply reply;
      const Url url = url_of("http://localhost/a");
      const std::vector<HttpField> fields = {{"Content-Type", "text/plain"}};
      const bool bodiless = row.method == "GET" || row.method == "HEAD";
      REQUIRE(session.send(
          self,
          {.method = row.method, .url = url, .fields = fields, .body = bodiless ? "" : "data"}, {},
          reply));
      CHECK(reply.status() == 200);
    });
    REQUIRE(site.requests.size() == 2);
    CHECK(line_of(site.requests[1]) == std::string(row.next_method) + " /b");
    CHECK(body_of(site.requests[1]) == row.next_body);
    CHECK(field_of(site.requests[1], "content-type") ==
          (row.next_body.empty() ? "-" : "text/plain"));
    CHECK(field_of(site.requests[1], "content-length") == (row.next_body.empty() ? "-" : "4"));
  }
}

TEST_CASE("at the limit the redirect itself is the reply") {
  Site site{{{"/loop", "302 Found\r\nLocation: /loop\r\n"}}, {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    Visitor visitor;
    const Url url = url_of("http://localhost/loop");
    REQUIRE(session.send(self, {.url = url}, {}, reply, &visitor));
    CHECK(reply.status() == 302);
    CHECK(visitor.seen.size() == 11);
    REQUIRE(session.send(self, {.url = url}, {.redirects_max = 0}, reply));
    CHECK(reply.status() == 302);
    CHECK(!reply.redirected_url);
  });
  CHECK(site.requests.size() == 12);
}

TEST_CASE("a redirect without or with a broken Location is not followed") {
  Site site{{{"/none", "302 Found\r\n"}, {"/bad", "302 Found\r\nLocation: ftp://x/\r\n"}}, {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    const Url none = url_of("http://localhost/none");
    REQUIRE(session.send(self, {.url = none}, {}, reply));
    CHECK(reply.status() == 302);
    const Url bad = url_of("http://localhost/bad");
    Visitor visitor;
    REQUIRE(session.send(self, {.url = bad}, {}, reply, &visitor));
    CHECK(reply.error_code() == 1000);
    CHECK(reply.failure->message == "failed to parse Location header");
    CHECK(visitor.seen.size() == 1);
  });
}

TEST_CASE("a redirect to a stranger is refused by the allow-list, and gets no secrets") {
  Site site{{{"/away", "302 Found\r\nLocation: http://10.0.0.1/\r\n"},
             {"/other", "302 Found\r\nLocation: http://127.0.0.1/b\r\n"},
             {"/port", "302 Found\r\nLocation: http://localhost:8080/b\r\n"},
             {"/b", "200 OK\r\n"}},
            {}};
  const std::vector<HttpField> fields = {
      {"Authorization", "secret"}, {"Cookie", "mine=1"}, {"Host", "shop.test"}, {"X-Own", "1"}};
  site.world().run([&](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    Visitor visitor;
    const Url away = url_of("http://localhost/away");
    REQUIRE(session.send(self, {.url = away}, {}, reply, &visitor));
    CHECK(reply.error_code() == 1110);
    REQUIRE(visitor.seen.size() == 2);
    CHECK(visitor.seen[0].status == 302);
    CHECK(visitor.seen[1].code == 1110);
    const Url other = url_of("http://localhost/other");
    REQUIRE(session.send(self, {.url = other, .fields = fields}, {}, reply));
    CHECK(reply.status() == 200);
    const Url port = url_of("http://localhost/port");
    REQUIRE(session.send(self, {.url = port, .fields = fields}, {}, reply));
    CHECK(reply.status() == 200);
  });
  REQUIRE(site.requests.size() == 5);
  CHECK(field_of(site.requests[1], "authorization") == "secret");
  CHECK(field_of(site.requests[1], "host") == "shop.test");
  CHECK(field_of(site.requests[2], "authorization") == "-");
  CHECK(field_of(site.requests[2], "cookie") == "-");
  CHECK(field_of(site.requests[2], "host") == "127.0.0.1");
  CHECK(field_of(site.requests[2], "x-own") == "1");
  CHECK(field_of(site.requests[4], "authorization") == "secret");
  CHECK(field_of(site.requests[4], "host") == "localhost:8080");
}

TEST_CASE("the deadline holds for the whole chain") {
  Site site{{{"/loop", "302 Found\r\nLocation: /loop\r\n"}}, {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    Visitor visitor;
    const Url url = url_of("http://localhost/loop");
    REQUIRE(session.send(self, {.url = url}, {.deadline = self.now() + 75ms}, reply, &visitor));
    CHECK(reply.error_code() == 1050);
    CHECK(visitor.seen.size() == 3);
    CHECK(self.now() == Instant(75ms));
  });
}

TEST_CASE("cookies are kept and sent, also with a request that was encoded before") {
  Site site{{{"/login",
              "302 Found\r\nSet-Cookie: id=7; Path=/\r\nSet-Cookie: bad\r\n"
              "Set-Cookie: b=2; Path=/only\r\nLocation: /home\r\n"},
             {"/home", "200 OK\r\n"}},
            {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    const Url login = url_of("http://localhost/login");
    REQUIRE(session.send(self, {.method = "POST", .url = login, .body = "x=y"}, {}, reply));
    CHECK(session.cookies().size() == 2);
    const Url home = url_of("http://localhost/home");
    HttpRequest request{.method = "POST", .url = home, .body = "body"};
    const auto encoded = HttpSession::prepare(request, options);
    REQUIRE(encoded);
    request.encoded = &*encoded;
    REQUIRE(session.send(self, request, {}, reply));
    session.cookies().clear();
    REQUIRE(session.send(self, request, {}, reply));
    const std::vector<HttpField> fields = {{"Cookie", "own=1"}};
    HttpRequest own{.url = home, .fields = fields};
    const auto own_encoded = HttpSession::prepare(own, options);
    own.encoded = &*own_encoded;
    REQUIRE(session.cookies().store(home, "id=8", context.loop.wall()));
    REQUIRE(session.send(self, own, {}, reply));
    HttpSessionOptions without;
    without.cookies = false;
    HttpSession careless(context, without);
    REQUIRE(careless.send(self, {.url = login}, {}, reply));
    CHECK(careless.cookies().empty());
  });
  REQUIRE(site.requests.size() == 7);
  CHECK(field_of(site.requests[0], "cookie") == "-");
  CHECK(field_of(site.requests[1], "cookie") == "id=7");
  CHECK(field_of(site.requests[2], "cookie") == "id=7");
  CHECK(body_of(site.requests[2]) == "body");
  CHECK(field_of(site.requests[3], "cookie") == "-");
  CHECK(field_of(site.requests[4], "cookie") == "own=1; id=8");
  CHECK(field_of(site.requests[6], "cookie") == "-");
}

TEST_CASE("a head has the defaults, the fields of the request, and one framing") {
  HttpSessionOptions options;
  options.fields = {{"Accept", "text/plain"}, {"X-Default", "1"}};
  const Url url = url_of("http://ann:p%40ss@localhost:8080/a?b=c");
  const std::vector<HttpField> fields = {
      {"accept", "*/*"}, {"Content-Length", "999"}, {"Transfer-Encoding", "chunked"}};
  const auto with = HttpSession::prepare(
      {.method = "POST", .url = url, .fields = fields, .body = "12345"}, options);
  REQUIRE(with);
  CHECK(with->bytes ==
        "POST /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: brunt\r\nX-Default: "
        "1\r\naccept: */*\r\nAuthorization: Basic YW5uOnBAc3M=\r\nContent-Length: 5\r\n\r\n12345");
  CHECK(with->head_size == with->bytes.size() - 5);
  const Url plain = url_of("http://localhost/");
  options = {.client = {}, .fields = {}, .user_agent = ""};
  CHECK(HttpSession::prepare({.url = plain}, options)->bytes ==
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(HttpSession::prepare({.method = "POST", .url = plain}, options)->bytes ==
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  const std::vector<HttpField> bad = {{"X", "a\r\nEvil: 1"}};
  const auto refused = HttpSession::prepare({.url = plain, .fields = bad}, options);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::invalid);
}

TEST_CASE("a request that cannot be written is a failure of its own, not sent") {
  Site site{{}, {}};
  site.world().run([](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    Visitor visitor;
    const Url url = url_of("http://localhost/");
    REQUIRE(session.send(self, {.method = "G T", .url = url}, {}, reply, &visitor));
    CHECK(reply.error_code() == 1020);
    CHECK(visitor.seen.size() == 1);
  });
  CHECK(site.requests.empty());
}

TEST_CASE("a coded body is decoded, left, or a failure") {
  const std::string text(3000, 't');
  const std::string gzip = encode_content(ContentCoding::gzip, text).value();
  Site site{{{"/gzip", with_body("Content-Encoding: gzip\r\n", gzip)},
             {"/broken", with_body("Content-Encoding: gzip\r\n", gzip.substr(0, 20))},
             {"/odd", with_body("Content-Encoding: lzw\r\n", "x")}},
            {}};
  site.world().run([&](Fiber& self, HttpContext& context) {
    HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    const Url url = url_of("http://localhost/gzip");
    REQUIRE(session.send(self, {.url = url}, {}, reply));
    CHECK(reply.body() == text);
    CHECK(reply.message().body_bytes() == gzip.size());
    REQUIRE(session.send(self, {.url = url}, {.decoding = ContentDecoding::leave}, reply));
    CHECK(reply.body() == gzip);
    REQUIRE(session.send(self, {.url = url}, {.body = BodyHandling::discard}, reply));
    CHECK(reply.ok());
    const Url broken = url_of("http://localhost/broken");
    REQUIRE(session.send(self, {.url = broken}, {}, reply));
    CHECK(reply.error_code() == 1701);
    // What nobody knows is left as it is.
    const Url odd = url_of("http://localhost/odd");
    REQUIRE(session.send(self, {.url = odd}, {}, reply));
    CHECK(reply.body() == "x");
    options.client.decode_limits.output_bytes_max = 2999;
    REQUIRE(session.send(self, {.url = url}, {}, reply));
    CHECK(reply.error_code() == 1701);
  });
}

TEST_CASE("a large body goes out behind its head") {
  const std::string large(100'000, 'l');
  Site site{{{"/up", "200 OK\r\n"}}, {}};
  site.world().run([&](Fiber& self, HttpContext& context) {
    const HttpSessionOptions options;
    HttpSession session(context, options);
    HttpReply reply;
    const Url url = url_of("http://localhost/up");
    REQUIRE(session.send(self, {.method = "PUT", .url = url, .body = large}, {}, reply));
    CHECK(reply.status() == 200);
  });
  REQUIRE(site.requests.size() == 1);
  CHECK(body_of(site.requests[0]) == large);
}

TEST_CASE("an idle virtual user is small") {
  CHECK(sizeof(HttpSession) <= 320);
  CHECK(sizeof(HttpReply) <= 512);
}
