#include "wire/multipart.h"

#include <doctest/doctest.h>

using namespace brunt;

TEST_CASE("a form with a field and a file is written") {
  MultipartWriter form("BOUNDARY");
  REQUIRE(form.add_field("user", "ann"));
  REQUIRE(form.add_file({.name = "ph\"oto", .filename = "a\r\nb.png", .content_type = "image/png"},
                        std::string_view("\0\1", 2)));
  REQUIRE(form.add_file({.name = "raw", .filename = "x", .content_type = ""}, ""));
  CHECK(form.content_type() == "multipart/form-data; boundary=BOUNDARY");
  const std::string body = std::move(form).finish();
  CHECK(body == std::string("--BOUNDARY\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n"
                            "ann\r\n--BOUNDARY\r\nContent-Disposition: form-data; "
                            "name=\"ph%22oto\"; filename=\"a%0D%0Ab.png\"\r\nContent-Type: "
                            "image/png\r\n\r\n") +
                    std::string("\0\1", 2) +
                    "\r\n--BOUNDARY\r\nContent-Disposition: form-data; name=\"raw\"; "
                    "filename=\"x\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
                    "--BOUNDARY--\r\n");
}

TEST_CASE("content that holds the boundary, or a type with a line end, is invalid") {
  MultipartWriter form("B");
  CHECK(!form.add_field("a", "x--B"));
  CHECK(!form.add_file({.name = "a", .filename = "b", .content_type = "x\r\ny"}, "c"));
  CHECK(std::move(form).finish() == "--B--\r\n");
}

TEST_CASE("a boundary of chance has its 128 bits") {
  CHECK(MultipartWriter::boundary_from(1, 2) == "----brunt00000000000000010000000000000002");
}
