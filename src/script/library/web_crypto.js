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
  const failure = (name, text) => {
    const error = new Error(text);
    error.name = name;
    return error;
  };
  const algorithmOf = (given) => {
    const algorithm = typeof given === 'string' ? { name: given } : { ...given };
    const wanted = String(algorithm.name).toUpperCase();
    const name = [...Object.keys(hashes), ...Object.keys(usages)].find((one) => one.toUpperCase() === wanted);
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
  const makeKey = (secret, algorithm, extractable, wanted) => {
    if (!Array.isArray(wanted)) throw new TypeError('crypto.subtle: the key needs a list of usages');
    for (const usage of wanted)
      if (!usages[algorithm.name].includes(usage))
        throw failure('SyntaxError', `crypto.subtle: a key of ${algorithm.name} cannot be used to ${usage}`);
    if (wanted.length === 0) throw failure('SyntaxError', 'crypto.subtle: the key needs a list of usages');
    const key = new CryptoKey();
    Object.assign(key, { type: 'secret', extractable: Boolean(extractable), algorithm, usages: [...wanted] });
    secrets.set(key, secret);
    return key;
  };
  const secretFor = (key, algorithm, usage) => {
    if (!secrets.has(key)) throw new TypeError('crypto.subtle: a CryptoKey is wanted');
    if (key.algorithm.name !== algorithm.name || !key.usages.includes(usage))
      throw failure('InvalidAccessError', `crypto.subtle: the key is one of ${key.algorithm.name} for ${key.usages}`);
    return secrets.get(key);
  };
  const aes = (encrypts, algorithm, key, data) => {
    const secret = secretFor(key, algorithm, encrypts ? 'encrypt' : 'decrypt');
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
  const jwkName = (algorithm) =>
    isAes(algorithm.name) ? `A${algorithm.length}${algorithm.name.slice(4)}` : `HS${algorithm.hash.name.slice(4)}`;
  const deriveBits = (algorithm, key, bits) => {
    const secret = secretFor(key, algorithm, key.usages?.includes('deriveBits') ? 'deriveBits' : 'deriveKey');
    if (algorithm.name !== 'PBKDF2') throw failure('NotSupportedError', `crypto.subtle: nothing is derived with ${algorithm.name}`);
    if (!(bits > 0) || bits % 8 !== 0) throw failure('OperationError', 'crypto.subtle: the length is a multiple of 8 bits');
    return native.pbkdf2(hashOf(algorithm), secret, toBytes(algorithm.salt), algorithm.iterations, bits / 8);
  };
  const lengthOf = (algorithm) => algorithm.length ?? hashBits[algorithm.hash?.name];

  const subtle = {
    async digest(algorithm, data) {
      const { name } = algorithmOf(algorithm);
      if (!hashes[name]) throw failure('NotSupportedError', `crypto.subtle.digest: ${name} is no digest`);
      return native.digest(hashes[name], toBytes(data));
    },
    async sign(given, key, data) {
      const algorithm = algorithmOf(given);
      return native.hmac(hashOf(key.algorithm), secretFor(key, algorithm, 'sign'), toBytes(data));
    },
    async verify(given, key, signature, data) {
      const algorithm = algorithmOf(given);
      const right = native.hmac(hashOf(key.algorithm), secretFor(key, algorithm, 'verify'), toBytes(data));
      return native.equal(right, toBytes(signature));
    },
    async encrypt(algorithm, key, data) { return aes(true, algorithmOf(algorithm), key, data); },
    async decrypt(algorithm, key, data) { return aes(false, algorithmOf(algorithm), key, data); },
    async generateKey(given, extractable, wanted) {
      const algorithm = algorithmOf(given);
      const bits = lengthOf(algorithm);
      if (!isAes(algorithm.name) && algorithm.name !== 'HMAC')
        throw failure('NotSupportedError', `crypto.subtle.generateKey: not for ${algorithm.name}`);
      return makeKey(native.random(bits / 8), keyAlgorithm(algorithm, bits), extractable, wanted);
    },
    async importKey(format, data, given, extractable, wanted) {
      const algorithm = algorithmOf(given);
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
      const secret = secrets.get(key);
      if (format === 'raw') return secret.slice(0);
      if (format !== 'jwk') throw failure('NotSupportedError', `crypto.subtle.exportKey: the format ${format} is not supported`);
      return { kty: 'oct', k: native.toBase64Url(secret), alg: jwkName(key.algorithm), ext: true, key_ops: [...key.usages] };
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
