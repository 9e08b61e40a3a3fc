// The messages of gRPC's own services: health checks, reflection (v1; v1alpha has the same under
// another name), and google.rpc.Status with the details that servers put into it.
//
// Source: grpc.health.v1, grpc.reflection.v1, google.rpc.
#pragma once
#include "proto/proto_schema.h"

namespace brunt {

// Read once for the process, constant.
const ProtoSchema& grpc_services();

}  // namespace brunt
