#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {

TEST_CASE("TextEncoder and TextDecoder know UTF-8") {
  check_expressions(
      "const bytes = (...all) => new Uint8Array(all);",
      {{"new TextEncoder().encode('aÄ€😀').join()", "97,195,132,226,130,172,240,159,152,128"},
       {"new TextEncoder().encode().length", "0"},
       {"new TextEncoder().encodeInto('aÄ€', new Uint8Array(4))", R"({"read":2,"written":3})"},
       {"new TextDecoder().decode(bytes(97, 195, 132, 226, 130, 172, 240, 159, 152, 128))", "aÄ€😀"},
       {"new TextDecoder().decode(bytes(0xEF, 0xBB, 0xBF, 97))", "a"},
       {"new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(0xEF, 0xBB, 0xBF, 97)).length",
        "2"},
       {"new TextDecoder().decode(bytes(97, 255, 98))",
        "a\xEF\xBF\xBD"
        "b"},
       {"new TextDecoder().decode(bytes(0xE2, 0x82))", "\xEF\xBF\xBD"},
       {"new TextDecoder().decode(bytes(0xC0, 0x80))", "\xEF\xBF\xBD\xEF\xBF\xBD"},
       {"new TextDecoder().decode(bytes(0xED, 0xA0, 0x80)).length", "3"},
       {"((d) => d.decode(bytes(0xE2, 0x82), { stream: true }) + d.decode(bytes(0xAC)))(new "
        "TextDecoder())",
        "€"},
       {"new TextDecoder('UTF8', { fatal: true }).decode(bytes(255))",
        "TypeError: TextDecoder: the bytes are not UTF-8"},
       {"new TextDecoder('latin1').decode(bytes(0xE4, 97))", "äa"},
       {"new TextDecoder('utf-16')",
        "RangeError: TextDecoder: the encoding utf-16 is not supported: there are utf-8 and "
        "latin1"},
       {"new TextDecoder().decode(bytes(1, 97, 98, 2).subarray(1, 3))", "ab"},
       {"new TextDecoder().decode()", ""},
       {"btoa('hé')", "aOk="},
       {"atob('aOk=')", "hé"},
       {"atob(' aO\\nk ')", "hé"},
       {"btoa('€')", "Error: btoa(): the text has a character above U+00FF"},
       {"atob('a?')", "Error: atob(): the text is not Base64"}});
}

TEST_CASE("a URL is taken apart as browsers do") {
  check_expressions(
      "const url = (text, base) => new URL(text, base).href;",
      {{"url('HTTP://User:pa%20ss@EXAMPLE.com:80/a/../b c?q=ü#f g')",
        "http://User:pa%20ss@example.com/b%20c?q=%C3%BC#f%20g"},
       {"url('https://example.com')", "https://example.com/"},
       {"url('https:example.com/x')", "https://example.com/x"},
       {"url('https://example.com:8443')", "https://example.com:8443/"},
       {"url('../c?d', 'http://h/a/b/e')", "http://h/a/c?d"},
       {"url('/c', 'http://h/a/b/e?q#f')", "http://h/c"},
       {"url('//other/c', 'http://h/a')", "http://other/c"},
       {"url('?x', 'http://h/a?q#f')", "http://h/a?x"},
       {"url('#x', 'http://h/a?q#f')", "http://h/a?q#x"},
       {"url('', 'http://h/a?q#f')", "http://h/a?q"},
       {"url('b', 'http://h/a/')", "http://h/a/b"},
       {"url('./%2e%2E/b/.', 'http://h/x/y/z')", "http://h/x/b/"},
       {"url('http://h/a\\\\b')", "http://h/a/b"},
       {"url('http://192.168.257/')", "http://192.168.1.1/"},
       {"url('http://0x7f.1/')", "http://127.0.0.1/"},
       {"url('http://[::1]:3000/')", "http://[::1]:3000/"},
       {"url('mailto:a@b.c')", "mailto:a@b.c"},
       {"url('data:text/plain,hi there')", "data:text/plain,hi there"},
       {"url('foo://Host/a/../b')", "foo://Host/b"},
       {"url('file:///etc/../x')", "file:///x"},
       {"url(' http://h/\\tx ')", "http://h/x"},
       {"new URL('http://u:p@h:81/p?q#f').origin", "http://h:81"},
       {"((u) => [u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, "
        "u.search, u.hash].join(' '))(new URL('http://u:p@h:81/p?q#f'))",
        "http: u p h:81 h 81 /p ?q #f"},
       {"((u) => { u.pathname = 'x y'; u.search = 'a=b'; u.hash = 'z'; u.port = '443'; u.protocol "
        "= "
        "'https'; u.hostname = 'other'; return u.href })(new URL('http://h/'))",
        "https://other/x%20y?a=b#z"},
       {"((u) => { u.searchParams.append('c', 'd e'); u.searchParams.delete('a'); return u.href "
        "})(new URL('http://h/?a=b'))",
        "http://h/?c=d+e"},
       {"((u) => { u.port = 'x'; return u.href })(new URL('http://h:9/'))", "http://h:9/"},
       {"JSON.stringify({ u: new URL('http://h') })", R"({"u":"http://h/"})"},
       {"URL.canParse('nope')", "false"},
       {"URL.parse('nope')", "null"},
       {"url('nope')", "TypeError: Invalid URL: nope"},
       {"url('http://a b/')", "TypeError: Invalid URL: http://a b/"},
       {"url('http://h:99999/')", "TypeError: Invalid URL: http://h:99999/"},
       {"url('http://')", "TypeError: Invalid URL: http://"},
       {"url('http://1.2.3.4.5/')", "TypeError: Invalid URL: http://1.2.3.4.5/"},
       {"url('x', 'mailto:a')", "TypeError: Invalid URL: x"}});
}

TEST_CASE("URLSearchParams keeps names and values in their order") {
  check_expressions(
      "const params = (from) => new URLSearchParams(from);",
      {{"params('?a=1&b=2&a=3').getAll('a')", R"(["1","3"])"},
       {"params('a=1+2%203').get('a')", "1 2 3"},
       {"params({ x: 'ä&', y: 2 }).toString()", "x=%C3%A4%26&y=2"},
       {"params([['a', 'b'], ['c', 'd']]).toString()", "a=b&c=d"},
       {"params(new Map([['m', '1']])).toString()", "m=1"},
       {"params(params('q=1')).toString()", "q=1"},
       {"((p) => { p.set('a', '9'); return p.toString() })(params('a=1&b=2&a=3'))", "a=9&b=2"},
       {"((p) => { p.sort(); return p.toString() })(params('b=1&a=2&b=0'))", "a=2&b=1&b=0"},
       {"[params('a=1').has('a'), params('a=1').has('a', '2'), params('a').get('b')]",
        "[true,false,null]"},
       {"[...params('a=1&b=2')]", R"([["a","1"],["b","2"]])"},
       {"[...params('a=1&b=2').keys()].join() + params('a=1&b=2').size", "a,b2"},
       {"params('%zz=%e4').toString()", "%25zz=%EF%BF%BD"},
       {"params([['a']])", "TypeError: URLSearchParams: each entry is a name and a value"}});
}

TEST_CASE("a script may have globals of its own in place of the library's") {
  check_expressions("globalThis.URL = class { get href() { return 'mine' } };",
                    {{"new URL('x').href", "mine"}, {"typeof TextDecoder", "function"}});
}

}  // namespace brunt
