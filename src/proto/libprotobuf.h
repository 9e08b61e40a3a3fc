// libprotobuf's headers, whose warnings are not ours, and what the sources of this layer share.
//
// For this layer only.
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>
#pragma GCC diagnostic pop

#include <deque>
#include <map>

#include "proto/proto_schema.h"

namespace brunt {

namespace pb = google::protobuf;

struct ProtoType {
  const pb::Descriptor* descriptor = nullptr;
  const pb::Message* empty = nullptr;  // The factory's: messages are made from it.
  std::string url;                     // For the JSON reader.
};

struct ProtoSchema::State {
  std::unique_ptr<pb::DescriptorPool> pool = std::make_unique<pb::DescriptorPool>();
  std::unique_ptr<pb::DynamicMessageFactory> factory =
      std::make_unique<pb::DynamicMessageFactory>(pool.get());
  std::unique_ptr<pb::util::TypeResolver> resolver;
  std::map<std::string, ProtoType, std::less<>> types;  // By full name.
  std::vector<ProtoMethod> methods;
  Limits limits;
};

// The text of one of Google's own files ("google/protobuf/timestamp.proto"); "": it is none.
std::string known_proto_file(const std::string& name);

// A message as JSON. `more` may be nullptr.
Result<> print_proto_json(const pb::Message& message, const ProtoSchema& schema,
                          const ProtoSchema* more, std::string& out);

}  // namespace brunt
