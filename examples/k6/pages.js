// A page is read as HTML: what it holds is checked, its form filled in and its link followed.
//
//   brunt run examples/k6/pages.js -e BASE=http://localhost:8080
import http from 'k6/http';
import { check } from 'k6';
import { parseHTML } from 'k6/html';

export const options = { iterations: 3, thresholds: { checks: ['rate==1'] } };

const saved = parseHTML(`
  <h1 data-kind="shop">Shop</h1>
  <ul><li class="item">tea</li><li class="item sold-out">milk</li></ul>
  <form action="/order"><input name="item" value="tea"><input type="checkbox" name="gift" checked></form>`);

export default function () {
  const items = saved.find('li.item').map((index, item) => item.text());
  const page = http.get(`${__ENV.BASE}/shop`, { tags: { name: '/shop' } });
  check(page, {
    'the answer is a page': (r) => r.html().find('body').size() === 1,
    'items are found': () => items.join() === 'tea,milk',
    'one is sold out': () => saved.find('li').filter('.sold-out').text() === 'milk',
    'data attributes are read': () => saved.find('h1').data('kind') === 'shop',
    'the form knows its fields': () => saved.find('form').serialize() === 'gift=on&item=tea',
  });
}
