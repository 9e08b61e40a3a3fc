// Messages as JSON, with what is not there written out as Go's protojson does with EmitUnpopulated.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/json.h"
#include "proto/libprotobuf.h"

namespace brunt {
namespace {

using Field = pb::FieldDescriptor;

// Numbers that JSON has none for are texts.
template <typename Number>
void append_number(std::string& out, Number value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

bool is_wrapper(std::string_view name) {
  constexpr std::string_view ending = "Value";
  return name.starts_with("google.protobuf.") && name.ends_with(ending) &&
         name != "google.protobuf.Value" && name != "google.protobuf.ListValue";
}

// Those whose JSON the library writes, in which nothing can be unpopulated.
bool is_special(std::string_view name) {
  constexpr std::string_view special[] = {"google.protobuf.Timestamp", "google.protobuf.Duration",
                                          "google.protobuf.FieldMask", "google.protobuf.Struct",
                                          "google.protobuf.Value",     "google.protobuf.ListValue"};
  return std::ranges::find(special, name) != std::end(special);
}

class Printer {
 public:
  Printer(const ProtoSchema& schema, const ProtoSchema* more, std::string& out)
      : schema_(schema), more_(more), out_(out) {}

  Result<> message(const pb::Message& message) {
    const std::string& name = message.GetDescriptor()->full_name();
    if (is_special(name)) return special(message);
    if (is_wrapper(name)) return value(message, *message.GetDescriptor()->field(0), -1);
    if (name == "google.protobuf.Any") return any(message);
    out_ += '{';
    TRY(members(message));
    out_ += '}';
    return {};
  }

 private:
  Result<> members(const pb::Message& message) {
    const pb::Descriptor& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const Field& field = *descriptor.field(i);
      const bool is_there =
          field.is_repeated() || message.GetReflection()->HasField(message, &field);
      // Also a field that is `optional` is in a oneof, of its own.
      if (!is_there && field.containing_oneof() != nullptr) continue;
      begin_member(field.json_name());
      if (!is_there && field.has_presence())
        out_ += "null";
      else
        TRY(member(message, field));
    }
    return extensions(message);
  }

  void begin_member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }

  Result<> extensions(const pb::Message& message) {
    if (message.GetDescriptor()->extension_range_count() == 0) return {};
    std::vector<const Field*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const Field* field : fields) {
      if (!field->is_extension()) continue;
      begin_member(fmt::format("[{}]", field->full_name()));
      TRY(member(message, *field));
    }
    return {};
  }

  Result<> member(const pb::Message& message, const Field& field) {
    if (field.is_map()) return map(message, field);
    if (!field.is_repeated()) return value(message, field, -1);
    out_ += '[';
    const int count = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      TRY(value(message, field, i));
    }
    out_ += ']';
    return {};
  }

  Result<> map(const pb::Message& message, const Field& field) {
    out_ += '{';
    const int count = message.GetReflection()->FieldSize(message, &field);
    const Field& key = *field.message_type()->map_key();
    const Field& mapped = *field.message_type()->map_value();
    for (int i = 0; i < count; ++i) {
      const pb::Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
      if (i > 0) out_ += ',';
      const std::size_t at = out_.size();
      TRY(value(entry, key, -1));
      // A key is a text, whatever its type.
      if (out_[at] != '"') {
        out_.insert(at, 1, '"');
        out_ += '"';
      }
      out_ += ':';
      TRY(value(entry, mapped, -1));
    }
    out_ += '}';
    return {};
  }

  // `index`: of a repeated field; -1: it is none.
  Result<> value(const pb::Message& message, const Field& field, int index) {
    const pb::Reflection& fields = *message.GetReflection();
    const auto get = [&](auto single, auto repeated) {
      return index < 0 ? (fields.*single)(message, &field)
                       : (fields.*repeated)(message, &field, index);
    };
    using R = pb::Reflection;
    const auto number = [this](auto whole) {
      fmt::format_to(std::back_inserter(out_), "{}", whole);
    };
    const auto quoted = [this](auto whole) {
      fmt::format_to(std::back_inserter(out_), "\"{}\"", whole);
    };
    switch (field.cpp_type()) {
      case Field::CPPTYPE_INT32:
        number(get(&R::GetInt32, &R::GetRepeatedInt32));
        break;
      case Field::CPPTYPE_UINT32:
        number(get(&R::GetUInt32, &R::GetRepeatedUInt32));
        break;
      case Field::CPPTYPE_INT64:
        quoted(get(&R::GetInt64, &R::GetRepeatedInt64));
        break;
      case Field::CPPTYPE_UINT64:
        quoted(get(&R::GetUInt64, &R::GetRepeatedUInt64));
        break;
      case Field::CPPTYPE_DOUBLE:
        append_number(out_, get(&R::GetDouble, &R::GetRepeatedDouble));
        break;
      case Field::CPPTYPE_FLOAT:
        append_number(out_, get(&R::GetFloat, &R::GetRepeatedFloat));
        break;
      case Field::CPPTYPE_BOOL:
        out_ += get(&R::GetBool, &R::GetRepeatedBool) ? "true" : "false";
        break;
      case Field::CPPTYPE_ENUM:
        enumerator(field, get(&R::GetEnumValue, &R::GetRepeatedEnumValue));
        break;
      case Field::CPPTYPE_STRING:
        text(field, get(&R::GetString, &R::GetRepeatedString));
        break;
      case Field::CPPTYPE_MESSAGE:
        return this->message(index < 0 ? fields.GetMessage(message, &field)
                                       : fields.GetRepeatedMessage(message, &field, index));
    }
    return {};
  }

  void enumerator(const Field& field, int number) {
    const pb::EnumValueDescriptor* known = field.enum_type()->FindValueByNumber(number);
    if (field.enum_type()->full_name() == "google.protobuf.NullValue")
      out_ += "null";
    else if (known != nullptr)
      append_json_string(out_, known->name());
    else
      out_ += std::to_string(number);
  }

  void text(const Field& field, const std::string& bytes) {
    append_json_string(out_, field.type() == Field::TYPE_BYTES ? base64_encode(bytes) : bytes);
  }

  Result<> special(const pb::Message& message) {
    std::string json;
    const auto done = pb::util::MessageToJsonString(message, &json);
    if (!done.ok())
      return fail(ErrorCode::malformed, fmt::format("{}: {}", message.GetDescriptor()->full_name(),
                                                    std::string(done.message())));
    out_ += json;
    return {};
  }

  Result<> any(const pb::Message& message) {
    const pb::Descriptor& descriptor = *message.GetDescriptor();
    const pb::Reflection& fields = *message.GetReflection();
    const std::string url = fields.GetString(message, descriptor.FindFieldByNumber(1));
    const std::string bytes = fields.GetString(message, descriptor.FindFieldByNumber(2));
    if (url.empty()) {
      out_ += "{}";
      return {};
    }
    const std::string_view name = std::string_view(url).substr(url.rfind('/') + 1);
    const ProtoType* type = schema_.find_type(name);
    if (type == nullptr && more_ != nullptr) type = more_->find_type(name);
    if (type == nullptr)
      return fail(ErrorCode::malformed, fmt::format("the type {} of an Any is not known", name));
    const std::unique_ptr<pb::Message> held(type->empty->New());
    if (!held->ParsePartialFromString(bytes))
      return fail(ErrorCode::malformed, fmt::format("an Any holds no {}", name));
    out_ += "{\"@type\":";
    append_json_string(out_, url);
    if (is_special(name) || is_wrapper(name) || name == "google.protobuf.Any") {
      out_ += ",\"value\":";
      if (++any_depth_ > any_depth_max)
        return fail(ErrorCode::malformed, "too many Any within each other");
      TRY(this->message(*held));
      --any_depth_;
    } else {
      TRY(members(*held));
    }
    out_ += '}';
    return {};
  }

  static constexpr int any_depth_max = 20;
  const ProtoSchema& schema_;
  const ProtoSchema* more_;
  std::string& out_;
  int any_depth_ = 0;
};

}  // namespace

Result<> print_proto_json(const pb::Message& message, const ProtoSchema& schema,
                          const ProtoSchema* more, std::string& out) {
  return Printer(schema, more, out).message(message);
}

}  // namespace brunt
