// What a gRPC client of a script holds, one call of it, and one stream: between the natives of
// library/grpc.js and client/grpc_client.h.
//
// For this layer only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/grpc_client.h"
#include "proto/proto_schema.h"
#include "script/engine.h"
#include "script/script_body.h"

namespace brunt {

struct GrpcMethodFound {
  const ProtoSchema* schema = nullptr;
  const ProtoMethod* method = nullptr;  // nullptr: nobody knows it.
};

// What clients of all users share that is known only once they connect.
struct GrpcShared {
  // Of a connection's `tls`. Errors: as TlsContext::client().
  Result<TlsContext*> tls(const TlsClientOptions& options);
  // Of what a server's reflection gave. Errors: as ProtoSchema::read_descriptors(); exhausted.
  Result<const ProtoSchema*> schema(const std::vector<std::string>& files);

  static constexpr std::size_t contexts_max = 1'000, schemas_max = 100;
  std::map<std::string, std::unique_ptr<TlsContext>> contexts;        // By the options' texts.
  std::map<std::string, std::unique_ptr<const ProtoSchema>> schemas;  // By their bytes.
};

struct ScriptGrpcClient {
  std::vector<const ProtoSchema*> schemas;  // The bundle's.
  const ProtoSchema* reflected = nullptr;   // GrpcShared's, where connect() asked the server.
  std::string address;                      // As the script gave it.
  // Shared with the calls under way. nullptr: not connected.
  std::shared_ptr<GrpcChannel> channel;

  GrpcMethodFound find(std::string_view path) const;
};

// What unary calls and streams have in common.
struct ScriptGrpcCall {
  // Shared: as the client's.
  std::shared_ptr<GrpcChannel> channel;
  GrpcMethodFound found;
  GrpcMetadata metadata;
  Duration timeout{};  // Zero: none.
  bool discards = false;
  std::string tags;  // tag_text.h
  std::uint32_t group = 0;

  GrpcCall call(Instant now) const;
};

// (path, parameters) of a call. False: an exception is pending.
bool is_grpc_ready(JSContext* context, const ScriptGrpcClient& client);
bool read_grpc_call(JSContext* context, const ScriptGrpcClient& client, JSValueConst path,
                    JSValueConst params, ScriptGrpcCall& call);
// Of parameters that have one; else it stays.
bool read_grpc_timeout(JSContext* context, JSValueConst params, Duration& timeout);
bool read_grpc_metadata_of(JSContext* context, JSValueConst object, GrpcMetadata& metadata);

// The samples of a call that has ended, and the bytes.
void record_grpc(Engine& engine, const ScriptGrpcCall& call, const GrpcReply& reply);
// One of the counters of streams.
void count_grpc(Engine& engine, const ScriptGrpcCall& call, MetricId metric);

// What a script sees of a status: null where it is OK. `more` may know types of its details.
JSValue grpc_error_object(JSContext* context, const GrpcStatus& status, const ProtoSchema& more);
// Of a unary call.
JSValue grpc_response_object(JSContext* context, const ScriptGrpcCall& call, GrpcReply reply);
JSValue grpc_metadata_object(JSContext* context, const GrpcMetadata& metadata);

// Of the stream's natives.
JSValue open_grpc_stream(JSContext* context, ScriptGrpcCall call, JSValueConst listener);
JSValue write_grpc_stream(JSContext* context, JSValueConst stream, JSValueConst json);
JSValue end_grpc_stream(JSContext* context, JSValueConst stream);

}  // namespace brunt
