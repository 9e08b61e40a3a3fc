// Protocol Buffers by their schema: messages and methods known from .proto files or descriptors,
// messages between their wire format and JSON.
//
//   auto schema = TRY(ProtoSchema::read({"hello.proto"}, open_file));
//   const ProtoMethod* method = schema->find_method("/hello.HelloService/SayHello");
//   const std::string request = TRY(schema->encode(*method->request, R"({"greeting":"Bert"})"));
//   TRY(schema->append_json(*method->response, received, json));
//
// Built once, read by any number of threads at once. JSON is that of protojson with unpopulated
// fields, as k6 gives it: lowerCamelCase names, 64-bit numbers as text, null for a message that is
// not there, nothing for an optional field or one of a oneof that is not set.
//
// Source: protobuf.dev, "ProtoJSON format"; Go's protojson for EmitUnpopulated; libprotobuf 3.21.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brunt {

struct ProtoType;  // A message's.

struct ProtoMethod {
  std::string path;     // "/package.Service/Method"
  std::string package;  // "package"
  std::string service;  // "Service"
  std::string name;     // "Method"
  bool client_streams = false, server_streams = false;
  const ProtoType* request = nullptr;  // The schema's.
  const ProtoType* response = nullptr;
};

class ProtoSchema {
 public:
  struct Limits {
    std::size_t import_depth_max = 100;  // A server's descriptors are read on a small stack.
    std::size_t errors_told_max = 5;     // Of one reading.
  };

  // The text of a file by the name that the script or an `import` gives it. Errors: not_found,
  // which may be one of Google's own files then, that are known without.
  using OpenFile = std::function<Result<std::string>(const std::string& name)>;

  // Errors: malformed, with file, line and column of what is wrong; not_found.
  static Result<std::unique_ptr<const ProtoSchema>> read(std::span<const std::string> names,
                                                         const OpenFile& open);
  // An encoded FileDescriptorSet, as `protoc --include_imports --descriptor_set_out` makes it.
  // Errors: malformed.
  static Result<std::unique_ptr<const ProtoSchema>> read_set(std::string_view bytes);
  // Encoded FileDescriptorProtos in any order, one of them twice or not; Google's own may lack.
  // Errors: malformed.
  static Result<std::unique_ptr<const ProtoSchema>> read_descriptors(
      std::span<const std::string> files);
  // What encoded FileDescriptorProtos import that is neither among them nor Google's own. Errors:
  // malformed.
  static Result<std::vector<std::string>> missing_imports(std::span<const std::string> files);
  ~ProtoSchema();

  const std::vector<ProtoMethod>& methods() const;
  // nullptr: there is none.
  const ProtoMethod* find_method(std::string_view path) const;
  const ProtoType* find_type(std::string_view full_name) const;

  // Errors: invalid, with the field.
  Result<std::string> encode(const ProtoType& type, std::string_view json) const;
  // `more`: where types within an Any may be found too. Errors: malformed: `out` is spoilt.
  Result<> append_json(const ProtoType& type, std::string_view bytes, std::string& out,
                       const ProtoSchema* more = nullptr) const;

  ProtoSchema(const ProtoSchema&) = delete;
  ProtoSchema& operator=(const ProtoSchema&) = delete;

  struct State;  // libprotobuf's side, for this layer's sources only.
  const State& state() const { return *state_; }

 private:
  explicit ProtoSchema(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
