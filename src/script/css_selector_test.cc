#include "script/css_selector.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace brunt {
namespace {

const std::string sample = R"(<div id="top" class="box wide"><h1>Title</h1><p class="lead">one</p>
<p lang="en-GB">two <b>bold</b></p><p></p><ul><li>1<li class="on">2<li>3<li>4</ul>
<a href="/Home.html" data-x="a b">home</a><form><input name="q" checked disabled><select><option selected>s<option>t</select>
</form><my:tag id="1a">odd</my:tag></div>)";

// The elements that it means, each by its name and text.
std::string found_by(std::string_view text) {
  const HtmlDocument page = HtmlDocument::parse(sample).value();
  const auto selector = CssSelector::parse(text);
  if (!selector) return selector.error().text;
  std::string found;
  for (std::uint32_t id = 0; id < page.size(); ++id)
    if (selector->matches(page, id))
      found += (found.empty() ? "" : ",") + page.at(id).name +
               (page.text(id).size() < 6 ? ":" + page.text(id) : "");
  return found;
}

}  // namespace

TEST_CASE("selectors mean what they mean in a browser") {
  struct Row {
    std::string selector, found;
  };
  for (const Row& row : std::vector<Row>{
           {"h1", "h1:Title"},
           {"H1", "h1:Title"},
           {"#top > h1", "h1:Title"},
           {".box.wide p.lead", "p:one"},
           {".bo", ""},
           {"p b", "b:bold"},
           {"div > b", ""},
           {"h1 + p", "p:one"},
           {"h1 ~ p", "p:one,p,p:"},
           {"li:nth-child(2)", "li:2"},
           {"li:nth-child(odd)", "li:1,li:3"},
           {"li:nth-child(even)", "li:2,li:4"},
           {"li:nth-child( -n + 2 )", "li:1,li:2"},
           {"li:nth-last-child(1)", "li:4"},
           {"li:first-child, li:last-child", "li:1,li:4"},
           {"p:first-of-type", "p:one"},
           {"p:nth-of-type(2)", "p"},
           {"p:last-of-type", "p:"},
           {"b:only-child", "b:bold"},
           {"h1:only-of-type", "h1:Title"},
           {"li:not(.on):not(:first-child)", "li:3,li:4"},
           {"li:not(.on, :first-child)", "li:3,li:4"},
           {"p:has(b)", "p"},
           {"p:has(> i)", "the selector \"p:has(> i)\": this cannot stand here, at character 7"},
           {"p:contains('one')", "p:one"},
           {"p:contains(one)", "p:one"},
           {"p:empty", "p:"},
           {":root", "html"},
           {"[href]", "a:home"},
           {"[href='/Home.html']", "a:home"},
           {"[href='/home.html']", ""},
           {"[href='/home.html' i]", "a:home"},
           {"[href^='/H'][href$=html][href*=ome]", "a:home"},
           {"[data-x~=b]", "a:home"},
           {"[lang|=en]", "p"},
           {"p[class!=lead]", "p,p:"},
           {"input:checked", "input:"},
           {":disabled", "input:"},
           {"option:selected", "option:s"},
           {":is(h1, b)", "h1:Title,b:bold"},
           {"#\\31 a", "my:tag:odd"},
           {"my\\:tag", "my:tag:odd"},
           {"ul *", "li:1,li:2,li:3,li:4"},
           {"", "the selector \"\": something is missing at its end, at character 1"},
           {"p >", "the selector \"p >\": something is missing at its end, at character 4"},
           {"p[", "the selector \"p[\": a name is missing, at character 3"},
           {"p[a=\"b]", "the selector \"p[a=\"b]\": a quotation mark is missing, at character 8"},
           {"p:nope", "the selector \"p:nope\": there is no :nope, at character 3"},
           {"p:nth-child(x)",
            "the selector \"p:nth-child(x)\": a place looks like 3, 2n+1, odd or even, at "
            "character 13"},
           {"p)", "the selector \"p)\": this cannot stand here, at character 2"},
       })
    CHECK_MESSAGE(found_by(row.selector) == row.found, row.selector);
}

TEST_CASE("a selector has limits") {
  std::string nested = "a", long_one = "a";
  for (int i = 0; i < 6; ++i) nested = ":not(" + nested + ")";
  for (int i = 0; i < 20; ++i) long_one += " a";
  CHECK(CssSelector::parse(nested).error().text.contains("nested too deep"));
  CHECK(CssSelector::parse(long_one).error().text.contains("too many parts"));
  CHECK(CssSelector::parse(std::string(5'000, 'a')).error().text.contains("too long"));
}

}  // namespace brunt
