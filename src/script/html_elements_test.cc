#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string page = R"(import { parseHTML } from 'k6/html';
const doc = parseHTML(`<html><body>
<a id="link" href="https://jo:pw@example.com:8443/a/b?c=d#e" rel="next nofollow">more</a><a id="plain"></a>
<form id="f" action="/go" method="POST" enctype="text/plain"><label id="l">Name <input id="i" name="who" size="9" list="names"></label>
<button id="b" formmethod="get" formaction="/other">Send</button>
<select id="s"><option value="1">One</option><option id="o" value="2" selected>Two</option></select></form>
<label for="i" id="l2">again</label><input id="out" form="f" type="odd"><datalist id="names"><option>x</option></datalist>
<table id="t"><thead><tr><th>h</th></tr></thead><tbody><tr><td>1</td><td id="cell" colspan="2">2</td></tr></tbody></table>
<progress id="p" value="5" max="20"></progress><ol id="ol" start="3"></ol><img id="img" src="/a.png" width="7"><svg id="svg"></svg>
</body></html>`);
const one = (id) => doc.find('#' + id).get(0);
)";

}  // namespace

TEST_CASE("a link gives the parts of its address") {
  check_expressions(
      page,
      {{"one('link').hostname() + ' ' + one('link').host() + ' ' + one('link').port()",
        "example.com example.com:8443 8443"},
       {"['protocol', 'username', 'password', 'pathname', 'search', 'hash', 'origin'].map((m) => "
        "one('link')[m]())",
        R"(["https","jo","pw","/a/b","?c=d","#e","https://example.com:8443"])"},
       {"one('link').relList()", R"(["next","nofollow"])"},
       {"one('link').text()", "more"},
       {"one('plain').href() + one('plain').hostname() + one('plain').protocol()", ":"}});
}

TEST_CASE("a form knows its fields and they know it") {
  check_expressions(
      page,
      {{"one('f').elements().map((e) => e.id())", R"(["i","b","s"])"},
       {"[one('f').length(), one('f').method(), one('f').enctype(), one('f').action()]",
        R"([3,"post","text/plain","/go"])"},
       {"[one('i').form().id(), one('out').form().id(), one('o').form().id()]", R"(["f","f","f"])"},
       {"[one('b').formMethod(), one('b').formAction(), one('i').formMethod()]",
        R"(["get","/other","post"])"},
       {"one('i').labels().map((e) => e.id())", R"(["l","l2"])"},
       {"one('l2').control().id() + one('i').list().id()", "inames"},
       {"[one('i').size(), one('i').maxLength(), one('out').type(), one('b').type(), "
        "one('b').value()]",
        R"([9,-1,"text","submit","Send"])"},
       {"[one('s').value(), one('s').selectedIndex(), one('s').length(), one('s').type()]",
        R"(["2",1,2,"select"])"},
       {"[one('o').index(), one('o').text(), one('o').selected(), one('o').disabled()]",
        R"([1,"Two",true,false])"}});
}

TEST_CASE("tables, lists, pictures and progress have members of their own") {
  check_expressions(
      page, {{"[one('t').rows().length, one('t').tHead().rows().length, one('t').tBodies().length]",
              "[2,1,1]"},
             {"one('t').caption()", "undefined"},
             {"[one('cell').cellIndex(), one('cell').colSpan(), one('cell').rowSpan()]", "[1,2,1]"},
             {"one('t').rows()[1].rowIndex() + one('t').rows()[1].sectionRowIndex()", "1"},
             {"[one('p').position(), one('p').max(), one('ol').start(), one('ol').type()]",
              R"([0.25,20,3,"1"])"},
             {"[one('img').src(), one('img').width(), one('img').height()]", R"(["/a.png",7,0])"},
             {"one('svg').namespaceURI()", "http://www.w3.org/2000/svg"},
             {"one('t').hostname === undefined && one('t').isDefaultNamespace()", "true"}});
}

TEST_CASE("addresses in a response are resolved against its own") {
  ScriptWorld world;
  world.answers = {{"/a/b", reply("<a href='../c'>x</a><form><button>go</button></form>")}};
  world.play(R"(import http from 'k6/http';
export default function () {
  const page = http.get('http://localhost/a/b').html();
  console.log(page.find('a').get(0).href(), page.find('a').get(0).pathname(), page.find('button').get(0).formAction());
})");
  CHECK(world.said ==
        std::vector<std::string>{"console.log: http://localhost/c /c http://localhost/a/b"});
}

}  // namespace brunt
