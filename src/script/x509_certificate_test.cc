#include "script/x509_certificate.h"

#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

// Made for these tests with `openssl x509 -req -signkey`; their keys are gone.
const std::string certificates = R"(
import x509, { parse } from 'k6/crypto/x509';
const ec = `-----BEGIN CERTIFICATE-----
MIIC0TCCAnagAwIBAgIUV7Z9dgeQf2g5CCjRYsvPo24j1rYwCgYIKoZIzj0EAwIw
gZsxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZIZXNzZW4xDzANBgNVBAcMBkthc3Nl
bDETMBEGA1UECQwKQW0gTWFya3QgMTEOMAwGA1UEEQwFMzQxMTcxDzANBgNVBAoM
BlRpbWVyczEMMAoGA1UECwwDT3BzMQ0wCwYDVQQLDARMb2FkMRcwFQYDVQQDDA50
aW1lcnMuZXhhbXBsZTAeFw0yNjExMjIyMzM0NDRaFw0zNjExMTkyMzM0NDRaMIGb
MQswCQYDVQQGEwJERTEPMA0GA1UECAwGSGVzc2VuMQ8wDQYDVQQHDAZLYXNzZWwx
EzARBgNVBAkMCkFtIE1hcmt0IDExDjAMBgNVBBEMBTM0MTE3MQ8wDQYDVQQKDAZU
aW1lcnMxDDAKBgNVBAsMA09wczENMAsGA1UECwwETG9hZDEXMBUGA1UEAwwOdGlt
ZXJzLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATyNc/yQbnWCL+T
wqMYupRLem3hcd7uXoEgWB1Ob2j58FQvJkHjxHtEvBmxDs2Uyyp5Nl5jXgPkYmUj
+ttJ+Rx/o4GVMIGSMHEGA1UdEQRqMGiGGGh0dHBzOi8vdGltZXJzLmV4YW1wbGUv
eIcEwAACB4IOdGltZXJzLmV4YW1wbGWHECABDbgAAAAAAAAAAAAAAAGBEGFAdGlt
ZXJzLmV4YW1wbGWCEnd3dy50aW1lcnMuZXhhbXBsZTAdBgNVHQ4EFgQUf7SxBYo5
UNMS6iViPUy2yjZGs7AwCgYIKoZIzj0EAwIDSQAwRgIhAOMd+4i44St1tymCVQG5
8eBCF3k7f50KOAx/2Mr/SLhDAiEA0YvPevRNF1Ya/y3M67r+vZZwjzTZKxhfihOz
w+0u8JE=
-----END CERTIFICATE-----`;
const rsa = `-----BEGIN CERTIFICATE-----
MIIB9DCCAV2gAwIBAgIUbokKvHUotpq9qLNf6CJgTB6lFeowDQYJKoZIhvcNAQEM
BQAwDDEKMAgGA1UEAwwBcjAeFw0yNjExMjIyMzM0MzRaFw0zNjExMTkyMzM0MzRa
MAwxCjAIBgNVBAMMAXIwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAN288x8w
LVcNysUtqq1i+QwPkVGaRktT9v1HICXGzaMzOclq0LkUjAvVZ9q8317IncaiQDSM
9K3lGDwUGprHhG03wC7I1AvjERVOyL8siPrdPOeT8RWjYeoc3w8M3PSjtfp/FNMz
Cj5rjhLhOoJJXZ6aaVGJ7CX8JYu7Ph3XfLi7AgMBAAGjUzBRMB0GA1UdDgQWBBS9
N/CGdwrMsmPKublv5PMuAmxa4jAfBgNVHSMEGDAWgBS9N/CGdwrMsmPKublv5PMu
Amxa4jAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBDAUAA4GBAMiPj0KGpZBW
E3sadY+b/wBIDRiGkCA1gCEyA0Yq3RSphfB/xe03XhWogHBz4wAzpDw/ru3ztU1K
RvUotDHQIcygFHmiZy5WCM2KQncE5a8VkvFU6pBBsiUw5WUGCBjSwWF6NORU5+jd
eESzQ8YPz+ZEk9SwNKdFvNBVpe/f94WW
-----END CERTIFICATE-----`;
const dsa = `-----BEGIN CERTIFICATE-----
MIICzTCCAnugAwIBAgIUIFidJGumRA/zFLkhyFvWQkEZU5QwCwYJYIZIAWUDBAMC
MAwxCjAIBgNVBAMMAWQwHhcNMjYxMTIyMjMzNDM0WhcNMzYxMTE5MjMzNDM0WjAM
MQowCAYDVQQDDAFkMIIBvjCCATMGByqGSM44BAEwggEmAoGBAJHKM4K5ozYQkq2F
17j2SMi1FOii50fg0kzS4eeDnm/KJYqnRF+SuDG18cRwjwFYQK0La91nObuMFZXu
dCwTIrzUCUh+/k114PuFiIJIBQ2LnpMrXf8s9Y2Hd2AyVtbIM3RfUcJO2s0zPOXx
CPRy6tORJCDdf7VjKL7dHDi4j8INAh0AsKNCrISrERvclgb1sa0WOaQGub72oo9T
AFtskQKBgBJjuXDuhDcgvXT9oaWeLBYo77mnDSfBcuhju9nhSZK3peWuYxct0xPX
F0kraylsUK2NolYm9d0FSZitkrwX9+X0Bn+IU4hMyKkFsgYa6oVwLUYwLY2aaw1O
5CNh+1N1m0N0I1AwlzrFdTm/XDSB6GumevxL0vPyJMZezFf2KVX4A4GEAAKBgGhn
OTlysS2WVfkUr9vVvo2GRdngVE79ggUcgMcDOuDADtEu7zlwxCb7iOAUKyxWJ6MX
e6v7G/yZs/cbGc7KkPUKG+oCoW3OE998KkqcGgTYzDRZJJfHW+rbdoxvWrUJlDUU
edT4Wd+29t0pi7wf6V4edF5rXmAfGAF+tKWU2Gi3o1MwUTAdBgNVHQ4EFgQURZrD
DFJuS1ku6KSNlBYRcIMw6ccwHwYDVR0jBBgwFoAURZrDDFJuS1ku6KSNlBYRcIMw
6ccwDwYDVR0TAQH/BAUwAwEB/zALBglghkgBZQMEAwIDPwAwPAIcK6XczMcMb2jy
fc6E7+1h1yCO9im2l4LTDVuamgIcKqH2Hm0+iL4Qsc9tkF6OaTZous6XIZoiUxPY
9A==
-----END CERTIFICATE-----`;
const ed25519 = `-----BEGIN CERTIFICATE-----
MIIBLDCB36ADAgECAhQBV55v9XDhWIaG4tw8lKCTDHCWzDAFBgMrZXAwDDEKMAgG
A1UEAwwBZTAeFw0yNjExMjIyMzM0MzRaFw0zNjExMTkyMzM0MzRaMAwxCjAIBgNV
BAMMAWUwKjAFBgMrZXADIQCedD0/SToaumzBIndf1jr+6GL5vLHudIsR87L/q8dL
Z6NTMFEwHQYDVR0OBBYEFP2aKnPC6fl4B+wmu96xaIWpUu/nMB8GA1UdIwQYMBaA
FP2aKnPC6fl4B+wmu96xaIWpUu/nMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA
m9+PcmzNFm50r+qOeZcxwR/Ti+OiMiH4j5XBvMXvJUjoCXaNf51gAha29cLHmWWq
KaFVRUpZtia97G8WFXZYCQ==
-----END CERTIFICATE-----`;
)";

}  // namespace

TEST_CASE("a certificate says whose it is") {
  check_expressions(
      certificates,
      {{"x509.getSubject(ec).commonName", "timers.example"},
       {"Object.entries(x509.getSubject(ec)).filter(([name]) => name !== 'names').map(([, v]) => "
        "v)",
        R"(["timers.example","DE","Hessen","Kassel","Timers","34117","Am Markt 1",["Ops","Load"]])"},
       {"x509.getSubject(ec).names[4]", R"({"type":"2.5.4.17","value":"34117"})"},
       {"x509.getIssuer(rsa)",
        R"({"commonName":"r","country":"","stateOrProvinceName":"","localityName":"","organizationName":"","names":[{"type":"2.5.4.3","value":"r"}]})"},
       {"x509.getAltNames(ec)",
        R"(["timers.example","www.timers.example","a@timers.example","192.0.2.7","2001:db8::1","https://timers.example/x"])"},
       {"x509.getAltNames(rsa)", "[]"}});
}

TEST_CASE("a certificate says what it is") {
  check_expressions(
      certificates,
      {{"[parse(ec).notBefore, parse(ec).notAfter]",
        R"(["2026-11-22T23:34:44Z","2036-11-19T23:34:44Z"])"},
       {"[ec, rsa, dsa].map((pem) => parse(pem).signatureAlgorithm)",
        R"(["ECDSA-SHA256","SHA384-RSA","DSA-SHA256"])"},
       {"[ec, rsa, dsa].map((pem) => parse(pem).publicKey.algorithm)", R"(["ECDSA","RSA","DSA"])"},
       {"parse(ec).fingerPrint.map((byte) => byte.toString(16)).join(':')",
        "71:a2:e5:ce:f9:7a:a8:3d:d6:c7:67:12:cd:c:95:f6:1:d9:e0:cf"},
       {"parse(ec).publicKey.key.curve", R"({"name":"P-256"})"},
       {"parse(ec).publicKey.key.y.toString(16)",
        "542f2641e3c47b44bc19b10ecd94cb2a79365e635e03e4626523fadb49f91c7f"},
       {"parse(rsa).publicKey.key.e", "65537"},
       {"parse(rsa).publicKey.key.n.toString(16).length", "256"},
       {"Object.keys(parse(dsa).publicKey.key.parameters)", R"(["p","q","g"])"},
       {"parse(dsa).publicKey.key.y > 0n", "true"}});
}

TEST_CASE("what is no certificate is refused") {
  check_expressions(certificates,
                    {{"parse('nonsense')", "Error: failed to decode certificate PEM file"},
                     {"x509.getAltNames(ec.replace('MIIC0TCC', 'MIIC0TCD'))",
                      "Error: failed to parse certificate: this PEM text holds no certificate"},
                     {"parse(ed25519)", "Error: unsupported public key algorithm"},
                     {"x509.getSubject(ed25519).commonName", "e"}});
}

}  // namespace brunt
