#include "proto/grpc_services.h"

#include <map>
#include <string>

namespace brunt {
namespace {

// A serving status is a number here, as k6 has it.
constexpr std::string_view health = R"(syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { int32 status = 1; }
)";

// Without what we neither ask nor look at.
constexpr std::string_view reflection = R"(syntax = "proto3";
package grpc.reflection.v1;
message ServerReflectionRequest {
  oneof message_request {
    string file_by_filename = 3;
    string file_containing_symbol = 4;
    string list_services = 7;
  }
}
message ServerReflectionResponse {
  oneof message_response {
    Files file_descriptor_response = 4;
    Services list_services_response = 6;
    Failure error_response = 7;
  }
}
message Files { repeated bytes file_descriptor_proto = 1; }
message Services { repeated Service service = 1; }
message Service { string name = 1; }
message Failure { int32 error_code = 1; string error_message = 2; }
)";

constexpr std::string_view status = R"(syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message RetryInfo { google.protobuf.Duration retry_delay = 1; }
message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
message QuotaFailure {
  message Violation { string subject = 1; string description = 2; }
  repeated Violation violations = 1;
}
message PreconditionFailure {
  message Violation { string type = 1; string subject = 2; string description = 3; }
  repeated Violation violations = 1;
}
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; }
  repeated FieldViolation field_violations = 1;
}
message RequestInfo { string request_id = 1; string serving_data = 2; }
message ResourceInfo { string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4; }
message Help {
  message Link { string description = 1; string url = 2; }
  repeated Link links = 1;
}
message LocalizedMessage { string locale = 1; string message = 2; }
)";

}  // namespace

const ProtoSchema& grpc_services() {
  static const std::unique_ptr<const ProtoSchema> schema = [] {
    const std::map<std::string, std::string_view> texts = {
        {"health.proto", health}, {"reflection.proto", reflection}, {"status.proto", status}};
    const std::vector<std::string> names = {"health.proto", "reflection.proto", "status.proto"};
    return ProtoSchema::read(names,
                             [&](const std::string& name) -> Result<std::string> {
                               const auto found = texts.find(name);
                               if (found == texts.end()) return fail(ErrorCode::not_found, name);
                               return std::string(found->second);
                             })
        .value();
  }();
  return *schema;
}

}  // namespace brunt
