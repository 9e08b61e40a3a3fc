// What a certificate says of itself, as a test of a gateway's client certificates would ask.
//
//   brunt run examples/k6/certificate.js
import { check } from 'k6';
import { getAltNames, getSubject, parse } from 'k6/crypto/x509';

export const options = { thresholds: { checks: ['rate==1'] } };

const pem = `-----BEGIN CERTIFICATE-----
MIIB2TCCAYCgAwIBAgIUHIiU4LA3GI4mCeeRHDGDqFwywwgwCgYIKoZIzj0EAwIw
MDELMAkGA1UEBhMCREUxDTALBgNVBAoMBFNob3AxEjAQBgNVBAMMCXNob3AudGVz
dDAgFw0yNjExMjMwNDM2MDdaGA8yMTI2MTAzMDA0MzYwN1owMDELMAkGA1UEBhMC
REUxDTALBgNVBAoMBFNob3AxEjAQBgNVBAMMCXNob3AudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABGmjxxxPQ7ydtGTWZh2rfwJhkKewPhvcBuF8O+zHS2a6
8Z+6HuBxl+uK0GlZ+ovCyjJAQt0cU4E6Bli+513VfrCjdjB0MB0GA1UdDgQWBBRL
HZoxm2gSk1t3LrKiVc3FBAi8kjAfBgNVHSMEGDAWgBRLHZoxm2gSk1t3LrKiVc3F
BAi8kjAPBgNVHRMBAf8EBTADAQH/MCEGA1UdEQQaMBiCCXNob3AudGVzdIILKi5z
aG9wLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgNcn8k70gYgieTanAozhJJNg66gN1
ZHe+9A1xv3HC2KoCIG+37Ej1gHTh1yIBk2pea7qBpR48cd4ytLpv61HDmC/q
-----END CERTIFICATE-----`;

export default function () {
  const certificate = parse(pem);
  check(certificate, {
    'is the shop': () => getSubject(pem).commonName === 'shop.test',
    'of its company': (one) => one.subject.organizationName.includes('Shop'),
    'for its other hosts too': () => getAltNames(pem).includes('*.shop.test'),
    'is not over': (one) => new Date(one.notAfter) > new Date(),
    'has a key on a curve': (one) => one.publicKey.algorithm === 'ECDSA',
  });
}
