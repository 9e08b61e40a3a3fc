// Google's own .proto files, which everybody imports and nobody has beside a script.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "proto/libprotobuf.h"

namespace brunt {

std::string known_proto_file(const std::string& name) {
  const pb::FileDescriptor* const files[] = {
      pb::Any::descriptor()->file(),        pb::Duration::descriptor()->file(),
      pb::Empty::descriptor()->file(),      pb::FieldMask::descriptor()->file(),
      pb::Struct::descriptor()->file(),     pb::Timestamp::descriptor()->file(),
      pb::Int32Value::descriptor()->file(), pb::FileDescriptorProto::descriptor()->file()};
  for (const pb::FileDescriptor* file : files)
    if (file->name() == name) return file->DebugString();
  return "";
}

}  // namespace brunt
