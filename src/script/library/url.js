// URL and URLSearchParams. Source: the URL Standard (url.spec.whatwg.org), without its names in other scripts than Latin (IDNA).
() => {
  const ports = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
  const isSpecial = (scheme) => scheme in ports;
  const hex = (byte) => '%' + byte.toString(16).toUpperCase().padStart(2, '0');
  const encodeCharacter = (character) =>
    character < '\x80' ? hex(character.charCodeAt(0)) : encodeURIComponent(/[\ud800-\udfff]/.test(character) && character.length === 1 ? '\ufffd' : character);
  // Each keeps what may stand in its place; '%' stays, as what is encoded already does.
  const encode = (text, unwanted) => String(text).replace(unwanted, encodeCharacter);
  const inFragment = /[\x00-\x20\x7f"<>`]|[^\x00-\x7f]/gu;
  const inQuery = /[\x00-\x20\x7f"#<>']|[^\x00-\x7f]/gu;
  const inPath = /[\x00-\x20\x7f"#<>?`{}]|[^\x00-\x7f]/gu;
  const inUser = /[\x00-\x20\x7f"#<>?`{}/:;=@[\\\]^|]|[^\x00-\x7f]/gu;
  const decode = (text) =>
    text.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return new TextDecoder().decode(Uint8Array.from(escapes.slice(1).split('%'), (byte) => parseInt(byte, 16)));
      }
    });

  const formEncode = (text) =>
    String(text).replace(/[^A-Za-z0-9*._-]/gu, (character) => (character === ' ' ? '+' : encodeCharacter(character)));
  const formDecode = (text) => decode(text.replace(/\+/g, ' '));
  const readPairs = (text) =>
    text.split('&').filter((part) => part !== '').map((part) => {
      const equals = part.indexOf('=');
      return equals < 0 ? [formDecode(part), ''] : [formDecode(part.slice(0, equals)), formDecode(part.slice(equals + 1))];
    });

  const changed = Symbol('changed');
  const refill = Symbol('refill');
  class URLSearchParams {
    #pairs = [];
    constructor(from = '') {
      if (typeof from === 'object' && from !== null) {
        const pairs = typeof from[Symbol.iterator] === 'function' ? [...from] : Object.entries(from);
        for (const pair of pairs) {
          if (pair.length !== 2) throw new TypeError('URLSearchParams: each entry is a name and a value');
          this.#pairs.push([String(pair[0]), String(pair[1])]);
        }
      } else {
        this[refill](String(from).replace(/^\?/, ''));
      }
    }
    [refill](text) { this.#pairs = readPairs(text); }
    #tell() { if (this[changed]) this[changed](this.toString()); }
    get size() { return this.#pairs.length; }
    append(name, value) { this.#pairs.push([String(name), String(value)]); this.#tell(); }
    delete(name, value) {
      this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value)));
      this.#tell();
    }
    get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
    has(name, value) { return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value))); }
    set(name, value) {
      const place = this.#pairs.findIndex((pair) => pair[0] === String(name));
      if (place < 0) return this.append(name, value);
      this.#pairs[place][1] = String(value);
      this.#pairs = this.#pairs.filter((pair, i) => i <= place || pair[0] !== String(name));
      this.#tell();
    }
    sort() {
      this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      this.#tell();
    }
    forEach(each, self) { for (const [name, value] of this.#pairs) each.call(self, value, name, this); }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const pair of this.#pairs) yield pair[0]; }
    *values() { for (const pair of this.#pairs) yield pair[1]; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#pairs.map(([name, value]) => formEncode(name) + '=' + formEncode(value)).join('&'); }
  }

  const invalid = (text) => new TypeError(`Invalid URL: ${text}`);
  const readIpv4 = (host, text) => {
    const parts = host.replace(/\.$/, '').split('.');
    if (!/^(0x[0-9a-f]*|[0-9]+)$/i.test(parts[parts.length - 1])) return host;
    const numbers = parts.map((part) => (/^0x/i.test(part) ? parseInt(part.slice(2) || '0', 16) : /^0[0-7]+$/.test(part) ? parseInt(part, 8) : /^[0-9]+$/.test(part) ? Number(part) : NaN));
    const last = numbers.pop();
    if (parts.length > 4 || numbers.some((n) => !(n <= 255)) || !(last < 256 ** (4 - numbers.length))) throw invalid(text);
    const address = numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), last);
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  };
  const readHost = (host, scheme, text) => {
    if (host.startsWith('[')) {
      if (!/^\[[0-9a-f:.]+\]$/i.test(host)) throw invalid(text);
      return host.toLowerCase();
    }
    if (!isSpecial(scheme)) return encode(host, /[\x00-\x20\x7f]|[^\x00-\x7f]/gu);
    const name = decode(host).toLowerCase();
    if (name === '' || /[\x00-\x20\x7f#%/:<>?@[\\\]^|]|[^\x00-\x7f]/.test(name)) throw invalid(text);
    return readIpv4(name, text);
  };
  const readPort = (port, scheme, text) => {
    if (port === '') return '';
    if (!/^[0-9]+$/.test(port) || Number(port) > 65535) throw invalid(text);
    return String(Number(port)) === ports[scheme] ? '' : String(Number(port));
  };
  const readPath = (path, scheme, before = []) => {
    const out = [...before];
    const parts = (isSpecial(scheme) ? path.replace(/\\/g, '/') : path).split('/');
    parts.forEach((part, i) => {
      const plain = part.replace(/%2e/gi, '.');
      const isLast = i === parts.length - 1;
      if (plain === '..') {
        out.pop();
        if (isLast) out.push('');
      } else if (plain === '.') {
        if (isLast) out.push('');
      } else {
        out.push(encode(part, inPath));
      }
    });
    return '/' + out.join('/');
  };

  // What a text comes to: scheme, user, password, host, port, path, query and fragment (null: none).
  const parse = (given, base) => {
    const text = given.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
    const [, beforeFragment, fragmentText] = /^([^#]*)(?:#([^]*))?$/.exec(text);
    const fragment = fragmentText === undefined ? null : encode(fragmentText, inFragment);
    const schemeMatch = /^([a-zA-Z][a-zA-Z0-9+.-]*):([^]*)$/.exec(beforeFragment);
    let scheme = schemeMatch?.[1].toLowerCase() + ':';
    let rest = schemeMatch?.[2];
    if (!schemeMatch || (base && isSpecial(scheme) && scheme === base.scheme && !/^[/\\]/.test(rest))) {
      if (!base) throw invalid(given);
      ({ scheme } = base);
      rest = schemeMatch ? rest : beforeFragment;
    } else {
      base = undefined;
    }
    const [, address, queryText] = /^([^?]*)(?:\?([^]*))?$/.exec(rest);
    const query = queryText === undefined ? null : encode(queryText, inQuery);
    const slashes = isSpecial(scheme) ? /^[/\\]*/ : /^\/*/;
    const count = slashes.exec(address)[0].length;
    if (count >= 2 || (!base && isSpecial(scheme) && scheme !== 'file:')) return { scheme, ...parseAuthority(address.slice(!base && isSpecial(scheme) && scheme !== 'file:' ? count : 2), scheme, given), query, fragment };
    if (!base && !isSpecial(scheme) && count === 0)
      return { scheme, user: '', password: '', host: null, port: '', path: encode(address, /[\x00-\x1f\x7f]|[^\x00-\x7f]/gu), query, fragment };
    const { user, password, host, port } = base ?? { user: '', password: '', host: scheme === 'file:' ? '' : null, port: '' };
    if (base && base.host === null && !base.path.startsWith('/')) throw invalid(given);
    const kept = { scheme, user, password, host, port, fragment };
    if (address === '' && base) return { ...kept, path: base.path, query: queryText === undefined ? base.query : query };
    if (count === 1) return { ...kept, path: readPath(address.slice(1), scheme), query };
    return { ...kept, path: readPath(address, scheme, base ? base.path.split('/').slice(1, -1) : []), query };
  };
  const parseAuthority = (rest, scheme, given) => {
    const end = rest.search(isSpecial(scheme) ? /[/\\]/ : /\//);
    const authority = end < 0 ? rest : rest.slice(0, end);
    const pathText = end < 0 ? '' : rest.slice(end + 1);
    const at = authority.lastIndexOf('@');
    const [, user = '', password = ''] = at < 0 ? [] : /^([^:]*):?([^]*)$/.exec(authority.slice(0, at));
    const [, hostText, portText = ''] = /^(\[[^\]]*\]|[^:]*)(?::([^]*))?$/.exec(authority.slice(at + 1)) ?? [];
    if (hostText === undefined) throw invalid(given);
    const host = scheme === 'file:' && hostText === '' ? '' : readHost(hostText, scheme, given);
    return {
      user: encode(user, inUser), password: encode(password, inUser), host: host === 'localhost' && scheme === 'file:' ? '' : host,
      port: readPort(portText, scheme, given), path: end < 0 && !isSpecial(scheme) ? '' : readPath(pathText, scheme),
    };
  };

  class URL {
    #parts;
    #params;
    constructor(text, base) {
      this.#parts = parse(String(text), base === undefined ? undefined : parse(String(base)));
      this.#params = new URLSearchParams(this.#parts.query ?? '');
      Object.defineProperty(this.#params, changed, { value: (query) => { this.#parts.query = query === '' ? null : query; } });
    }
    static canParse(text, base) {
      try {
        return Boolean(new URL(text, base));
      } catch {
        return false;
      }
    }
    static parse(text, base) { return URL.canParse(text, base) ? new URL(text, base) : null; }
    get href() {
      const { scheme, user, password, host, port, path, query, fragment } = this.#parts;
      const who = user || password ? user + (password ? ':' + password : '') + '@' : '';
      const address = host === null ? '' : '//' + who + host + (port ? ':' + port : '');
      return scheme + address + path + (query === null ? '' : '?' + query) + (fragment === null ? '' : '#' + fragment);
    }
    set href(text) {
      this.#parts = parse(String(text));
      this.#params[refill](this.#parts.query ?? '');
    }
    get origin() { return isSpecial(this.#parts.scheme) && this.#parts.scheme !== 'file:' ? this.#parts.scheme + '//' + this.host : 'null'; }
    get protocol() { return this.#parts.scheme; }
    set protocol(text) {
      const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):?/.exec(text)?.[1].toLowerCase() + ':';
      if (isSpecial(scheme) !== isSpecial(this.#parts.scheme)) return;
      this.#parts.scheme = scheme;
      if (this.#parts.port === ports[scheme]) this.#parts.port = '';
    }
    get username() { return this.#parts.user; }
    set username(text) { this.#parts.user = encode(text, inUser); }
    get password() { return this.#parts.password; }
    set password(text) { this.#parts.password = encode(text, inUser); }
    get host() { return (this.#parts.host ?? '') + (this.#parts.port ? ':' + this.#parts.port : ''); }
    set host(text) { this.#change(() => { const { host, port } = parseAuthority(String(text), this.#parts.scheme, text); Object.assign(this.#parts, { host, port }); }); }
    get hostname() { return this.#parts.host ?? ''; }
    set hostname(text) { this.#change(() => { this.#parts.host = readHost(String(text), this.#parts.scheme, text); }); }
    get port() { return this.#parts.port; }
    set port(text) { this.#change(() => { this.#parts.port = readPort(String(text), this.#parts.scheme, text); }); }
    get pathname() { return this.#parts.path; }
    set pathname(text) { if (this.#parts.host !== null) this.#parts.path = readPath(String(text).replace(isSpecial(this.#parts.scheme) ? /^[/\\]/ : /^\//, ''), this.#parts.scheme); }
    get search() { return this.#parts.query ? '?' + this.#parts.query : ''; }
    set search(text) {
      const query = String(text).replace(/^\?/, '');
      this.#parts.query = query === '' ? null : encode(query, inQuery);
      this.#params[refill](query);
    }
    get searchParams() { return this.#params; }
    get hash() { return this.#parts.fragment ? '#' + this.#parts.fragment : ''; }
    set hash(text) { this.#parts.fragment = text === '' ? null : encode(String(text).replace(/^#/, ''), inFragment); }
    // As the standard wants it: what cannot be is left as it was.
    #change(change) {
      try {
        change();
      } catch {
        return;
      }
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }
  return { URL, URLSearchParams };
}
