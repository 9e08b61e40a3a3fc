#include "script/html_document.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("a page is completed as browsers complete it") {
  const HtmlDocument page = HtmlDocument::parse("<title>T</title><p>a<p>b &amp; c<br>").value();
  CHECK(page.outer_html(0) ==
        "<html><head><title>T</title></head><body><p>a</p><p>b &amp; c<br></p></body></html>");
  CHECK(page.text(0) == "Tab & c");
}

TEST_CASE("nodes are numbered in the page's order, with their neighbours") {
  const HtmlDocument page = HtmlDocument::parse("<ul><li>a<li>b</ul><!--c-->").value();
  // 0 document, 1 html, 2 head, 3 body, 4 ul, 5 li, 6 a, 7 li, 8 b.
  REQUIRE(page.size() == 10);
  CHECK(page.at(4).name == "ul");
  CHECK(page.first_child(4) == 5);
  CHECK(page.next(5) == 7);
  CHECK(page.previous(7) == 5);
  CHECK(page.next(7) == no_node);
  CHECK(page.parent(8) == 7);
  CHECK(page.at(4).end == 9);
  CHECK(page.first_child(6) == no_node);
  CHECK(page.at(9).kind == HtmlNode::Kind::comment);
  CHECK(page.at(9).text == "c");
}

TEST_CASE("attributes and texts are escaped again when they are written") {
  const HtmlDocument page =
      HtmlDocument::parse("<div Title='a\"<b>&nbsp;'>x &lt; y<script>a < b && c</script></div>")
          .value();
  CHECK(*page.at(4).attribute("title") == "a\"<b>\xC2\xA0");
  CHECK(page.at(4).attribute("href") == nullptr);
  CHECK(page.outer_html(4) ==
        "<div title=\"a&quot;<b>&nbsp;\">x &lt; y<script>a < b && c</script></div>");
  CHECK(page.inner_html(4) == "x &lt; y<script>a < b && c</script>");
}

TEST_CASE("unknown elements keep their names, and what is no HTML is text") {
  CHECK(HtmlDocument::parse("<My-Thing>x</My-Thing>").value().outer_html(4) ==
        "<my-thing>x</my-thing>");
  CHECK(HtmlDocument::parse("{\"a\": 1}").value().text(0) == "{\"a\": 1}");
  CHECK(HtmlDocument::parse("").value().size() == 4);
}

TEST_CASE("a page may be nested as deep as it likes") {
  std::string deep;
  for (int i = 0; i < 20'000; ++i) deep += "<div>";
  const HtmlDocument page = HtmlDocument::parse(deep + "x").value();
  CHECK(page.text(0) == "x");
  CHECK(page.outer_html(0).ends_with("x" + [] {
    std::string ends;
    for (int i = 0; i < 20'000; ++i) ends += "</div>";
    return ends + "</body></html>";
  }()));
}

}  // namespace brunt
