#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string page = R"(import { parseHTML } from 'k6/html';
const doc = parseHTML(`<html><body><h1 id="t" class="a b" data-user-id="7" data-list='[1]'>Title</h1>
<ul><li class="one">1</li><li>2</li><li class="three">3</li></ul>text<!--note-->
<form action="/go" method="post"><input name="q" value="x"><input type="checkbox" name="c" checked><input type="checkbox" name="off">
<textarea name="t">long</textarea><select name="s"><option value="v1">1</option><option selected>2</option></select>
<select multiple name="m"><option selected>a</option><option selected>b</option></select>
<input type="submit" name="do" value="Go"></form><p data-n="1.50">Some <b>bold</b> words</p></body></html>`);
const texts = (selection) => selection.map((i, one) => one.text()).join();
const names = (selection) => selection.get().map((element) => element.nodeName());
)";

}  // namespace

TEST_CASE("a Selection finds its way through a page") {
  check_expressions(
      page, {{"doc.find('li').size()", "3"},
             {"doc.find('li').length", "3"},
             {"texts(doc.find('li').slice(1))", "2,3"},
             {"doc.find('li').first().text() + doc.find('li').last().text()", "13"},
             {"doc.find('li').eq(1).text() + doc.find('li').eq(-1).text()", "23"},
             {"doc.find('li').eq(9).size()", "0"},
             {"doc.find('li').get(1).innerHTML()", "2"},
             {"doc.find('ul').find('li').is('.three')", "true"},
             {"texts(doc.find('ul').children('.one'))", "1"},
             {"doc.find('ul').contents().size()", "3"},
             {"doc.find('b').parent().get(0).nodeName()", "p"},
             {"names(doc.find('b').parents())", R"(["p","body","html"])"},
             {"doc.find('b').parentsUntil('body').size()", "1"},
             {"doc.find('b').closest('body, p').get(0).nodeName()", "p"},
             {"texts(doc.find('.one').next())", "2"},
             {"texts(doc.find('.one').nextAll())", "2,3"},
             {"texts(doc.find('.one').nextUntil('.three'))", "2"},
             {"texts(doc.find('.three').prev())", "2"},
             {"texts(doc.find('.three').prevAll('.one'))", "1"},
             {"texts(doc.find('.three').prevUntil('.one'))", "2"},
             {"texts(doc.find('li').eq(1).siblings())", "1,3"},
             {"texts(doc.find('li').filter('.one'))", "1"},
             {"texts(doc.find('li').filter((i, one) => one.text() > 1))", "2,3"},
             {"doc.find('li').is((i, one) => one.is('.three'))", "true"},
             {"doc.find('ul').single('li').text() + doc.find('ul').single('nope').size()", "10"},
             {"doc.find('ul').find('li').end().get(0).nodeName() + doc.end().size()", "ul0"},
             {"doc.find('li').each((i, element) => element.nodeName()).size()", "3"},
             {"doc.find('li').each('')", "TypeError: the argument to each() must be a function"},
             {"texts(doc.find('li').not('.one'))", "2,3"},
             {"texts(doc.find('li').not(doc.find('.three')))", "1,2"},
             {"texts(doc.find('.one').add('.three'))", "1,3"},
             {"doc.find('p, ul').has('b').get(0).nodeName()", "p"},
             {"doc.find('li').index(doc.find('.three'))", "2"},
             {"doc.find('.three').index()", "2"},
             {"doc.find('li').toArray().map((s) => s.text())", R"(["1","2","3"])"},
             {"doc.find('nope').text() === '' && doc.find('nope').html() === ''", "true"},
             {"doc.find('li:nope')",
              "SyntaxError: the selector \"li:nope\": there is no :nope, at character 4"}});
}

TEST_CASE("a Selection tells what is in it") {
  check_expressions(page,
                    {{"doc.find('h1').attr('id')", "t"},
                     {"doc.find('h1').attr('nope')", "undefined"},
                     {"doc.find('h1').attr('nope', 'else')", "else"},
                     {"doc.find('h1').data('user-id') + doc.find('h1').data('userId')", "14"},
                     {"doc.find('p').data('n')", "1.50"},
                     {"doc.find('p').data('none')", "undefined"},
                     {"doc.find('h1').data()", R"({"userId":7,"list":[1]})"},
                     {"doc.find('p').text()", "Some bold words"},
                     {"doc.find('p').html()", "Some <b>bold</b> words"},
                     {"doc.find('input').val()", "x"},
                     {"doc.find('textarea').val()", "long"},
                     {"doc.find('select[name=s]').val()", "2"},
                     {"doc.find('select[name=m]').val()", R"(["a","b"])"},
                     {"doc.find('option').val()", "v1"},
                     {"doc.find('form').serialize()", "c=on&m=a&m=b&q=x&s=2&t=long"},
                     {"doc.find('form').serializeObject()",
                      R"({"q":"x","c":"on","t":"long","s":"2","m":["a","b"]})"},
                     {"doc.find('form').serializeArray()[0]", R"({"name":"q","value":"x"})"}});
}

TEST_CASE("an Element speaks the words of the DOM") {
  check_expressions(
      page + "const h1 = doc.find('h1').get(0); const ul = doc.find('ul').get(0);",
      {{"[h1.nodeName(), h1.nodeType(), h1.id(), h1.className(), h1.textContent()]",
        R"(["h1",1,"t","a b","Title"])"},
       {"h1.classList()", R"(["a","b"])"},
       {"[h1.hasAttribute('id'), h1.hasAttribute('x'), h1.getAttribute('CLASS')]",
        R"([true,false,"a b"])"},
       {"h1.attributes()['id'].value", "t"},
       {"[h1.getAttributeNode('id').name, h1.getAttributeNode('id').localName()]",
        R"(["id","id"])"},
       {"h1.toString() + ul.ownerDocument()", "[object html.Node][object #document]"},
       {"ul.childElementCount()", "3"},
       {"ul.firstElementChild().textContent() + ul.lastChild().textContent()", "13"},
       {"ul.children()[1].previousElementSibling().matches('.one')", "true"},
       {"ul.nextSibling().nodeName()", "#text"},
       {"ul.nextElementSibling().nodeName()", "form"},
       {"ul.nextSibling().nextSibling().nodeValue()", "note"},
       {"ul.parentElement().nodeName() + ul.ownerDocument().nodeName()", "body#document"},
       {"ul.querySelector('.three').textContent()", "3"},
       {"ul.querySelectorAll('li').length", "3"},
       {"ul.contains(ul.querySelector('li')) && !ul.contains(h1) && !ul.contains(ul)", "true"},
       {"ul.isSameNode(doc.find('ul').get(0)) && !ul.isEqualNode(h1)", "true"},
       {"doc.find('form').get(0).action()", "/go"},
       {"doc.find('[name=c]').get(0).checked()", "true"},
       {"doc.find('[name=s]').get(0).value()", "2"},
       {"h1.parentNode().parentNode().parentNode().parentNode()", "undefined"}});
}

TEST_CASE("a Response is read as HTML, its forms sent, its links followed") {
  ScriptWorld world;
  world.answers = {
      {"/", reply("<a href='next?a=b'>n</a><form action=/find><input name=q value=1></form>"
                  "<form id=post method=POST action=/save><input name=u value='a b'>"
                  "<button type=submit name=ok value=yes></button></form>")},
      {"/next?a=b", reply("next")},
      {"/find?q=2", reply("found")},
      {"/save", reply("saved")}};
  world.play(R"(import http from 'k6/http';
export default function () {
  const home = http.get('http://localhost/');
  console.log(home.html('form').size(), home.html().find('a').attr('href'));
  console.log(home.clickLink().body, home.submitForm({ fields: { q: '2' } }).body);
  console.log(home.submitForm({ formSelector: '#post', params: { tags: { t: 'x' } } }).body);
  try { home.clickLink({ selector: '.nope' }) } catch (error) { console.log(error.message) }
  try { home.submitForm({ formSelector: '#nope' }) } catch (error) { console.log(error.message) }
})");
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.said ==
        std::vector<std::string>{
            "console.log: 2 next?a=b", "console.log: next found", "console.log: saved",
            "console.log: no element found for selector '.nope' in response 'http://localhost/'",
            "console.log: no form found for selector '#nope' in response 'http://localhost/'"});
  REQUIRE(world.requests.size() == 4);
  CHECK(body_of(world.requests[3]) == "ok=yes&u=a+b");
}

}  // namespace brunt
