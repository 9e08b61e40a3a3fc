// What a gRPC server says of its own services: the descriptors that ProtoSchema reads.
//
//   const auto files = TRY(reflect_grpc(self, channel, {}, deadline));
//   const auto schema = TRY(ProtoSchema::read_descriptors(files));
//
// Source: grpc.reflection.v1, and v1alpha where a server has no other.
#pragma once
#include <string>
#include <vector>

#include "client/grpc_client.h"

namespace brunt {

struct GrpcReflectionLimits {
  std::size_t files_max = 10'000;
  std::size_t bytes_max = 64u << 20u;  // Of all files.
};

// Encoded FileDescriptorProtos of all services and what they import. Parks. Errors: unsupported:
// the server has no reflection; malformed, too_large; io, with the status; cancelled.
Result<std::vector<std::string>> reflect_grpc(Fiber& self, GrpcChannel& channel,
                                              const GrpcMetadata& metadata, Instant deadline);

}  // namespace brunt
