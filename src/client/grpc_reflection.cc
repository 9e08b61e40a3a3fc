#include "client/grpc_reflection.h"

#include <fmt/format.h>

#include <set>

#include "base/base64.h"
#include "base/json.h"
#include "proto/grpc_services.h"

namespace brunt {
namespace {

// One stream of questions and answers.
class Questions {
 public:
  Questions(Fiber& self, GrpcChannel& channel) : self_(self), stream_(channel) {}

  Result<> open(const GrpcCall& call) { return stream_.open(self_, call); }
  bool is_unimplemented() {
    return stream_.has_ended() && stream_.reply().status.code == GrpcCode::unimplemented;
  }

  // Errors: as reflect_grpc().
  Result<Json> ask(std::string_view member, std::string_view value) {
    Json question;
    question.set(member, Json(value));
    const ProtoSchema& schema = grpc_services();
    const std::string request = TRY(schema.encode(
        *schema.find_type("grpc.reflection.v1.ServerReflectionRequest"), question.dump()));
    (void)stream_.send(request);
    TRY(stream_.flush(self_));
    std::string answer, json;
    if (!TRY(stream_.receive(self_, answer))) {
      return fail(is_unimplemented() ? ErrorCode::unsupported : ErrorCode::io,
                  "reflection: " + stream_.reply().status.words());
    }
    TRY(schema.append_json(*schema.find_type("grpc.reflection.v1.ServerReflectionResponse"), answer,
                           json));
    Json read = TRY(Json::parse(json));
    if (const Json* failure = read.find("errorResponse"))
      return fail(ErrorCode::io, fmt::format("reflection of {}: {}", value,
                                             failure->find("errorMessage")->string()));
    return read;
  }

 private:
  Fiber& self_;
  GrpcStream stream_;
};

class Collector {
 public:
  explicit Collector(Questions& questions) : questions_(questions) {}

  Result<std::vector<std::string>> run() {
    const Json list = TRY(questions_.ask("listServices", "*"));
    const Json* services = list.find("listServicesResponse");
    if (services == nullptr) return wrong();
    for (const Json& service : services->find("service")->array())
      TRY(take("fileContainingSymbol", service.find("name")->string()));
    for (auto missing = TRY(ProtoSchema::missing_imports(files_)); !missing.empty();
         missing = TRY(ProtoSchema::missing_imports(files_)))
      for (const std::string& name : missing) TRY(take("fileByFilename", name));
    return std::move(files_);
  }

 private:
  static std::unexpected<Error> wrong() {
    return fail(ErrorCode::malformed, "reflection: the server answers something else");
  }

  Result<> take(std::string_view member, std::string_view value) {
    const Json answer = TRY(questions_.ask(member, value));
    const Json* response = answer.find("fileDescriptorResponse");
    if (response == nullptr) return wrong();
    const std::size_t before = files_.size();
    for (const Json& encoded : response->find("fileDescriptorProto")->array()) {
      std::string bytes = TRY(base64_decode(encoded.string()));
      if (!seen_.insert(bytes).second) continue;
      bytes_ += bytes.size();
      files_.push_back(std::move(bytes));
    }
    if (files_.size() > limits_.files_max || bytes_ > limits_.bytes_max)
      return fail(ErrorCode::too_large, "reflection: the server has too many descriptors");
    // One that is said to be there and does not come would be asked for again and again.
    if (member == "fileByFilename" && files_.size() == before) return wrong();
    return {};
  }

  Questions& questions_;
  GrpcReflectionLimits limits_;
  std::vector<std::string> files_;
  std::set<std::string> seen_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<std::string>> reflect_grpc(Fiber& self, GrpcChannel& channel,
                                              const GrpcMetadata& metadata, Instant deadline) {
  Result<std::vector<std::string>> files = fail(ErrorCode::unsupported, "");
  for (const char* version : {"v1", "v1alpha"}) {
    const std::string path =
        fmt::format("/grpc.reflection.{}.ServerReflection/ServerReflectionInfo", version);
    Questions questions(self, channel);
    TRY(questions.open({.path = path, .metadata = &metadata, .deadline = deadline}));
    files = Collector(questions).run();
    if (files || files.error().code != ErrorCode::unsupported) break;
  }
  return files;
}

}  // namespace brunt
