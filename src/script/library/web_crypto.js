// The global `crypto`. Source: W3C Web Cryptography API, of which what k6 has and OpenSSL does for us.
(native) => {
  const hashes = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
  const hashBits = { 'SHA-1': 512, 'SHA-256': 512, 'SHA-384': 1024, 'SHA-512': 1024 };
  const usages = {
    HMAC: ['sign', 'verify'],
    'AES-CBC': ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'],
    'AES-CTR': ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'],
    'AES-GCM': ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'],
    PBKDF2: ['deriveKey', 'deriveBits'],
  };
  // Pairs of keys: what the private and the public one may be used for.
  const pairUsages = {
    'RSASSA-PKCS1-v1_5': { private: ['sign'], public: ['verify'] },
    'RSA-PSS': { private: ['sign'], public: ['verify'] },
    'RSA-OAEP': { private: ['decrypt', 'unwrapKey'], public: ['encrypt', 'wrapKey'] },
    ECDSA: { private: ['sign'], public: ['verify'] },
    ECDH: { private: ['deriveKey', 'deriveBits'], public: [] },
  };
  const failure = (name, text) => {
    const error = new Error(text);
    error.name = name;
    return error;
  };
  const algorithmOf = (given) => {
    const algorithm = typeof given === 'string' ? { name: given } : { ...given };
    const wanted = String(algorithm.name).toUpperCase();
    const name = [...Object.keys(hashes), ...Object.keys(usages), ...Object.keys(pairUsages)].find((one) => one.toUpperCase() === wanted);
    if (!name) throw failure('NotSupportedError', `crypto.subtle: the algorithm ${algorithm.name} is not supported`);
    algorithm.name = name;
    if (algorithm.hash !== undefined) algorithm.hash = { name: algorithmOf(algorithm.hash).name };
    return algorithm;
  };
  const hashOf = (algorithm) => {
    const hash = hashes[algorithm.hash?.name];
    if (!hash) throw new TypeError('crypto.subtle: the algorithm needs a hash, such as SHA-256');
    return hash;
  };
  const toBytes = (data) => {
    if (data instanceof ArrayBuffer) return data;
    if (!ArrayBuffer.isView(data)) throw new TypeError('crypto.subtle: an ArrayBuffer or a view of one is wanted');
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  };

  const secrets = new WeakMap();
  class CryptoKey {}
  const makeKey = (secret, algorithm, extractable, wanted, type = 'secret') => {
    if (!Array.isArray(wanted)) throw new TypeError('crypto.subtle: the key needs a list of usages');
    const possible = type === 'secret' ? usages[algorithm.name] : pairUsages[algorithm.name][type];
    for (const usage of wanted)
      if (!possible.includes(usage)) throw failure('SyntaxError', `crypto.subtle: a key of ${algorithm.name} cannot be used to ${usage}`);
    if (wanted.length === 0 && type !== 'public') throw failure('SyntaxError', 'crypto.subtle: the key needs a list of usages');
    const key = new CryptoKey();
    Object.assign(key, { type, extractable: Boolean(extractable), algorithm, usages: [...wanted] });
    secrets.set(key, secret);
    return key;
  };
  const secretFor = (key, algorithm, usage) => {
    if (!secrets.has(key)) throw new TypeError('crypto.subtle: a CryptoKey is wanted');
    if (key.algorithm.name !== algorithm.name || !key.usages.includes(usage))
      throw failure('InvalidAccessError', `crypto.subtle: the key is one of ${key.algorithm.name} for ${key.usages}`);
    return secrets.get(key);
  };
  const aes = (encrypts, algorithm, key, data, usage) => {
    const secret = secretFor(key, algorithm, usage);
    const mode = algorithm.name.slice(4).toLowerCase();
    const iv = toBytes(mode === 'ctr' ? algorithm.counter : algorithm.iv);
    const more = algorithm.additionalData === undefined ? '' : toBytes(algorithm.additionalData);
    try {
      return native.aes(mode, encrypts, secret, iv, toBytes(data), more, (algorithm.tagLength ?? 128) / 8);
    } catch (error) {
      throw failure('OperationError', error.message);
    }
  };
  const isAes = (name) => name.startsWith('AES-');
  const checkAesBits = (bits) => {
    if (![128, 192, 256].includes(bits)) throw failure('OperationError', 'crypto.subtle: an AES key has 128, 192 or 256 bits');
  };
  const keyAlgorithm = (algorithm, bits) => {
    if (isAes(algorithm.name)) {
      checkAesBits(bits);
      return { name: algorithm.name, length: bits };
    }
    if (algorithm.name !== 'HMAC') return { name: algorithm.name };
    hashOf(algorithm);
    return { name: 'HMAC', hash: algorithm.hash, length: bits };
  };
  // What OpenSSL says of a key or of bytes.
  const attempt = (name, work) => {
    try {
      return work();
    } catch (error) {
      throw failure(name, `crypto.subtle: ${error.message}`);
    }
  };
  const isEc = (name) => name === 'ECDSA' || name === 'ECDH';
  const half = (type) => type === 'private';
  // A key's algorithm, of what it is made of.
  const pairAlgorithm = (algorithm, parts) => {
    if (isEc(algorithm.name) !== Boolean(parts.crv)) throw failure('DataError', `crypto.subtle: this is no key of ${algorithm.name}`);
    if (isEc(algorithm.name)) {
      if (algorithm.namedCurve !== parts.crv) throw failure('DataError', `crypto.subtle: the key is of the curve ${parts.crv}`);
      return { name: algorithm.name, namedCurve: parts.crv };
    }
    hashOf(algorithm);
    const publicExponent = new Uint8Array(parts.e);
    return { name: algorithm.name, modulusLength: parts.n.byteLength * 8, publicExponent, hash: algorithm.hash };
  };
  const generatePair = (algorithm, extractable, wanted) => {
    if (!Array.isArray(wanted)) throw new TypeError('crypto.subtle: the keys need a list of usages');
    const possible = pairUsages[algorithm.name];
    for (const usage of wanted)
      if (![...possible.private, ...possible.public].includes(usage))
        throw failure('SyntaxError', `crypto.subtle: a key of ${algorithm.name} cannot be used to ${usage}`);
    let exponent = 0;
    if (!isEc(algorithm.name)) {
      hashOf(algorithm);
      for (const byte of new Uint8Array(toBytes(algorithm.publicExponent))) exponent = exponent * 256 + byte;
    }
    const pair = attempt('OperationError', () =>
      isEc(algorithm.name) ? native.ecKeys(String(algorithm.namedCurve)) : native.rsaKeys(algorithm.modulusLength, exponent));
    const made = pairAlgorithm(algorithm, native.keyParts(pair.public, false));
    const make = (type, always) =>
      makeKey(pair[type], made, always || extractable, wanted.filter((usage) => possible[type].includes(usage)), type);
    return { privateKey: make('private', false), publicKey: make('public', true) };
  };
  const importPair = (format, data, algorithm, extractable, wanted) => {
    const { type, der } = attempt('DataError', () => {
      if (format === 'pkcs8') return { type: 'private', der: toBytes(data) };
      if (format === 'spki') return { type: 'public', der: toBytes(data) };
      if (format === 'raw' && isEc(algorithm.name))
        return { type: 'public', der: native.keyOf({ crv: String(algorithm.namedCurve), raw: toBytes(data) }) };
      if (format !== 'jwk') throw new Error(`the format ${format} is not supported for ${algorithm.name}`);
      if (data?.kty !== (isEc(algorithm.name) ? 'EC' : 'RSA')) throw new Error(`this is no key of ${algorithm.name}`);
      const parts = {};
      for (const name of ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y'])
        if (data[name] !== undefined) parts[name] = native.fromBase64Url(String(data[name]));
      if (data.crv !== undefined) parts.crv = String(data.crv);
      return { type: parts.d ? 'private' : 'public', der: native.keyOf(parts) };
    });
    const parts = attempt('DataError', () => native.keyParts(der, half(type)));
    return makeKey(der, pairAlgorithm(algorithm, parts), extractable, wanted, type);
  };
  const exportPair = (format, key) => {
    const der = secrets.get(key);
    if (format === (half(key.type) ? 'pkcs8' : 'spki')) return der.slice(0);
    const parts = native.keyParts(der, half(key.type));
    if (format === 'raw' && parts.raw) return parts.raw;
    if (format !== 'jwk') throw failure('NotSupportedError', `crypto.subtle.exportKey: the format ${format} is not for a ${key.type} key of ${key.algorithm.name}`);
    const jwk = { kty: parts.crv ? 'EC' : 'RSA', ext: key.extractable, key_ops: [...key.usages] };
    for (const [name, value] of Object.entries(parts))
      if (name !== 'raw') jwk[name] = name === 'crv' ? value : native.toBase64Url(value);
    const bits = key.algorithm.hash?.name.slice(4);
    const prefix = { 'RSASSA-PKCS1-v1_5': 'RS', 'RSA-PSS': 'PS' }[key.algorithm.name];
    if (prefix) jwk.alg = prefix + bits;
    if (key.algorithm.name === 'RSA-OAEP') jwk.alg = bits === '1' ? 'RSA-OAEP' : `RSA-OAEP-${bits}`;
    return jwk;
  };
  const signatureCall = (algorithm, key, usage) => {
    const der = secretFor(key, algorithm, usage);
    if (algorithm.name === 'ECDSA') return ['ecdsa', hashOf(algorithm), der, 0];
    const isPss = algorithm.name === 'RSA-PSS';
    return [isPss ? 'pss' : 'pkcs1', hashOf(key.algorithm), der, isPss ? Number(algorithm.saltLength ?? 0) : 0];
  };
  const oaep = (encrypts, algorithm, key, data, usage) => {
    const der = secretFor(key, algorithm, usage);
    const label = algorithm.label === undefined ? '' : toBytes(algorithm.label);
    return attempt('OperationError', () => native.oaep(encrypts, hashOf(key.algorithm), der, label, toBytes(data)));
  };
  const deriveEcdh = (algorithm, key, bits) => {
    const mine = secretFor(key, algorithm, key.usages?.includes('deriveBits') ? 'deriveBits' : 'deriveKey');
    const other = algorithm.public;
    if (!secrets.has(other) || other.type !== 'public' || other.algorithm.name !== 'ECDH' || key.type !== 'private')
      throw failure('InvalidAccessError', 'crypto.subtle: ECDH needs a private key, and a public one as `public`');
    const secret = attempt('OperationError', () => native.ecdh(mine, secrets.get(other)));
    if (bits === null || bits === undefined) return secret;
    if (bits % 8 !== 0 || bits / 8 > secret.byteLength)
      throw failure('OperationError', 'crypto.subtle: the length is a multiple of 8 bits, and the secret has not more');
    return secret.slice(0, bits / 8);
  };
  const crypt = (encrypts, algorithm, key, data, usage) =>
    algorithm.name === 'RSA-OAEP' ? oaep(encrypts, algorithm, key, data, usage) : aes(encrypts, algorithm, key, data, usage);

  const jwkName = (algorithm) =>
    isAes(algorithm.name) ? `A${algorithm.length}${algorithm.name.slice(4)}` : `HS${algorithm.hash.name.slice(4)}`;
  const deriveBits = (algorithm, key, bits) => {
    if (algorithm.name === 'ECDH') return deriveEcdh(algorithm, key, bits);
    const secret = secretFor(key, algorithm, key.usages?.includes('deriveBits') ? 'deriveBits' : 'deriveKey');
    if (algorithm.name !== 'PBKDF2') throw failure('NotSupportedError', `crypto.subtle: nothing is derived with ${algorithm.name}`);
    if (!(bits > 0) || bits % 8 !== 0) throw failure('OperationError', 'crypto.subtle: the length is a multiple of 8 bits');
    return native.pbkdf2(hashOf(algorithm), secret, toBytes(algorithm.salt), algorithm.iterations, bits / 8);
  };
  const lengthOf = (algorithm) => (algorithm.length === undefined ? hashBits[algorithm.hash?.name] : Number(algorithm.length));

  const subtle = {
    async digest(algorithm, data) {
      const { name } = algorithmOf(algorithm);
      if (!hashes[name]) throw failure('NotSupportedError', `crypto.subtle.digest: ${name} is no digest`);
      return native.digest(hashes[name], toBytes(data));
    },
    async sign(given, key, data) {
      const algorithm = algorithmOf(given);
      if (pairUsages[algorithm.name])
        return attempt('OperationError', () => native.sign(...signatureCall(algorithm, key, 'sign'), toBytes(data)));
      return native.hmac(hashOf(key.algorithm), secretFor(key, algorithm, 'sign'), toBytes(data));
    },
    async verify(given, key, signature, data) {
      const algorithm = algorithmOf(given);
      if (pairUsages[algorithm.name])
        return attempt('OperationError', () =>
          native.verify(...signatureCall(algorithm, key, 'verify'), toBytes(signature), toBytes(data)));
      const right = native.hmac(hashOf(key.algorithm), secretFor(key, algorithm, 'verify'), toBytes(data));
      return native.equal(right, toBytes(signature));
    },
    async encrypt(algorithm, key, data) { return crypt(true, algorithmOf(algorithm), key, data, 'encrypt'); },
    async decrypt(algorithm, key, data) { return crypt(false, algorithmOf(algorithm), key, data, 'decrypt'); },
    async generateKey(given, extractable, wanted) {
      const algorithm = algorithmOf(given);
      if (pairUsages[algorithm.name]) return generatePair(algorithm, extractable, wanted);
      const bits = lengthOf(algorithm);
      if (!isAes(algorithm.name) && algorithm.name !== 'HMAC')
        throw failure('NotSupportedError', `crypto.subtle.generateKey: not for ${algorithm.name}`);
      return makeKey(native.random(bits / 8), keyAlgorithm(algorithm, bits), extractable, wanted);
    },
    async importKey(format, data, given, extractable, wanted) {
      const algorithm = algorithmOf(given);
      if (pairUsages[algorithm.name]) return importPair(format, data, algorithm, extractable, wanted);
      let secret;
      if (format === 'raw') secret = toBytes(data).slice(0);
      else if (format === 'jwk' && data?.kty === 'oct') secret = native.fromBase64Url(String(data.k));
      else throw failure('NotSupportedError', `crypto.subtle.importKey: the format ${format} is not supported for ${algorithm.name}`);
      if (secret.byteLength === 0) throw failure('DataError', 'crypto.subtle.importKey: the key is empty');
      return makeKey(secret, keyAlgorithm(algorithm, secret.byteLength * 8), extractable, wanted);
    },
    async exportKey(format, key) {
      if (!secrets.has(key)) throw new TypeError('crypto.subtle: a CryptoKey is wanted');
      if (!key.extractable) throw failure('InvalidAccessError', 'crypto.subtle.exportKey: the key is not extractable');
      if (key.type !== 'secret') return exportPair(format, key);
      const secret = secrets.get(key);
      if (format === 'raw') return secret.slice(0);
      if (format !== 'jwk') throw failure('NotSupportedError', `crypto.subtle.exportKey: the format ${format} is not supported`);
      return { kty: 'oct', k: native.toBase64Url(secret), alg: jwkName(key.algorithm), ext: true, key_ops: [...key.usages] };
    },
    async wrapKey(format, key, wrapping, given) {
      const exported = await subtle.exportKey(format, key);
      const bytes = format === 'jwk' ? native.utf8(JSON.stringify(exported)) : exported;
      return crypt(true, algorithmOf(given), wrapping, bytes, 'wrapKey');
    },
    async unwrapKey(format, wrapped, unwrapping, given, algorithm, extractable, wanted) {
      const bytes = crypt(false, algorithmOf(given), unwrapping, wrapped, 'unwrapKey');
      const data = format === 'jwk' ? JSON.parse(String.fromCharCode(...new Uint8Array(bytes))) : bytes;
      return subtle.importKey(format, data, algorithm, extractable, wanted);
    },
    async deriveBits(algorithm, key, bits) { return deriveBits(algorithmOf(algorithm), key, bits); },
    async deriveKey(given, key, derived, extractable, wanted) {
      const algorithm = algorithmOf(derived);
      const bits = lengthOf(algorithm);
      return makeKey(deriveBits(algorithmOf(given), key, bits), keyAlgorithm(algorithm, bits), extractable, wanted);
    },
  };
  const getRandomValues = (into) => {
    if (!ArrayBuffer.isView(into)) throw new TypeError('crypto.getRandomValues: a typed array of whole numbers is wanted');
    if (into.byteLength > 65536) throw failure('QuotaExceededError', 'crypto.getRandomValues: 65536 bytes at most');
    if (into.byteLength > 0)
      new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(new Uint8Array(native.random(into.byteLength)));
    return into;
  };
  return { crypto: { subtle, getRandomValues, randomUUID: native.uuid }, CryptoKey };
}
