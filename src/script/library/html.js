// k6/html: Selection and Element over a page that is native; and what Response does with forms and links.
// Source: k6's documentation of k6/html, which follows jQuery's and the DOM's words.
(native) => {
  const DOCUMENT = 9, ELEMENT = 1, TEXT = 3; // Of the DOM's nodeType.
  const spaces = { html: 'http://www.w3.org/1999/xhtml', svg: 'http://www.w3.org/2000/svg', math: 'http://www.w3.org/1998/Math/MathML' };
  const unique = (ids) => [...new Set(ids)];
  const find = (page, ids, selector) => native.find(page, [...ids].sort((a, b) => a - b), selector);

  // One of `given`: a text, a Selection, an Element or a function, which gets a Selection of one; as a test of a node.
  const testOf = (page, given) => {
    if (given === undefined || given === null) return () => true;
    if (given instanceof Selection) return (id) => given.ids.includes(id);
    if (given instanceof Element) return (id) => given.id_ === id;
    if (typeof given === 'function') return (id, i) => Boolean(given(i, new Selection(page, [id])));
    return (id) => native.matches(page, id, String(given));
  };
  const checkCall = (method, call) => {
    if (typeof call !== 'function') throw new TypeError(`the argument to ${method}() must be a function`);
  };
  // Element siblings or ancestors of a node, one after the other.
  const follow = (page, id, step) => {
    const found = [];
    for (let one = step(page, id); one >= 0; one = step(page, one)) if (native.kind(page, one) === ELEMENT) found.push(one);
    return found;
  };
  const until = (page, ids, given) => {
    if (given === undefined || given === null) return ids;
    const test = testOf(page, given);
    const end = ids.findIndex(test);
    return end < 0 ? ids : ids.slice(0, end);
  };
  const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  const kebab = (name) => name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
  // As jQuery reads it: a number only where it is written as JavaScript would write it.
  const dataValue = (text) => {
    if (['', 'null', 'undefined'].includes(text)) return undefined;
    if (text === 'true' || text === 'false') return text === 'true';
    if (!/^[{[]/.test(text)) return String(Number(text)) === text ? Number(text) : text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };

  const valueOf = (page, id) => {
    const value = native.attr(page, id, 'value');
    switch (native.name(page, id)) {
      case 'input': return value ?? (['checkbox', 'radio'].includes(native.attr(page, id, 'type')) ? 'on' : '');
      case 'button': return value ?? '';
      case 'textarea': return native.inner(page, id);
      case 'option': return value ?? native.inner(page, id);
      case 'select': {
        const chosen = native.find(page, [id], 'option[selected]').map((option) => valueOf(page, option));
        return native.attr(page, id, 'multiple') === undefined ? chosen[0] ?? '' : chosen;
      }
      default: return undefined;
    }
  };

  class Selection {
    #before; // What it was made from: end().
    constructor(page, ids, before) {
      Object.defineProperty(this, 'page', { value: page });
      Object.defineProperty(this, 'ids', { value: ids });
      this.#before = before;
    }
    #with(ids) { return new Selection(this.page, ids, this); }
    // What `each` finds for every node, nearest first, as far as it fits `given`.
    #all(each, given) { return this.#with(unique(this.ids.flatMap((id) => each(id))).filter(testOf(this.page, given))); }
    #first(read) { return this.ids.length > 0 ? read(this.ids[0]) : undefined; }
    #ahead(step, end, given) { return this.#all((id) => until(this.page, follow(this.page, id, step), end), given); }
    #one(step, given) { return this.#all((id) => follow(this.page, id, step).slice(0, 1), given); }

    size() { return this.ids.length; }
    get length() { return this.ids.length; }
    get(i) {
      if (i === undefined) return this.ids.map((id) => elementOf(this.page, id));
      return this.ids.at(i) === undefined ? undefined : elementOf(this.page, this.ids.at(i));
    }
    eq(i) { return this.#with(this.ids.at(i) === undefined ? [] : [this.ids.at(i)]); }
    first() { return this.eq(0); }
    last() { return this.eq(-1); }
    slice(from, to) { return this.#with(this.ids.slice(from, to)); }
    end() { return this.#before ?? new Selection(this.page, []); }
    toArray() { return this.ids.map((id) => this.#with([id])); }
    each(call) {
      checkCall('each', call);
      this.ids.forEach((id, i) => call(i, elementOf(this.page, id)));
      return this;
    }
    map(call) {
      checkCall('map', call);
      return this.ids.map((id, i) => call(i, new Selection(this.page, [id])));
    }
    add(given) {
      const more = given instanceof Selection ? given.ids : given instanceof Element ? [given.id_] : find(this.page, [0], String(given));
      return this.#with(unique([...this.ids, ...more]));
    }
    index(given) {
      if (this.ids.length === 0) return -1;
      if (given === undefined) return follow(this.page, this.ids[0], native.previous).length;
      if (typeof given === 'string') return find(this.page, [0], given).indexOf(this.ids[0]);
      return this.ids.indexOf(given instanceof Selection ? given.ids[0] : given?.id_);
    }

    find(given) {
      if (typeof given === 'string') return this.#with(find(this.page, this.ids, given));
      const test = testOf(this.page, given);
      return this.#with(find(this.page, this.ids, '*').filter(test));
    }
    single(selector) { return this.#with(find(this.page, this.ids, String(selector)).slice(0, 1)); }
    filter(given) { return this.#with(this.ids.filter(testOf(this.page, given))); }
    not(given) {
      const test = testOf(this.page, given);
      return this.#with(this.ids.filter((id, i) => !test(id, i)));
    }
    is(given) { return this.ids.some(testOf(this.page, given)); }
    has(given) { return this.#with(this.ids.filter((id) => this.#with([id]).find(given).size() > 0)); }
    children(given) { return this.#all((id) => native.children(this.page, id, true), given); }
    contents() { return this.#all((id) => native.children(this.page, id, false)); }
    parent(given) { return this.#one(native.parent, given); }
    parents(given) { return this.#ahead(native.parent, undefined, given); }
    parentsUntil(end, given) { return this.#ahead(native.parent, end, given); }
    closest(given) {
      const test = testOf(this.page, given);
      return this.#all((id) => [id, ...follow(this.page, id, native.parent)].filter(test).slice(0, 1));
    }
    next(given) { return this.#one(native.next, given); }
    nextAll(given) { return this.#ahead(native.next, undefined, given); }
    nextUntil(end, given) { return this.#ahead(native.next, end, given); }
    prev(given) { return this.#one(native.previous, given); }
    prevAll(given) { return this.#ahead(native.previous, undefined, given); }
    prevUntil(end, given) { return this.#ahead(native.previous, end, given); }
    siblings(given) { return this.#all((id) => [...follow(this.page, id, native.previous).reverse(), ...follow(this.page, id, native.next)], given); }

    attr(name, otherwise) { return this.#first((id) => native.attr(this.page, id, String(name).toLowerCase())) ?? otherwise; }
    text() { return this.ids.map((id) => native.text(this.page, id)).join(''); }
    html() { return this.#first((id) => native.inner(this.page, id)) ?? ''; }
    val() { return this.#first((id) => valueOf(this.page, id)); }
    data(name) {
      if (name !== undefined) return this.#first((id) => dataValue(native.attr(this.page, id, 'data-' + kebab(String(name))) ?? ''));
      return this.#first((id) => {
        const attributes = native.attributes(this.page, id);
        if (attributes.length === 0) return undefined;
        return Object.fromEntries(attributes.filter(([key]) => key.startsWith('data-')).map(([key, text]) => [camel(key.slice(5)), dataValue(text)]));
      });
    }
    serializeArray() {
      const fields = this.ids.flatMap((id) => (native.name(this.page, id) === 'form' ? find(this.page, [id], 'input, select, textarea, keygen') : [id]));
      return unique(fields).flatMap((id) => {
        const name = native.attr(this.page, id, 'name');
        const type = native.attr(this.page, id, 'type')?.toLowerCase();
        const isOff = ['checkbox', 'radio'].includes(type) && native.attr(this.page, id, 'checked') === undefined;
        if (!name || isOff || ['submit', 'button', 'image', 'reset', 'file'].includes(type) || native.attr(this.page, id, 'disabled') !== undefined) return [];
        const value = valueOf(this.page, id);
        return value === undefined ? [] : [{ name, value }];
      });
    }
    serializeObject() {
      const object = {};
      for (const { name, value } of this.serializeArray()) object[name] = name in object ? [object[name], value].flat() : value;
      return object;
    }
    // By name, as k6's.
    serialize() {
      const pairs = this.serializeArray().flatMap(({ name, value }) => [value].flat().map((one) => [name, one]));
      return new URLSearchParams(pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))).toString();
    }
    toString() { return '[object html.Selection]'; }
  }

  // Of the DOM, as functions.
  class Element {
    constructor(page, id) {
      Object.defineProperty(this, 'page', { value: page });
      Object.defineProperty(this, 'id_', { value: id });
    }
    #at(id) { return id < 0 || id === undefined ? undefined : elementOf(this.page, id); }
    #next(step) { return this.#at(follow(this.page, this.id_, step)[0]); }
    #children(onlyElements) { return native.children(this.page, this.id_, onlyElements).map((id) => this.#at(id)); }
    #attr(name) { return native.attr(this.page, this.id_, String(name).toLowerCase()); }
    selection() { return new Selection(this.page, [this.id_]); }
    nodeName() { return { [DOCUMENT]: '#document', [TEXT]: '#text', [ELEMENT]: native.name(this.page, this.id_) }[this.nodeType()] ?? '#comment'; }
    nodeType() { return native.kind(this.page, this.id_); }
    nodeValue() { return this.nodeType() === ELEMENT || this.nodeType() === DOCUMENT ? undefined : native.text(this.page, this.id_); }
    textContent() { return native.text(this.page, this.id_); }
    innerHTML() { return native.inner(this.page, this.id_); }
    outerHTML() { return native.outer(this.page, this.id_); }
    id() { return this.#attr('id') ?? ''; }
    lang() { return this.#attr('lang'); }
    namespaceURI() { return spaces[this.selection().closest('svg, math').get(0)?.nodeName()] ?? spaces.html; }
    isDefaultNamespace() { return this.namespaceURI() === spaces.html; }
    getAttribute(name) { return this.#attr(name); }
    getAttributeNode(name) { return this.#attr(name) === undefined ? undefined : new Attribute(this, String(name), this.#attr(name)); }
    hasAttribute(name) { return this.#attr(name) !== undefined; }
    hasAttributes() { return native.attributes(this.page, this.id_).length > 0; }
    attributes() { return Object.fromEntries(native.attributes(this.page, this.id_).map(([name, value]) => [name, new Attribute(this, name, value)])); }
    classList() { return (this.#attr('class') ?? '').split(/\s+/).filter(Boolean); }
    className() { return this.#attr('class'); }
    children() { return this.#children(true); }
    childNodes() { return this.#children(false); }
    childElementCount() { return this.#children(true).length; }
    hasChildNodes() { return this.#children(false).length > 0; }
    firstChild() { return this.#children(false)[0]; }
    lastChild() { return this.#children(false).at(-1); }
    firstElementChild() { return this.#children(true)[0]; }
    lastElementChild() { return this.#children(true).at(-1); }
    nextSibling() { return this.#at(native.next(this.page, this.id_)); }
    previousSibling() { return this.#at(native.previous(this.page, this.id_)); }
    nextElementSibling() { return this.#next(native.next); }
    previousElementSibling() { return this.#next(native.previous); }
    parentElement() { return this.#next(native.parent); }
    parentNode() { return this.#at(native.parent(this.page, this.id_)); }
    ownerDocument() { return this.#at(0); }
    querySelector(selector) { return this.#at(find(this.page, [this.id_], String(selector))[0]); }
    querySelectorAll(selector) { return find(this.page, [this.id_], String(selector)).map((id) => this.#at(id)); }
    getElementsByTagName(name) { return this.querySelectorAll(name); }
    getElementsByClassName(names) { return this.querySelectorAll('.' + String(names).trim().split(/\s+/).join('.')); }
    matches(selector) { return native.matches(this.page, this.id_, String(selector)); }
    contains(other) { return follow(this.page, other.id_, native.parent).includes(this.id_); }
    isSameNode(other) { return this.page === other.page && this.id_ === other.id_; }
    isEqualNode(other) { return this.innerHTML() === other.innerHTML(); }
    toString() { return this.nodeType() === ELEMENT ? '[object html.Node]' : `[object ${this.nodeName()}]`; }
  }

  class Attribute {
    constructor(owner, name, value) { Object.assign(this, { owner_element: owner, name, value }); }
    prefix() { return ''; }
    namespaceURI() { return spaces.html; }
    localName() { return this.name; }
  }

  // By tag: Element, or one that has the tag's own members too.
  const classes = new Map();
  const elementOf = (page, id) => {
    const tag = native.name(page, id);
    if (!classes.has(tag)) {
      const members = native.elements()[tag];
      const Tagged = members === undefined ? Element : class extends Element {};
      for (const [name, read] of Object.entries(members ?? {})) Tagged.prototype[name] = function () { return read(this); };
      classes.set(tag, Tagged);
    }
    return new (classes.get(tag))(page, id);
  };

  const parseHTML = (source) => new Selection(native.parse(String(source)), [0]);

  // The methods of Response; `response` is what they are called on.
  const textOf = (response) => {
    if (response.body === null || response.body === undefined) throw new Error('the response has no body, so that there is no HTML in it');
    return typeof response.body === 'string' ? response.body : new TextDecoder().decode(response.body);
  };
  const responseHtml = (response, selector) => {
    const all = parseHTML(textOf(response));
    all.page.url = response.url;
    return selector === undefined ? all : all.find(selector);
  };
  const submitForm = (response, { formSelector = 'form', submitSelector = '[type="submit"]', fields = {}, params } = {}) => {
    const form = responseHtml(response, formSelector).first();
    if (form.size() === 0) throw new Error(`no form found for selector '${formSelector}' in response '${response.url}'`);
    const url = new URL(form.attr('action', ''), response.url);
    const values = form.serializeObject();
    const submit = form.find(submitSelector).first();
    if (submit.attr('name')) values[submit.attr('name')] = submit.attr('value', '');
    Object.assign(values, fields);
    const method = form.attr('method', 'GET').toUpperCase();
    if (method !== 'GET') return native.request(method, url.href, values, params);
    // As in k6, which puts several values of one name together here, and a comma between.
    url.search = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();
    return native.request('GET', url.href, undefined, params);
  };
  const clickLink = (response, { selector = 'a[href]', params } = {}) => {
    const link = responseHtml(response, selector).first();
    if (link.size() === 0) throw new Error(`no element found for selector '${selector}' in response '${response.url}'`);
    if (link.attr('href') === undefined) throw new Error(`the element for selector '${selector}' in response '${response.url}' has no href`);
    return native.request('GET', new URL(link.attr('href'), response.url).href, undefined, params);
  };
  return { parseHTML, Selection, Element, html: responseHtml, submitForm, clickLink };
}
