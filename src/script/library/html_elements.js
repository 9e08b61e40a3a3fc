// k6/html: what elements of single tags have beyond what every node has, as `{ tag: { member: (element) => value } }`.
// Source: k6's documentation of k6/html, Element; the HTML Standard's reflected attributes.
() => {
  const named = (names, make) => Object.fromEntries(names.split(' ').map((name) => [name, make(name.toLowerCase())]));
  const attribute = (e, name) => e.getAttribute(name) ?? '';
  // Members that say what an attribute of their name says.
  const texts = (names) => named(names, (name) => (e) => attribute(e, name));
  const flags = (names) => named(names, (name) => (e) => e.hasAttribute(name));
  const integer = (name, otherwise) => (e) => (/^[+-]?\d+$/.test(attribute(e, name)) ? Number(attribute(e, name)) : otherwise);
  const integers = (names, otherwise = 0) => named(names, (name) => integer(name, otherwise));
  // One of the words of a list, else the one that holds for all others.
  const word = (name, otherwise, words) => (e) => (words.split(' ').includes(attribute(e, name)) ? attribute(e, name) : otherwise);
  const resolved = (e, given) => {
    try {
      return e.page.url ? (given ? new URL(given, e.page.url).href : e.page.url) : given;
    } catch {
      return given;
    }
  };
  const address = (name, otherwise = () => '') => (e) => (e.hasAttribute(name) ? resolved(e, e.getAttribute(name)) : otherwise(e));
  const addresses = (names) => named(names, (name) => address(name));
  const list = (name) => (e) => attribute(e, name).split(' ').filter(Boolean);
  const textOf = (e) => e.textContent();
  const valueOf = (e) => e.getAttribute('value') ?? e.innerHTML();
  const always = (value) => () => value;

  const root = (e) => e.selection().parents().last();
  const all = (selector) => (e) => e.selection().find(selector).get();
  const child = (selector) => (e) => e.selection().children(selector).get(0);
  const positionIn = (holder, selector, otherwise = -1) => (e) => {
    const holders = e.selection().parents(holder);
    return holders.size() === 0 ? otherwise : holders.first().find(selector).index(e);
  };
  const byId = (e, id, selector = '') => (id ? root(e).find(`${selector}[id="${id}"]`).get(0) : undefined);
  const form = (e) => e.selection().closest('form').get(0) ?? byId(e, attribute(e, 'form'));
  const labels = (e) => {
    const wrapping = e.selection().closest('label');
    return (e.id() ? wrapping.add(root(e).find(`label[for="${e.id()}"]`)) : wrapping).get();
  };

  const referrer = { referrerPolicy: word('referrerpolicy', '', 'no-referrer no-referrer-when-downgrade origin origin-when-cross-origin unsafe-url') };
  const origin = { crossOrigin: word('crossorigin', undefined, 'anonymous use-credentials') };
  const size = texts('width height');
  const owned = { form, labels };
  const completed = { autocomplete: word('autocomplete', 'on', 'off') };

  // The parts of an address as it is written: it may be relative, where no page's address is known.
  const parts = (e) => {
    const [, scheme = '', , user = '', , password = '', host = '', path = '', search = '', hash = ''] =
      /^(?:([a-z][a-z\d+.-]*):)?(\/\/(?:([^/?#:@]*)(:([^/?#@]*))?@)?([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(e.href());
    const port = /:(\d+)$/.exec(host)?.[1] ?? '';
    const usual = { http: '80', https: '443', ftp: '21' }[scheme];
    const name = port ? host.slice(0, -port.length - 1) : host;
    return { scheme, user, password, port, name, host: port && port === usual ? name : host, given: host, path,
      search: search.length > 1 ? search : '', hash: hash.length > 1 ? hash : '' };
  };
  const link = {
    ...texts('download rel target type accessKey hrefLang'), ...referrer, href: address('href'), toString: address('href'), relList: list('rel'), text: textOf,
    hash: (e) => parts(e).hash, host: (e) => parts(e).host, hostname: (e) => parts(e).name, port: (e) => parts(e).port,
    username: (e) => parts(e).user, password: (e) => parts(e).password, pathname: (e) => parts(e).path, search: (e) => parts(e).search,
    protocol: (e) => parts(e).scheme || ':',
    origin: (e) => {
      const { scheme, given } = parts(e);
      return scheme === 'file' ? e.href() : scheme && `${scheme}://${given}`;
    },
  };
  const media = {
    ...flags('autoplay controls loop muted'), ...texts('mediaGroup'), ...origin, preload: word('preload', 'auto', 'metadata none'), src: address('src'),
    currentSrc: (e) => attribute(e, 'src'), defaultMuted: (e) => e.hasAttribute('muted'), textTracks: all('track'),
  };
  // What a button or a field says of sending its form: its own attribute, else the form's.
  const sending = (e, name) => e.getAttribute('form' + name) ?? form(e)?.getAttribute(name);
  const kindOfForm = (given) => (['multipart/form-data', 'text/plain'].includes(given) ? given : 'application/x-www-form-urlencoded');
  const methodOf = (given) => (String(given).toLowerCase() === 'post' ? 'post' : 'get');
  const field = {
    ...owned, ...texts('name'),
    formAction: (e) => (e.page.url ? resolved(e, sending(e, 'action') || e.page.url) : sending(e, 'action') ?? ''),
    formEnctype: (e) => kindOfForm(sending(e, 'enctype')),
    formMethod: (e) => methodOf(sending(e, 'method')),
    formNoValidate: (e) => sending(e, 'novalidate') !== undefined,
    formTarget: (e) => sending(e, 'target') ?? '',
  };
  const share = (e, otherwise) => {
    const value = Number.parseFloat(attribute(e, 'value'));
    return value >= 0 ? value / e.max() : otherwise;
  };
  const section = { rows: all('tr') };
  const cell = { ...integers('colSpan rowSpan', 1), ...texts('headers'), cellIndex: positionIn('tr', 'th, td') };
  const controls = 'input, select, button, textarea';
  const options = all('option');
  const chosen = all('option[selected]');
  const column = { span: (e) => Math.max(1, integer('span', 1)(e)) };
  const change = texts('cite datetime');

  return {
    a: link,
    area: link,
    audio: media,
    base: { ...texts('target'), href: address('href', (e) => e.page.url ?? '') },
    button: { ...field, ...texts('accessKey'), ...flags('autofocus disabled'), ...integers('tabIndex'), type: word('type', 'submit', 'button menu reset'), value: valueOf },
    canvas: integers('width height', 150),
    col: column,
    data: texts('value'),
    datalist: { options },
    del: change,
    embed: { ...size, ...texts('src type') },
    fieldset: { form, ...flags('disabled'), ...texts('name'), type: always('fieldset'), elements: all(controls), validity: always(undefined) },
    form: {
      ...texts('name target'), ...flags('noValidate'), ...completed, action: address('action'), elements: all(`${controls}, fieldset`),
      length: (e) => e.elements().length, method: (e) => methodOf(attribute(e, 'method')), acceptCharset: (e) => attribute(e, 'accept-charset'),
      enctype: (e) => kindOfForm(attribute(e, 'enctype')), encoding: (e) => kindOfForm(attribute(e, 'enctype')),
    },
    iframe: { ...size, ...referrer, ...flags('allowfullscreen'), ...texts('name'), src: address('src') },
    img: { ...texts('sizes srcset alt name useMap'), ...origin, ...referrer, ...integers('width height'), ...flags('isMap'), ...addresses('src'), currentSrc: address('src') },
    input: {
      ...field, ...size, ...completed,
      ...texts('value alt accept pattern placeholder min max dirName accessKey step'),
      ...flags('disabled autofocus required checked readonly multiple'), ...integers('tabIndex size'), ...integers('maxLength', -1), src: address('src'),
      type: word('type', 'text', 'button checkbox color date datetime-local email file hidden image month number password radio range reset search submit tel time url week'),
      defaultChecked: (e) => e.hasAttribute('checked'), defaultValue: (e) => attribute(e, 'value'),
      list: (e) => (['hidden', 'checkbox', 'radio', 'file', 'button'].includes(e.type()) ? undefined : byId(e, attribute(e, 'list'), 'datalist')),
    },
    ins: change,
    keygen: { ...owned, ...flags('autofocus disabled'), ...texts('challenge name'), type: always('keygen'), keytype: word('keytype', 'RSA', 'DSA EC') },
    label: { form, htmlFor: (e) => attribute(e, 'for'), control: (e) => byId(e, attribute(e, 'for')) },
    legend: { form, ...texts('accessKey') },
    li: { ...integers('value'), type: word('type', '', '1 a A i I disc square circle') },
    link: { ...origin, ...referrer, ...texts('hreflang media rel target type'), href: address('href'), relList: list('rel') },
    map: {
      ...texts('name'), areas: all('area'),
      images: (e) => (e.id() ? root(e).find(`img[usemap="#${e.id()}"], object[usemap="#${e.id()}"]`).get() : []),
    },
    meta: { ...texts('content name'), httpEquiv: word('http-equiv', 'content-type', 'default-style refresh') },
    meter: { labels, ...integers('min max high low optimum') },
    object: { form, ...size, ...texts('name type useMap'), ...integers('tabIndex'), ...flags('typeMustMatch'), data: address('data') },
    ol: { ...flags('reversed'), ...integers('start'), type: word('type', '1', 'a A i I') },
    optgroup: { ...flags('disabled'), ...texts('label') },
    option: {
      ...flags('selected'), text: textOf, value: valueOf, index: positionIn('select, datalist', 'option', 0), label: (e) => e.getAttribute('label') ?? textOf(e),
      defaultSelected: (e) => e.hasAttribute('selected'), disabled: (e) => e.hasAttribute('disabled') || e.selection().parents('optgroup[disabled]').size() > 0,
      form: (e) => e.selection().parents('form').get(0) ?? byId(e, e.selection().parents('select').attr('form'), 'form'),
    },
    output: { ...owned, ...texts('name'), htmlFor: (e) => attribute(e, 'for'), type: always('output'), value: textOf, defaultValue: textOf },
    param: texts('name value'),
    pre: texts('name value'),
    progress: {
      labels, value: (e) => share(e, 0), position: (e) => share(e, -1),
      max: (e) => (Number.parseFloat(attribute(e, 'max')) >= 0 ? Number.parseFloat(attribute(e, 'max')) : 1),
    },
    q: texts('cite'),
    quote: texts('cite'),
    blockquote: texts('cite'),
    script: { ...texts('crossOrigin type charset'), ...flags('async defer noModule'), src: address('src'), text: textOf },
    select: {
      ...owned, ...flags('autofocus disabled multiple required'), ...texts('name'), ...integers('tabIndex'), options, selectedOptions: chosen,
      length: (e) => options(e).length, size: (e) => (e.multiple() ? 4 : 1), type: (e) => (e.multiple() ? 'select-multiple' : 'select'),
      selectedIndex: (e) => e.selection().find('option').index(chosen(e)[0]?.selection()), value: (e) => chosen(e)[0]?.value() ?? '',
    },
    source: { ...texts('keySystem media sizes srcset type'), src: address('src') },
    style: { ...texts('media'), type: (e) => attribute(e, 'type') || 'text/css' },
    table: { ...flags('sortable'), ...section, caption: child('caption'), tHead: child('thead'), tFoot: child('tfoot'), tBodies: all('tbody') },
    tbody: section,
    td: cell,
    textarea: {
      ...owned, ...completed, ...texts('value placeholder accessKey'), ...integers('rows cols maxLength tabIndex'), ...flags('readOnly required'),
      type: always('textarea'), defaultValue: (e) => attribute(e, 'value'), length: (e) => attribute(e, 'value').length, wrap: word('wrap', 'soft', 'hard off'),
      autocapitalize: word('autocapitalize', 'sentences', 'none off characters words'),
    },
    tfoot: section,
    th: { ...cell, ...texts('abbr'), ...flags('sorted'), scope: word('scope', '', 'row col colgroup rowgroup') },
    thead: section,
    time: texts('datetime'),
    title: { text: textOf },
    tr: { cells: all('th, td'), rowIndex: positionIn('table', 'tr'), sectionRowIndex: positionIn('thead, tbody, tfoot', 'tr') },
    track: { ...texts('srclang label'), ...flags('default'), src: address('src'), kind: word('kind', 'subtitle', 'captions descriptions chapters metadata') },
    ul: texts('type'),
    video: { ...media, ...size, poster: address('poster') },
  };
}
