#include "base/sha1.h"

#include <doctest/doctest.h>

#include "base/base64.h"

namespace brunt {

// Source of the rows: FIPS 180-1, appendices A and B; RFC 6455, section 1.3.
TEST_CASE("SHA-1 digests are those of the standards") {
  CHECK(base64_encode(sha1("")) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  CHECK(base64_encode(sha1("abc")) == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  CHECK(base64_encode(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "hJg+RBw70m66rkqh+VEp5eVGcPE=");
}

}  // namespace brunt
