#include "proto/proto_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "proto/libprotobuf.h"

namespace brunt {
namespace {

constexpr std::string_view url_prefix = "type.googleapis.com";

std::string position_of(int line, int column) {
  // They count from 0; -1: of the file as a whole.
  return line < 0 ? std::string() : fmt::format("{}:{}:", line + 1, column + 1);
}

// What is wrong with a schema, in lines of "file:line:column: text".
class ErrorList final : public pb::compiler::MultiFileErrorCollector,
                        public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column, const std::string& text) override {
    lines_.push_back(fmt::format("{}:{} {}", file, position_of(line, column), text));
  }
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                ErrorLocation, const std::string& text) override {
    lines_.push_back(fmt::format("{}: {}: {}", file, element, text));
  }
  std::unexpected<Error> failure(ErrorCode code, std::size_t told_max) const {
    std::string text;
    for (std::size_t i = 0; i < std::min(lines_.size(), told_max); ++i)
      text.append(i == 0 ? "" : "; ").append(lines_[i]);
    if (lines_.size() > told_max) text += fmt::format("; and {} more", lines_.size() - told_max);
    return fail(code, text.empty() ? "the schema cannot be read" : std::move(text));
  }

 private:
  std::vector<std::string> lines_;
};

// Files as OpenFile gives them; Google's own where it has none.
class Files final : public pb::compiler::SourceTree {
 public:
  explicit Files(const ProtoSchema::OpenFile& open) : open_(open) {}

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    auto text = open_(name);
    if (!text) {
      problem_ = text.error();
      std::string known = known_proto_file(name);
      if (known.empty()) return nullptr;
      text = std::move(known);
    }
    const std::string& kept = texts_.emplace_back(std::move(*text));
    // Taken over by the caller, as the interface has it.
    return new pb::io::ArrayInputStream(kept.data(), static_cast<int>(kept.size()));
  }
  std::string GetLastErrorMessage() override { return problem_.text; }
  ErrorCode code() const {
    return problem_.text.empty() ? ErrorCode::malformed : ErrorCode::not_found;
  }

 private:
  const ProtoSchema::OpenFile& open_;
  std::deque<std::string> texts_;
  Error problem_ = {ErrorCode::malformed, ""};
};

const ProtoType* add_type(ProtoSchema::State& state, const pb::Descriptor* descriptor) {
  ProtoType& type = state.types[std::string(descriptor->full_name())];
  if (type.descriptor == nullptr)
    type = {.descriptor = descriptor,
            .empty = state.factory->GetPrototype(descriptor),
            .url = fmt::format("{}/{}", url_prefix, descriptor->full_name())};
  return &type;
}

void add_nested(ProtoSchema::State& state, const pb::Descriptor* descriptor) {
  add_type(state, descriptor);
  for (int i = 0; i < descriptor->nested_type_count(); ++i)
    add_nested(state, descriptor->nested_type(i));
}

void add_file(ProtoSchema::State& state, const pb::FileDescriptor& file) {
  for (int i = 0; i < file.message_type_count(); ++i) add_nested(state, file.message_type(i));
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      const pb::MethodDescriptor& method = *service.method(j);
      state.methods.push_back({.path = fmt::format("/{}/{}", service.full_name(), method.name()),
                               .package = file.package(),
                               .service = service.name(),
                               .name = method.name(),
                               .client_streams = method.client_streaming(),
                               .server_streams = method.server_streaming(),
                               .request = add_type(state, method.input_type()),
                               .response = add_type(state, method.output_type())});
    }
  }
}

// Puts them into the pool, each after those that it imports.
class PoolBuilder {
 public:
  PoolBuilder(ProtoSchema::State& state, const pb::FileDescriptorSet& set) : state_(state) {
    for (const auto& file : set.file()) files_.emplace(file.name(), &file);
  }

  Result<> build() {
    for (const auto& [name, file] : files_) TRY(add(name, *file, 0));
    std::ranges::sort(state_.methods, {}, &ProtoMethod::path);
    return {};
  }

 private:
  Result<> add(const std::string& name, const pb::FileDescriptorProto& file, std::size_t depth) {
    if (!begun_.insert(name).second) return {};
    if (depth > state_.limits.import_depth_max)
      return fail(ErrorCode::too_large, name + ": its imports go too deep");
    for (const std::string& import : file.dependency()) {
      const auto found = files_.find(import);
      if (found != files_.end()) {
        TRY(add(import, *found->second, depth + 1));
      } else if (const auto* known = pb::DescriptorPool::generated_pool()->FindFileByName(import)) {
        pb::FileDescriptorProto copy;
        known->CopyTo(&copy);
        TRY(add(import, copy, depth + 1));
      }
    }
    const pb::FileDescriptor* built = state_.pool->BuildFileCollectingErrors(file, &errors_);
    if (built == nullptr)
      return errors_.failure(ErrorCode::malformed, state_.limits.errors_told_max);
    add_file(state_, *built);
    return {};
  }

  ProtoSchema::State& state_;
  std::map<std::string, const pb::FileDescriptorProto*> files_;
  std::set<std::string> begun_;
  ErrorList errors_;
};

Result<std::unique_ptr<ProtoSchema::State>> state_of(const pb::FileDescriptorSet& set) {
  auto state = std::make_unique<ProtoSchema::State>();
  TRY(PoolBuilder(*state, set).build());
  state->resolver.reset(
      pb::util::NewTypeResolverForDescriptorPool(std::string(url_prefix), state->pool.get()));
  return state;
}

// What goes wrong is told by our errors; the library would write to stderr beside.
void silence() {
  static const bool done = [] {
    pb::SetLogHandler(nullptr);
    return true;
  }();
  (void)done;
}

void collect(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& seen,
             pb::FileDescriptorSet& set) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) collect(*file.dependency(i), seen, set);
  pb::FileDescriptorProto& copy = *set.add_file();
  file.CopyTo(&copy);
  file.CopyJsonNameTo(&copy);
}

}  // namespace

ProtoSchema::ProtoSchema(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProtoSchema::~ProtoSchema() = default;

Result<std::unique_ptr<const ProtoSchema>> ProtoSchema::read(std::span<const std::string> names,
                                                             const OpenFile& open) {
  silence();
  Files files(open);
  ErrorList errors;
  pb::compiler::Importer importer(&files, &errors);
  pb::FileDescriptorSet set;
  std::set<const pb::FileDescriptor*> seen;
  for (const std::string& name : names) {
    const pb::FileDescriptor* file = importer.Import(name);
    if (file == nullptr) return errors.failure(files.code(), Limits{}.errors_told_max);
    collect(*file, seen, set);
  }
  // A pool of its own: the importer's would look for files whenever it does not know a name.
  auto state = TRY(state_of(set));
  // No make_unique: the constructor is private.
  return std::unique_ptr<const ProtoSchema>(new ProtoSchema(std::move(state)));
}

Result<std::unique_ptr<const ProtoSchema>> ProtoSchema::read_set(std::string_view bytes) {
  silence();
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || set.file_size() == 0)
    return fail(ErrorCode::malformed,
                "it is no set of descriptors, as protoc --include_imports --descriptor_set_out "
                "makes one");
  auto state = TRY(state_of(set));
  // No make_unique: the constructor is private.
  return std::unique_ptr<const ProtoSchema>(new ProtoSchema(std::move(state)));
}

Result<std::unique_ptr<const ProtoSchema>> ProtoSchema::read_descriptors(
    std::span<const std::string> files) {
  silence();
  pb::FileDescriptorSet set;
  for (const std::string& bytes : files)
    if (!set.add_file()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      return fail(ErrorCode::malformed, "a file descriptor cannot be read");
  auto state = TRY(state_of(set));
  // No make_unique: the constructor is private.
  return std::unique_ptr<const ProtoSchema>(new ProtoSchema(std::move(state)));
}

Result<std::vector<std::string>> ProtoSchema::missing_imports(std::span<const std::string> files) {
  std::set<std::string> there, wanted;
  for (const std::string& bytes : files) {
    pb::FileDescriptorProto file;
    if (!file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      return fail(ErrorCode::malformed, "a file descriptor cannot be read");
    there.insert(file.name());
    wanted.insert(file.dependency().begin(), file.dependency().end());
  }
  std::vector<std::string> missing;
  for (const std::string& name : wanted)
    if (!there.contains(name) && known_proto_file(name).empty()) missing.push_back(name);
  return missing;
}

const std::vector<ProtoMethod>& ProtoSchema::methods() const {
  return state_->methods;
}

const ProtoMethod* ProtoSchema::find_method(std::string_view path) const {
  const auto found = std::ranges::lower_bound(state_->methods, path, {}, &ProtoMethod::path);
  return found != state_->methods.end() && found->path == path ? &*found : nullptr;
}

const ProtoType* ProtoSchema::find_type(std::string_view full_name) const {
  const auto found = state_->types.find(full_name);
  return found != state_->types.end() ? &found->second : nullptr;
}

Result<std::string> ProtoSchema::encode(const ProtoType& type, std::string_view json) const {
  std::string bytes;
  const auto done = pb::util::JsonToBinaryString(state_->resolver.get(), type.url,
                                                 pb::StringPiece(json.data(), json.size()), &bytes);
  if (done.ok()) return bytes;
  return fail(ErrorCode::invalid,
              fmt::format("{}: {}", type.descriptor->full_name(), std::string(done.message())));
}

Result<> ProtoSchema::append_json(const ProtoType& type, std::string_view bytes, std::string& out,
                                  const ProtoSchema* more) const {
  const std::unique_ptr<pb::Message> message(type.empty->New());
  if (!message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(ErrorCode::malformed,
                fmt::format("{} bytes are no {}", bytes.size(), type.descriptor->full_name()));
  return print_proto_json(*message, *this, more, out);
}

}  // namespace brunt
