// k6/html: Selection and Element over a page that is native; and what Response does with forms and links.
// Source: k6's documentation of k6/html, which follows jQuery's and the DOM's words.
(native) => {
  const DOCUMENT = 9, ELEMENT = 1, TEXT = 3; // Of the DOM's nodeType.
  const unique = (ids) => [...new Set(ids)].sort((a, b) => a - b);

  // One of `given`: a text, a Selection, an Element or a function; as a test of a node.
  const testOf = (page, given) => {
    if (given === undefined || given === null) return () => true;
    if (given instanceof Selection) return (id) => given.ids.includes(id);
    if (given instanceof Element) return (id) => given.is(id);
    if (typeof given === 'function') return (id, i) => Boolean(given(i, new Element(page, id)));
    return (id) => native.matches(page, id, String(given));
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
  const dataValue = (text) => {
    if (/^(true|false|null|-?\d+(\.\d+)?|[{[][^]*[}\]])$/.test(text)) {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    }
    return text;
  };

  const valueOf = (page, id) => {
    const name = native.name(page, id);
    if (name === 'textarea') return native.text(page, id);
    if (name === 'select') {
      const options = native.find(page, [id], 'option');
      const chosen = options.filter((option) => native.attr(page, option, 'selected') !== undefined).map((option) => valueOf(page, option));
      if (native.attr(page, id, 'multiple') !== undefined) return chosen;
      return chosen.length > 0 ? chosen[chosen.length - 1] : options.length > 0 ? valueOf(page, options[0]) : undefined;
    }
    const value = native.attr(page, id, 'value');
    if (value !== undefined) return value;
    if (name === 'option') return native.text(page, id).trim();
    return name === 'input' && ['checkbox', 'radio'].includes(native.attr(page, id, 'type')) ? 'on' : name === 'input' ? '' : undefined;
  };

  class Selection {
    constructor(page, ids) {
      Object.defineProperty(this, 'page', { value: page });
      Object.defineProperty(this, 'ids', { value: ids });
    }
    #with(ids) { return new Selection(this.page, ids); }
    // What `each` finds for every node, in the page's order, as far as it fits `given`.
    #all(each, given) { return this.#with(unique(this.ids.flatMap((id) => each(id))).filter(testOf(this.page, given))); }
    #first(read) { return this.ids.length > 0 ? read(this.ids[0]) : undefined; }
    #ahead(step, end, given) { return this.#all((id) => until(this.page, follow(this.page, id, step), end), given); }
    #one(step, given) { return this.#all((id) => follow(this.page, id, step).slice(0, 1), given); }

    size() { return this.ids.length; }
    get length() { return this.ids.length; }
    get(i) { return this.ids.at(i) === undefined ? undefined : new Element(this.page, this.ids.at(i)); }
    eq(i) { return this.#with(this.ids.at(i) === undefined ? [] : [this.ids.at(i)]); }
    first() { return this.eq(0); }
    last() { return this.eq(-1); }
    slice(from, to) { return this.#with(this.ids.slice(from, to)); }
    end() { return this; }
    toArray() { return this.ids.map((id) => this.#with([id])); }
    each(call) {
      this.ids.forEach((id, i) => call(i, new Element(this.page, id)));
      return this;
    }
    map(call) { return this.ids.map((id, i) => call(i, new Element(this.page, id))); }
    add(given) {
      const more = given instanceof Selection ? given.ids : given instanceof Element ? [given.id_] : native.find(this.page, [0], String(given));
      return this.#with(unique([...this.ids, ...more]));
    }
    index(given) {
      if (this.ids.length === 0) return -1;
      if (given === undefined) return follow(this.page, this.ids[0], native.previous).length;
      if (typeof given === 'string') return native.find(this.page, [0], given).indexOf(this.ids[0]);
      return this.ids.indexOf(given instanceof Selection ? given.ids[0] : given.id_);
    }

    find(given) {
      if (typeof given === 'string') return this.#with(native.find(this.page, this.ids, given));
      const test = testOf(this.page, given);
      return this.#with(native.find(this.page, this.ids, '*').filter(test));
    }
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
    siblings(given) { return this.#all((id) => [...follow(this.page, id, native.previous), ...follow(this.page, id, native.next)], given); }

    attr(name, otherwise) { return this.#first((id) => native.attr(this.page, id, String(name).toLowerCase())) ?? otherwise; }
    text() { return this.ids.map((id) => native.text(this.page, id)).join(''); }
    html(otherwise) { return this.#first((id) => native.inner(this.page, id)) ?? otherwise; }
    val() { return this.#first((id) => valueOf(this.page, id)); }
    data(name) {
      const all = this.#first((id) =>
        Object.fromEntries(native.attributes(this.page, id).filter(([key]) => key.startsWith('data-')).map(([key, text]) => [camel(key.slice(5)), dataValue(text)])));
      return name === undefined ? all : all?.[camel(String(name))];
    }
    serializeArray() {
      const fields = this.ids.flatMap((id) => (native.name(this.page, id) === 'form' ? native.find(this.page, [id], 'input, select, textarea') : [id]));
      return unique(fields).flatMap((id) => {
        const name = native.attr(this.page, id, 'name');
        const type = native.attr(this.page, id, 'type')?.toLowerCase();
        const isOff = ['checkbox', 'radio'].includes(type) && native.attr(this.page, id, 'checked') === undefined;
        if (!name || isOff || ['submit', 'button', 'image', 'reset', 'file'].includes(type) || native.attr(this.page, id, 'disabled') !== undefined) return [];
        return [valueOf(this.page, id)].flat().filter((value) => value !== undefined).map((value) => ({ name, value }));
      });
    }
    serializeObject() {
      const object = {};
      for (const { name, value } of this.serializeArray()) object[name] = name in object ? [object[name], value].flat() : value;
      return object;
    }
    serialize() { return new URLSearchParams(this.serializeArray().map(({ name, value }) => [name, value])).toString(); }
    toString() { return '[object html.Selection]'; }
  }

  // Of the DOM, as functions.
  class Element {
    constructor(page, id) {
      Object.defineProperty(this, 'page', { value: page });
      Object.defineProperty(this, 'id_', { value: id });
    }
    #at(id) { return id < 0 || id === undefined ? undefined : new Element(this.page, id); }
    #next(step) { return this.#at(follow(this.page, this.id_, step)[0]); }
    #children(onlyElements) { return native.children(this.page, this.id_, onlyElements).map((id) => this.#at(id)); }
    #attr(name) { return native.attr(this.page, this.id_, String(name).toLowerCase()); }
    is(id) { return this.id_ === id; }
    selection() { return new Selection(this.page, [this.id_]); }
    nodeName() { return { [DOCUMENT]: '#document', [TEXT]: '#text', [ELEMENT]: native.name(this.page, this.id_).toUpperCase() }[this.nodeType()] ?? '#comment'; }
    nodeType() { return native.kind(this.page, this.id_); }
    nodeValue() { return this.nodeType() === ELEMENT || this.nodeType() === DOCUMENT ? undefined : native.text(this.page, this.id_); }
    textContent() { return native.text(this.page, this.id_); }
    innerHTML() { return native.inner(this.page, this.id_); }
    outerHTML() { return native.outer(this.page, this.id_); }
    getAttribute(name) { return this.#attr(name); }
    getAttributeNode(name) { return this.#attr(name) === undefined ? undefined : { name: String(name), value: this.#attr(name) }; }
    hasAttribute(name) { return this.#attr(name) !== undefined; }
    hasAttributes() { return native.attributes(this.page, this.id_).length > 0; }
    attributes() { return Object.fromEntries(native.attributes(this.page, this.id_).map(([name, value]) => [name, { name, value }])); }
    classList() { return (this.#attr('class') ?? '').split(/\s+/).filter(Boolean); }
    className() { return this.#attr('class'); }
    value() { return valueOf(this.page, this.id_); }
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
    querySelector(selector) { return this.#at(native.find(this.page, [this.id_], String(selector))[0]); }
    querySelectorAll(selector) { return native.find(this.page, [this.id_], String(selector)).map((id) => this.#at(id)); }
    getElementsByTagName(name) { return this.querySelectorAll(name); }
    getElementsByClassName(names) { return this.querySelectorAll('.' + String(names).trim().split(/\s+/).join('.')); }
    matches(selector) { return native.matches(this.page, this.id_, String(selector)); }
    contains(other) { return other.id_ === this.id_ || follow(this.page, other.id_, native.parent).includes(this.id_); }
    isSameNode(other) { return this.page === other.page && this.id_ === other.id_; }
    isEqualNode(other) { return this.outerHTML() === other.outerHTML(); }
    toString() { return this.outerHTML(); }
  }
  // The members of the DOM that are an attribute.
  for (const name of ['id', 'href', 'src', 'name', 'type', 'action', 'method', 'alt', 'title', 'rel', 'target', 'placeholder', 'content', 'lang', 'max', 'min', 'pattern'])
    Element.prototype[name] = function () { return native.attr(this.page, this.id_, name); };
  for (const name of ['checked', 'disabled', 'selected', 'multiple', 'required', 'hidden'])
    Element.prototype[name] = function () { return native.attr(this.page, this.id_, name) !== undefined; };

  const parseHTML = (source) => new Selection(native.parse(String(source)), [0]);

  // The methods of Response; `response` is what they are called on.
  const textOf = (response) => {
    if (response.body === null || response.body === undefined) throw new Error('the response has no body, so that there is no HTML in it');
    return typeof response.body === 'string' ? response.body : new TextDecoder().decode(response.body);
  };
  const responseHtml = (response, selector) => {
    const all = parseHTML(textOf(response));
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
    url.search = new URLSearchParams(Object.entries(values).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();
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
