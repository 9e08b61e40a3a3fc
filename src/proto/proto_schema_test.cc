#include "proto/proto_schema.h"

#include <doctest/doctest.h>

#include <map>

#include "proto/grpc_services.h"

using namespace brunt;

namespace {

using Texts = std::map<std::string, std::string>;

Result<std::unique_ptr<const ProtoSchema>> read(const std::string& name, const Texts& texts) {
  const std::vector<std::string> names = {name};
  return ProtoSchema::read(names, [&](const std::string& wanted) -> Result<std::string> {
    const auto found = texts.find(wanted);
    if (found == texts.end()) return fail(ErrorCode::not_found, "there is no " + wanted);
    return found->second;
  });
}

const Texts shop = {{"shop.proto", R"(syntax = "proto3";
package shop.v1;
import "types.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
message Order {
  string customer_name = 1;
  int64 big = 2;
  repeated Item items = 3;
  map<string, int32> counts = 4;
  optional int32 maybe = 5;
  oneof payment { string card = 6; bool cash = 7; }
  google.protobuf.Timestamp at = 8;
  google.protobuf.StringValue note = 9;
  bytes raw = 10;
  double price = 11;
  Item first = 12;
  google.protobuf.Any any = 13;
  google.protobuf.Struct free = 14;
  map<int32, Item> by_id = 15;
  float small = 16;
}
service Shop {
  rpc Buy(Order) returns (Item);
  rpc Watch(stream Item) returns (stream Order);
})"},
                    {"types.proto", R"(syntax = "proto3";
package shop.v1;
enum Kind { KIND_UNKNOWN = 0; KIND_BOOK = 1; }
message Item { Kind kind = 1; uint32 pages = 2; })"}};

// JSON in, JSON out.
std::string there_and_back(const ProtoSchema& schema, const std::string& json) {
  const ProtoType& type = *schema.find_type("shop.v1.Order");
  const auto bytes = schema.encode(type, json);
  if (!bytes) return bytes.error().text;
  std::string out;
  const auto printed = schema.append_json(type, *bytes, out);
  return printed ? out : printed.error().text;
}

}  // namespace

TEST_CASE("the methods of a service are known by their paths") {
  const auto schema = read("shop.proto", shop);
  REQUIRE_MESSAGE(schema.has_value(), schema.error().text);
  REQUIRE((*schema)->methods().size() == 2);
  const ProtoMethod* watch = (*schema)->find_method("/shop.v1.Shop/Watch");
  REQUIRE(watch != nullptr);
  CHECK(watch->client_streams);
  CHECK(watch->server_streams);
  CHECK(watch->package == "shop.v1");
  CHECK(watch->service == "Shop");
  CHECK((*schema)->find_method("/shop.v1.Shop/Buy")->response == watch->request);
  CHECK((*schema)->find_method("/shop.v1.Shop/Sell") == nullptr);
}

TEST_CASE("an empty message shows what is not set, but for oneofs and optional fields") {
  const auto schema = read("shop.proto", shop).value();
  CHECK(there_and_back(*schema, "{}") ==
        R"({"customerName":"","big":"0","items":[],"counts":{},"at":null,"note":null,"raw":"",)"
        R"("price":0,"first":null,"any":null,"free":null,"byId":{},"small":0})");
}

TEST_CASE("a full message goes to the wire and back as ProtoJSON says") {
  const auto schema = read("shop.proto", shop).value();
  const std::string json =
      R"({"customerName":"Ann \"A\"","big":"9007199254740993","items":[{"kind":"KIND_BOOK","pages":7},)"
      R"({"kind":"KIND_UNKNOWN","pages":0}],"counts":{"a":1},"maybe":0,"cash":false,)"
      R"("at":"2026-11-22T19:00:00Z","note":"hi","raw":"AAEC","price":"NaN",)"
      R"("first":{"kind":"KIND_BOOK","pages":1},)"
      R"("any":{"@type":"type.googleapis.com/shop.v1.Item","kind":"KIND_BOOK","pages":3},)"
      R"("free":{"k":[1,null,"x"]},"byId":{"5":{"kind":"KIND_UNKNOWN","pages":9}},"small":0.1})";
  CHECK(there_and_back(*schema, json) == json);
  CHECK(there_and_back(*schema, R"({"customer_name":"b","items":[{"kind":1},{"kind":42}]})")
            .starts_with(R"({"customerName":"b","big":"0","items":[{"kind":"KIND_BOOK","pages":0},)"
                         R"({"kind":42,"pages":0}])"));
}

TEST_CASE("JSON that does not fit the type is refused with the field") {
  const auto schema = read("shop.proto", shop).value();
  CHECK(there_and_back(*schema, R"({"nothing": 1})").contains("nothing"));
  CHECK(there_and_back(*schema, R"({"big": "x"})").contains("big"));
  CHECK(there_and_back(*schema, R"({"items": )").starts_with("shop.v1.Order: "));
}

TEST_CASE("bytes that are no message are malformed, and an Any of an unknown type is") {
  const auto schema = read("shop.proto", shop).value();
  const ProtoType& type = *schema->find_type("shop.v1.Order");
  std::string out;
  CHECK(schema->append_json(type, "\x0a\x7f", out).error().code == ErrorCode::malformed);
  const std::string any = std::string("\x6a\x05\x0a\x03", 4) + "x/y";
  CHECK(schema->append_json(type, any, out).error().text.contains("y"));
}

TEST_CASE("a mistake in a file is told with file, line and column") {
  auto wrong =
      read("a.proto", {{"a.proto", "syntax = \"proto3\";\nmessage A {\n  strin x = 1;\n}"}});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().text.contains("a.proto:3:3: \"strin\" is not defined"));
  wrong = read("a.proto", {{"a.proto", "syntax = \"proto3\";\nmessage {"}});
  CHECK(wrong.error().text.contains("a.proto:2:9:"));
  wrong = read("a.proto", {{"a.proto", "syntax = \"proto3\";\nimport \"gone.proto\";"}});
  CHECK(wrong.error().code == ErrorCode::not_found);
  CHECK(wrong.error().text.contains("there is no gone.proto"));
}

TEST_CASE("fields of proto2 that are not there are null") {
  const auto schema = read("two.proto", {{"two.proto", R"(syntax = "proto2";
package two;
message M { optional int32 a = 1 [default = 4]; repeated string b = 2; required bool c = 3; })"}})
                          .value();
  std::string out;
  REQUIRE(schema->append_json(*schema->find_type("two.M"), "", out).has_value());
  CHECK(out == R"({"a":null,"b":[],"c":null})");
}

TEST_CASE("the messages of gRPCs own services are known") {
  for (const char* name :
       {"google.rpc.Status", "google.rpc.BadRequest.FieldViolation",
        "grpc.health.v1.HealthCheckRequest", "grpc.reflection.v1.ServerReflectionRequest"})
    CHECK(grpc_services().find_type(name) != nullptr);
}

TEST_CASE("descriptors say which files they lack") {
  // A file a.proto that imports b.proto and Google's empty.proto.
  const std::vector<std::string> files = {
      "\x0a\x07"
      "a.proto\x1a\x07"
      "b.proto\x1a\x1bgoogle/protobuf/empty.proto"};
  CHECK(ProtoSchema::missing_imports(files).value() == std::vector<std::string>{"b.proto"});
  CHECK_FALSE(ProtoSchema::read_descriptors(files).has_value());
  CHECK_FALSE(ProtoSchema::missing_imports(std::vector<std::string>{"\xff"}).has_value());
}

TEST_CASE("bytes that are no set of descriptors are refused") {
  CHECK(ProtoSchema::read_set("nonsense").error().code == ErrorCode::malformed);
  CHECK(ProtoSchema::read_set("").error().code == ErrorCode::malformed);
}
