// What is native in library/grpc.js.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "client/grpc_reflection.h"
#include "proto/grpc_services.h"
#include "script/classes.h"
#include "script/grpc_session.h"
#include "script/library.h"
#include "script/source_files.h"
#include "script/tag_text.h"

namespace brunt {
namespace {

ScriptGrpcClient& client_of(JSValueConst object) {
  return *static_cast<ScriptGrpcClient*>(JS_GetOpaque(object, class_ids().grpc_client));
}

JSValue js_make(JSContext* context, JSValueConst, int, JSValueConst*) {
  return native_object<&ClassIds::grpc_client>(context, "GrpcClient",
                                               std::make_unique<ScriptGrpcClient>());
}

std::vector<std::string> texts_of(JSContext* context, JSValueConst list) {
  std::vector<std::string> texts;
  for_each_property(context, list, [&](const std::string&, JSValueConst value) {
    texts.push_back(text_of(context, value));
    return true;
  });
  return texts;
}

// As k6: relative to the script that is run.
std::filesystem::path path_from_script(const Engine& engine, std::string_view name) {
  if (name.starts_with("file://")) name.remove_prefix(7);
  const std::filesystem::path path(name);
  if (path.is_absolute()) return path;
  return (std::filesystem::path(engine.bundle->entry).parent_path() / path).lexically_normal();
}

// As k6 returns them from load().
JSValue methods_object(JSContext* context, const ProtoSchema& schema) {
  const JSValue list = JS_NewArray(context);
  std::uint32_t index = 0;
  for (const ProtoMethod& method : schema.methods()) {
    const JSValue object = JS_NewObject(context);
    set_property(context, object, "package", js_string(context, method.package));
    set_property(context, object, "service", js_string(context, method.service));
    set_property(context, object, "full_method", js_string(context, method.path));
    set_property(context, object, "name", js_string(context, method.name));
    set_property(context, object, "is_client_stream", js_bool(method.client_streams));
    set_property(context, object, "is_server_stream", js_bool(method.server_streams));
    JS_SetPropertyUint32(context, list, index++, object);
  }
  return list;
}

using SchemaRead = Result<std::unique_ptr<const ProtoSchema>>;

// Read once, while the script is; every virtual user's client shares it.
template <typename Read>
JSValue take_schema(JSContext* context, JSValueConst object, const std::string& key, Read read) {
  Engine& engine = Engine::of(context);
  if (!engine.in_init) return throw_error(context, "load must be called in the init context");
  const auto& known = engine.bundle->schemas;
  auto found = known.find(key);
  if (found == known.end() && engine.reading == nullptr)
    return throw_error(context,
                       "grpc: what is loaded here was not loaded when the script was "
                       "read: init code must load the same each time");
  if (found == known.end()) {
    SchemaRead schema = read();
    if (!schema) return throw_error(context, schema.error().text);
    found = engine.reading->schemas.emplace(key, std::move(*schema)).first;
  }
  client_of(object).schemas.push_back(found->second.get());
  return methods_object(context, *found->second);
}

// (client, import paths, files)
JSValue js_load(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const Engine& engine = Engine::of(context);
  std::vector<std::string> folders = texts_of(context, arguments[1]);
  const std::vector<std::string> files = texts_of(context, arguments[2]);
  if (folders.empty()) folders.emplace_back(".");
  std::string key = "proto";
  for (const std::string& folder : folders) key.append("\n").append(folder);
  key += '\n';
  for (const std::string& file : files) key.append("\n").append(file);
  return take_schema(context, arguments[0], key, [&] {
    return ProtoSchema::read(files, [&](const std::string& name) -> Result<std::string> {
      for (const std::string& folder : folders) {
        const auto path = (path_from_script(engine, folder) / name).lexically_normal();
        auto text = engine.sources->open(path);
        if (text) return std::string(*text);
        if (text.error().code != ErrorCode::not_found) return std::unexpected(text.error());
      }
      return fail(ErrorCode::not_found, fmt::format("no such file or directory in {}",
                                                    path_from_script(engine, folders[0]).string()));
    });
  });
}

// (client, file)
JSValue js_load_protoset(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const Engine& engine = Engine::of(context);
  const std::string file = text_of(context, arguments[1]);
  return take_schema(context, arguments[0], "set\n" + file, [&]() -> SchemaRead {
    const auto bytes = engine.sources->open(path_from_script(engine, file));
    if (!bytes) return fail_in("couldn't open protoset", bytes.error());
    auto schema = ProtoSchema::read_set(*bytes);
    if (!schema) return fail_in("couldn't unmarshal protoset file " + file, schema.error());
    return schema;
  });
}

// 0 where it is not given.
std::size_t size_of(JSContext* context, JSValueConst params, const char* name) {
  double size = 0;
  const JsValue value = property(context, params, name);
  if (JS_IsNumber(value.get()) == 0) return 0;
  JS_ToFloat64(context, &size, value.get());
  return static_cast<std::size_t>(std::clamp(size, 0.0, 4e9));
}

// Of `tls: { cert, key, password, cacerts }`; the rest is that of the script's options.
TlsClientOptions own_tls_options(JSContext* context, JSValueConst params) {
  const Engine& engine = Engine::of(context);
  const TlsOptions& plan = engine.body->scenario().shared.plan.tls;
  const ScriptNetworkOptions& script = engine.bundle->network;
  const JsValue tls = property(context, params, "tls");
  TlsClientOptions options{.ca_file = text_property(context, params, "cacerts"),
                           .system_roots_too = true,
                           .insecure = plan.insecure,
                           .certificate = text_property(context, tls.get(), "cert"),
                           .key = text_property(context, tls.get(), "key"),
                           .key_password = text_property(context, tls.get(), "password")};
  if (options.ca_file.empty()) options.ca_file = plan.ca.string();
  options.version_min = parse_tls_version(script.tls_version_min).value_or(options.version_min);
  options.version_max = parse_tls_version(script.tls_version_max).value_or(options.version_max);
  options.ciphers = script.tls_ciphers;
  return options;
}

struct ConnectSettings {
  GrpcTarget target;
  GrpcLimits limits;
  Duration timeout = std::chrono::minutes(1);
};

// False: an exception is pending.
bool read_settings(JSContext* context, JSValueConst address, JSValueConst params,
                   ConnectSettings& settings) {
  const Engine& engine = Engine::of(context);
  const auto refuse = [context](std::string_view text) {
    (void)throw_error(context, text);
    return false;
  };
  auto peer = parse_peer_address(text_of(context, address));
  if (!peer) return refuse(peer.error().text);
  settings.target.peer = std::move(*peer);
  settings.target.authority = text_property(context, params, "authority");
  settings.target.user_agent = engine.bundle->http.user_agent;
  if (!read_grpc_timeout(context, params, settings.timeout)) return false;
  if (const std::size_t size = size_of(context, params, "maxReceiveSize"); size > 0)
    settings.limits.received_bytes_max = size;
  if (const std::size_t size = size_of(context, params, "maxSendSize"); size > 0)
    settings.limits.sent_bytes_max = size;
  if (JS_ToBool(context, property(context, params, "plaintext").get()) > 0) return true;
  settings.target.tls = engine.body->scenario().shared.http.tls;
  if (JS_IsObject(property(context, params, "tls").get())) {
    const auto own = engine.body->grpc().tls(own_tls_options(context, params));
    if (!own) return refuse("tls: " + own.error().text);
    settings.target.tls = *own;
  }
  return settings.target.tls != nullptr || refuse("TLS is not to be had here");
}

// Asks the server for its schema. False: an exception is pending.
bool reflect(JSContext* context, ScriptGrpcClient& client, JSValueConst params, Instant deadline) {
  Engine& engine = Engine::of(context);
  GrpcMetadata metadata;
  if (!read_grpc_metadata_of(context, property(context, params, "reflectMetadata").get(), metadata))
    return false;
  Result<const ProtoSchema*> schema = nullptr;
  if (const auto files = reflect_grpc(*engine.fiber, *client.channel, metadata, deadline))
    schema = engine.body->grpc().schema(*files);
  else
    schema = std::unexpected(files.error());
  if (schema) {
    client.reflected = *schema;
    return true;
  }
  (void)throw_error(context,
                    fmt::format("grpc connect to {}: {}", client.address, schema.error().text));
  return false;
}

// (client, address, parameters)
JSValue js_connect(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  if (engine.body == nullptr)
    return throw_error(context, "connecting to a gRPC server in the init context is not supported");
  ScriptGrpcClient& client = client_of(arguments[0]);
  ConnectSettings settings;
  if (!read_settings(context, arguments[1], arguments[2], settings)) return js_exception;
  client.address = text_of(context, arguments[1]);
  if (client.channel != nullptr) client.channel->close();
  // Shared: see ScriptGrpcClient.
  client.channel = std::make_shared<GrpcChannel>(engine.body->scenario().shared.http,
                                                 settings.target, settings.limits);
  Fiber& self = *engine.fiber;
  const Instant deadline = self.now() + settings.timeout;
  if (auto connected = client.channel->connect(self, deadline); !connected) {
    client.channel = nullptr;
    const std::string& why = connected.error().text;
    return throw_error(
        context,
        fmt::format("grpc connect to {}: {}{}", client.address,
                    why.starts_with("unknown authority") ? "certificate signed by " : "", why));
  }
  std::string tags = engine.tag_text();
  append_tag(tags, "url", client.address);
  begin_samples(engine.body->scenario(), *engine.vu);
  engine.body->metric_series(MetricId::setup_time, engine.group, tags)
      .add(client.channel->setup_time());
  if (JS_ToBool(context, property(context, arguments[2], "reflect").get()) > 0 &&
      !reflect(context, client, arguments[2], deadline))
    return js_exception;
  return js_bool(true);
}

JSValue js_close(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptGrpcClient& client = client_of(arguments[0]);
  if (client.channel == nullptr) return js_undefined;
  client.channel->close();
  const GrpcChannel::Bytes bytes = client.channel->take_bytes();
  if (PlanVu* vu = Engine::of(context).vu) {
    vu->bytes_sent += bytes.sent;
    vu->bytes_received += bytes.received;
  }
  client.channel = nullptr;
  return js_undefined;
}

constexpr Duration unary_timeout = std::chrono::minutes(2);  // Where none is given, as in k6.

struct Unary {
  ScriptGrpcCall call;
  std::string request;
  GrpcReply reply;

  // Errors: cancelled.
  Result<> run(Fiber& self, Engine& engine) {
    TRY(call.channel->invoke(self, call.call(self.now()), request, reply));
    record_grpc(engine, call, reply);
    return {};
  }
};

// (client, path, JSON, parameters). False: an exception is pending.
bool read_unary(JSContext* context, JSValueConst* arguments, Unary& unary) {
  ScriptGrpcCall& call = unary.call;
  if (!read_grpc_call(context, client_of(arguments[0]), arguments[1], arguments[3], call))
    return false;
  if (call.timeout == Duration{}) call.timeout = unary_timeout;
  const JsText json(context, arguments[2]);
  if (!json.ok()) return false;
  auto request = call.found.schema->encode(*call.found.method->request, json.view());
  if (!request) {
    (void)throw_error(
        context, "unable to serialise request object to protocol buffer: " + request.error().text);
    return false;
  }
  unary.request = std::move(*request);
  return true;
}

JSValue js_invoke(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  Unary unary;
  if (!read_unary(context, arguments, unary)) return js_exception;
  if (!unary.run(*engine.fiber, engine)) return throw_error(context, "the run ends");
  return grpc_response_object(context, unary.call, std::move(unary.reply));
}

JSValue js_async_invoke(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  auto unary = std::make_unique<Unary>();
  if (!read_unary(context, arguments, *unary)) return js_exception;
  JsPromise promise(context);
  JsValue shown(context, promise.value());
  const auto started = engine.events.start(
      "grpc.asyncInvoke",
      [&engine, promise = std::move(promise),
       unary = std::move(unary)](Fiber& fiber) mutable -> EventLoop::Callback {
        (void)unary->run(fiber, engine);
        return
            [promise = std::move(promise), unary = std::move(unary)](JSContext* running) mutable {
              return promise.resolve(
                  grpc_response_object(running, unary->call, std::move(unary->reply)));
            };
      });
  return started ? shown.release() : throw_error(context, started.error().text);
}

// (client): throws where it has no connection.
JSValue js_ready(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return is_grpc_ready(context, client_of(arguments[0])) ? js_undefined : js_exception;
}

// (client, service): { status }.
JSValue js_health_check(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  const ScriptGrpcClient& client = client_of(arguments[0]);
  if (!is_grpc_ready(context, client)) return js_exception;
  const ProtoSchema& schema = grpc_services();
  Json question;
  question.set("service", Json(text_of(context, arguments[1])));
  // Nothing in it could be refused.
  const std::string request =
      schema.encode(*schema.find_type("grpc.health.v1.HealthCheckRequest"), question.dump())
          .value();
  Unary unary;
  unary.call.channel = client.channel;
  unary.call.group = engine.group;
  unary.call.tags = engine.tag_text();
  Fiber& self = *engine.fiber;
  const GrpcCall call{.path = "/grpc.health.v1.Health/Check",
                      .deadline = self.now() + unary_timeout};
  if (!client.channel->invoke(self, call, request, unary.reply))
    return throw_error(context, "the run ends");
  record_grpc(engine, unary.call, unary.reply);
  const GrpcStatus& status = unary.reply.status;
  if (!status.ok()) return throw_error(context, status.words());
  std::string json;
  if (auto read = schema.append_json(*schema.find_type("grpc.health.v1.HealthCheckResponse"),
                                     unary.reply.message, json);
      !read)
    return throw_error(context, read.error().text);
  return JS_ParseJSON(context, json.c_str(), json.size(), "<health>");
}

// (client, path, parameters, listener)
JSValue js_open_stream(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptGrpcCall call;
  if (!read_grpc_call(context, client_of(arguments[0]), arguments[1], arguments[2], call))
    return js_exception;
  return open_grpc_stream(context, std::move(call), arguments[3]);
}

JSValue js_write(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return write_grpc_stream(context, arguments[0], arguments[1]);
}

JSValue js_end(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  return end_grpc_stream(context, arguments[0]);
}

constexpr std::array<JsFunction, 12> natives = {{{"make", js_make, 0},
                                                 {"load", js_load, 3},
                                                 {"loadProtoset", js_load_protoset, 2},
                                                 {"connect", js_connect, 3},
                                                 {"close", js_close, 1},
                                                 {"invoke", js_invoke, 4},
                                                 {"asyncInvoke", js_async_invoke, 4},
                                                 {"ready", js_ready, 1},
                                                 {"healthCheck", js_health_check, 2},
                                                 {"openStream", js_open_stream, 4},
                                                 {"write", js_write, 2},
                                                 {"end", js_end, 1}}};

}  // namespace

std::span<const JsFunction> grpc_natives() {
  return natives;
}

}  // namespace brunt
