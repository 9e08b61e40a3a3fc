#include "script/grpc_session.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "proto/grpc_services.h"
#include "script/lazy_object.h"
#include "script/script_bytes.h"
#include "script/tag_text.h"

namespace brunt {

Result<TlsContext*> GrpcShared::tls(const TlsClientOptions& options) {
  std::string key;
  for (const std::string* text :
       {&options.ca_file, &options.certificate, &options.key, &options.key_password})
    key.append(std::to_string(text->size())).append(" ").append(*text);
  if (const auto found = contexts.find(key); found != contexts.end()) return found->second.get();
  if (contexts.size() >= contexts_max)
    return fail(ErrorCode::exhausted, "too many different `tls` parameters of connections");
  auto made = TRY(TlsContext::client(options));
  return contexts.emplace(std::move(key), std::move(made)).first->second.get();
}

Result<const ProtoSchema*> GrpcShared::schema(const std::vector<std::string>& files) {
  std::string key;
  for (const std::string& bytes : files)
    key.append(std::to_string(bytes.size())).append(" ").append(bytes);
  if (const auto found = schemas.find(key); found != schemas.end()) return found->second.get();
  if (schemas.size() >= schemas_max)
    return fail(ErrorCode::exhausted, "reflection gave too many different schemas");
  auto made = TRY(ProtoSchema::read_descriptors(files));
  return schemas.emplace(std::move(key), std::move(made)).first->second.get();
}

GrpcMethodFound ScriptGrpcClient::find(std::string_view path) const {
  if (reflected != nullptr)
    if (const ProtoMethod* method = reflected->find_method(path)) return {reflected, method};
  // What was loaded last wins, as in k6.
  for (auto schema = schemas.rbegin(); schema != schemas.rend(); ++schema)
    if (const ProtoMethod* method = (*schema)->find_method(path)) return {*schema, method};
  return {};
}

GrpcCall ScriptGrpcCall::call(Instant now) const {
  return {.path = found.method->path,
          .metadata = &metadata,
          .deadline = timeout > Duration{} ? now + timeout : far_future};
}

bool read_grpc_metadata_of(JSContext* context, JSValueConst object, GrpcMetadata& metadata) {
  bool good = true;
  for_each_property(context, object, [&](const std::string& name, JSValueConst value) {
    std::string key = to_lower(name), text;
    if (key.ends_with("-bin")) {
      good = read_bytes(context, value, text);
    } else if (JS_IsString(value)) {
      text = text_of(context, value);
    } else {
      (void)throw_error(context, fmt::format("metadata: \"{}\" value must be a string", name));
      good = false;
    }
    if (!good) return false;
    if (auto checked = check_grpc_metadata(key, text); !checked) {
      (void)throw_error(context, checked.error().text);
      return good = false;
    }
    metadata.emplace_back(std::move(key), std::move(text));
    return true;
  });
  return good;
}

bool read_grpc_timeout(JSContext* context, JSValueConst params, Duration& timeout) {
  const JsValue value = property(context, params, "timeout");
  if (is_nothing(value.get())) return true;
  const auto duration = duration_of(context, value.get());
  if (duration) timeout = *duration;
  if (duration) return true;
  const bool is_text = JS_IsString(value.get()) != 0 || JS_IsNumber(value.get()) != 0;
  const std::string shown = text_of(context, value.get());
  (void)throw_error(context, "invalid timeout value: " +
                                 (is_text ? fmt::format("invalid duration \"{}\"", shown)
                                          : fmt::format("unable to use type {} as a duration value",
                                                        JS_IsBool(value.get()) ? "bool" : shown)));
  return false;
}

bool is_grpc_ready(JSContext* context, const ScriptGrpcClient& client) {
  const bool in_init = Engine::of(context).body == nullptr;
  if (in_init || client.channel == nullptr)
    (void)throw_error(context, in_init ? "invoking RPC methods in the init context is not supported"
                                       : "no gRPC connection, you must call connect first");
  return !in_init && client.channel != nullptr;
}

namespace {

// False: an exception is pending.
bool read_grpc_parameters(JSContext* context, JSValueConst params, ScriptGrpcCall& call,
                          std::string& own_name) {
  if (is_nothing(params)) return true;
  if (!append_tags(context, property(context, params, "tags").get(), call.tags, &own_name) ||
      !read_grpc_metadata_of(context, property(context, params, "metadata").get(), call.metadata) ||
      !read_grpc_timeout(context, params, call.timeout))
    return false;
  call.discards = JS_ToBool(context, property(context, params, "discardResponseMessage").get()) > 0;
  return true;
}

}  // namespace

bool read_grpc_call(JSContext* context, const ScriptGrpcClient& client, JSValueConst path,
                    JSValueConst params, ScriptGrpcCall& call) {
  const Engine& engine = Engine::of(context);
  if (!is_grpc_ready(context, client)) return false;
  const JsText name(context, path);
  if (!name.ok()) return false;
  call.channel = client.channel;
  call.found = client.find(name.view());
  if (call.found.method == nullptr) {
    (void)throw_error(context,
                      fmt::format("method \"{}\" not found in file descriptors: load() its "
                                  ".proto file, or connect() with reflect: true",
                                  name.view()));
    return false;
  }
  call.group = engine.group;
  call.tags = engine.tag_text();
  std::string own_name;
  if (!read_grpc_parameters(context, params, call, own_name)) return false;
  const std::string_view whole = name.view();
  const std::size_t slash = whole.rfind('/');
  append_tag(call.tags, "url", client.address + std::string(whole));
  append_tag(call.tags, "service", whole.substr(1, slash - 1));
  append_tag(call.tags, "method", whole.substr(slash + 1));
  append_tag(call.tags, "name", own_name.empty() ? whole : std::string_view(own_name));
  return true;
}

void record_grpc(Engine& engine, const ScriptGrpcCall& call, const GrpcReply& reply) {
  ScenarioContext& scenario = engine.body->scenario();
  const GrpcChannel::Bytes bytes = call.channel->take_bytes();
  engine.vu->bytes_sent += bytes.sent;
  engine.vu->bytes_received += bytes.received;
  begin_samples(scenario, *engine.vu);
  std::string tags = call.tags;
  append_tag(tags, "status", std::to_string(static_cast<int>(reply.status.code)));
  engine.body->metric_series(MetricId::grpc_req_duration, call.group, tags).add(reply.duration);
  if (scenario.model == LoadModel::open)
    engine.body->metric_series(MetricId::response_time, call.group, tags)
        .add(engine.vu->lateness + reply.duration);
}

void count_grpc(Engine& engine, const ScriptGrpcCall& call, MetricId metric) {
  begin_samples(engine.body->scenario(), *engine.vu);
  engine.body->metric_series(metric, call.group, call.tags).add(1.0);
}

JSValue grpc_error_object(JSContext* context, const GrpcStatus& status, const ProtoSchema& more) {
  if (status.ok()) return js_null;
  if (!status.details.empty()) {
    const ProtoSchema& schema = grpc_services();
    std::string json;
    // Where a type is not known the rest is shown without details.
    if (schema.append_json(*schema.find_type("google.rpc.Status"), status.details, json, &more))
      return JS_ParseJSON(context, json.c_str(), json.size(), "<status>");
  }
  const JSValue error = JS_NewObject(context);
  set_property(context, error, "code", JS_NewInt32(context, static_cast<int>(status.code)));
  set_property(context, error, "message", js_string(context, status.message));
  set_property(context, error, "details", JS_NewArray(context));
  return error;
}

JSValue grpc_metadata_object(JSContext* context, const GrpcMetadata& metadata) {
  std::map<std::string_view, std::vector<std::string_view>> values;
  for (const auto& [name, value] : metadata) values[name].push_back(value);
  const JSValue object = JS_NewObject(context);
  for (const auto& [name, list] : values) {
    const JSValue array = JS_NewArray(context);
    for (std::uint32_t i = 0; i < list.size(); ++i)
      JS_SetPropertyUint32(context, array, i, js_string(context, list[i]));
    set_property(context, object, std::string(name).c_str(), array);
  }
  return object;
}

namespace {

struct ScriptGrpcReply : LazyObject {
  GrpcReply reply;
  std::string json;  // Of the message; "": it is not shown.
  const ProtoSchema* schema = nullptr;
};

struct Member {
  enum : std::size_t { status, message, headers, trailers, error };
};
constexpr std::array<const char*, 5> member_names = {"status", "message", "headers", "trailers",
                                                     "error"};

JSValue make_member(JSContext* context, LazyObject& held, std::size_t member) {
  const auto& answer = static_cast<const ScriptGrpcReply&>(held);
  switch (member) {
    case Member::status:
      return JS_NewInt32(context, static_cast<int>(answer.reply.status.code));
    case Member::message:
      return answer.json.empty()
                 ? js_null
                 : JS_ParseJSON(context, answer.json.c_str(), answer.json.size(), "<message>");
    case Member::headers:
      return grpc_metadata_object(context, answer.reply.headers);
    case Member::trailers:
      return grpc_metadata_object(context, answer.reply.trailers);
    default:
      return grpc_error_object(context, answer.reply.status, *answer.schema);
  }
}

void free_reply(JSRuntime*, LazyObject* held) {
  const std::unique_ptr<ScriptGrpcReply> reply(static_cast<ScriptGrpcReply*>(held));
}

constexpr LazyKind reply_kind = {.name = "GrpcResponse",
                                 .class_id = &ClassIds::grpc_response,
                                 .members = member_names,
                                 .kept_from = Member::message,
                                 .make = make_member,
                                 .let_go = free_reply};

}  // namespace

JSValue grpc_response_object(JSContext* context, const ScriptGrpcCall& call, GrpcReply reply) {
  auto held = std::make_unique<ScriptGrpcReply>();
  held->schema = call.found.schema;
  held->reply = std::move(reply);
  if (!call.discards) {
    const auto printed =
        held->schema->append_json(*call.found.method->response, held->reply.message, held->json);
    if (!printed)
      return throw_error(context,
                         "unable to convert response object to JSON: " + printed.error().text);
  }
  return lazy_object<reply_kind>(context, held.release());
}

}  // namespace brunt
