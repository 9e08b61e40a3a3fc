import http from 'k6/http';
import { parseHTML } from 'k6/html';
import { base, is } from './lib.js';

export default function () {
  const page = http.get(`${base}/html`);
  const html = page.html();
  is('title', html.find('title').text(), 'Echo');
  is('links', html.find('#links a').toArray().map((a) => a.attr('href')), ['/get', '/status/404']);
  is('class', html.find('.gone').text(), 'gone');
  is('form', html.find('form').serializeObject(), { name: 'Ann', token: 't-7', news: 'yes', size: 'l', words: 'hello' });
  is('selector', page.html('h1').text(), 'Echo');
  is('link', page.clickLink({ selector: '#links a:first-child' }).json('url'), `${base}/get`);
  const sent = page.submitForm({ formSelector: '#order', fields: { name: 'Bob' } });
  is('sent', [sent.json('form.name'), sent.json('form.token'), sent.json('form.size')], ['Bob', 't-7', 'l']);
  is('parsed', parseHTML('<p>a</p><p>b</p>').find('p').map((i, p) => p.text()), ['a', 'b']);
}
