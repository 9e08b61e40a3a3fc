// k6/crypto/x509: what a certificate says. Source: k6's documentation of k6/crypto/x509; names of parts: RFC 4519, RFC 5280.
(native) => {
  const COMMON_NAME = '2.5.4.3', COUNTRY = '2.5.4.6', LOCALITY = '2.5.4.7', STATE = '2.5.4.8', STREET = '2.5.4.9', ORGANIZATION = '2.5.4.10',
    UNIT = '2.5.4.11', POSTAL_CODE = '2.5.4.17';
  const all = (names, type) => names.filter((part) => part.type === type).map((part) => part.value);
  const first = (names, type) => all(names, type)[0] ?? '';
  const issuerOf = (names) => ({
    commonName: all(names, COMMON_NAME).at(-1) ?? '',
    country: first(names, COUNTRY),
    stateOrProvinceName: first(names, STATE),
    localityName: first(names, LOCALITY),
    organizationName: first(names, ORGANIZATION),
    names,
  });
  const subjectOf = (names) => ({
    ...issuerOf(names),
    postalCode: first(names, POSTAL_CODE),
    streetAddress: first(names, STREET),
    organizationalUnitName: all(names, UNIT),
  });
  const keyOf = ({ curve, ...numbers }, algorithm) => {
    const { n, e, p, q, g, x, y } = Object.fromEntries(Object.entries(numbers).map(([name, hex]) => [name, BigInt('0x' + hex)]));
    if (algorithm === 'RSA') return { n, e: Number(e) };
    return algorithm === 'DSA' ? { parameters: { p, q, g }, y } : { curve: { name: curve }, x, y };
  };
  const parse = (pem) => {
    const { subject, issuer, key, keyAlgorithm: algorithm, ...rest } = native.read(pem);
    if (!algorithm) throw new Error('unsupported public key algorithm');
    return { subject: subjectOf(subject), issuer: issuerOf(issuer), ...rest, publicKey: { algorithm, key: keyOf(key, algorithm) } };
  };
  return {
    parse,
    getAltNames: (pem) => native.read(pem).altNames,
    getIssuer: (pem) => issuerOf(native.read(pem).issuer),
    getSubject: (pem) => subjectOf(native.read(pem).subject),
  };
}
