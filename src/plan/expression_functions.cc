#include "plan/expression_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "base/base64.h"
#include "base/text.h"
#include "base/units.h"
#include "base/url.h"
#include "plan/expression_time.h"

namespace brunt {
namespace {

using Arguments = std::span<const Json>;

// A text that an expression makes is bounded: a slip of a zero must not take the machine's memory.
constexpr std::int64_t text_bytes_max = 1 << 20;
constexpr std::size_t growing_bytes_max = 16u << 20u;
constexpr std::int64_t elements_max = 100'000;
// Beyond this a double no longer tells whole numbers apart.
constexpr double whole_max = 9.0e15;

Result<double> number_of(const Json& value, std::string_view function) {
  if (value.is_number()) return value.number();
  return fail(ErrorCode::invalid, fmt::format("{}() needs a number, not a {} ({})", function,
                                              value.kind(), value.text().substr(0, 40)));
}

Result<std::int64_t> whole_of(const Json& value, std::string_view function) {
  if (value.is_integer()) return value.integer();
  const double number = TRY(number_of(value, function));
  if (!(std::abs(number) < whole_max) || number != std::floor(number))
    return fail(ErrorCode::invalid,
                fmt::format("{}() needs a whole number, not {}", function, number));
  return static_cast<std::int64_t>(number);
}

Result<std::int64_t> size_of(const Json& value, std::string_view function, std::int64_t limit) {
  const std::int64_t size = TRY(whole_of(value, function));
  if (size < 0 || size > limit)
    return fail(ErrorCode::invalid,
                fmt::format("{}() takes a length from 0 to {}, not {}", function, limit, size));
  return size;
}

Json number_json(double value) {
  if (std::abs(value) < whole_max && value == std::floor(value))
    return Json(static_cast<std::int64_t>(value));
  return Json(value);
}

// The text of an argument, without copying a string.
std::string text_of(const Json& value) {
  return value.text();
}

// Chance.

Result<> append_uuid(Arguments, const Scope& scope, std::string& out) {
  constexpr std::string_view digit = "0123456789abcdef";
  // Source: RFC 9562, section 5.4: version 4, variant 10.
  const std::uint64_t high = (scope.prng->next() & ~0xF000ULL) | 0x4000ULL;
  const std::uint64_t low = (scope.prng->next() & ~(0xC0ULL << 56U)) | (0x80ULL << 56U);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) out.push_back('-');
    const std::uint64_t half = nibble < 16 ? high : low;
    out.push_back(digit[(half >> (60U - 4U * (static_cast<unsigned>(nibble) % 16U))) & 0xFU]);
  }
  return {};
}

Result<Json> random_int(Arguments arguments, const Scope& scope) {
  const std::int64_t low = TRY(whole_of(arguments[0], "int"));
  const std::int64_t high = TRY(whole_of(arguments[1], "int"));
  if (low > high)
    return fail(ErrorCode::invalid, fmt::format("int({}, {}): the first is the larger", low, high));
  return Json(scope.prng->between(low, high));
}

Result<Json> random_float(Arguments arguments, const Scope& scope) {
  const double low = TRY(number_of(arguments[0], "float"));
  const double high = TRY(number_of(arguments[1], "float"));
  if (!(low <= high))
    return fail(ErrorCode::invalid,
                fmt::format("float({}, {}): the first is the larger", low, high));
  return Json(low + (high - low) * scope.prng->uniform());
}

Result<Json> pick(Arguments arguments, const Scope& scope) {
  const bool list = arguments.size() == 1 && arguments[0].is_array();
  const Arguments from = list ? Arguments(arguments[0].array()) : arguments;
  if (from.empty()) return fail(ErrorCode::invalid, "pick() of an empty list");
  return from[static_cast<std::size_t>(
      scope.prng->between(std::int64_t{0}, static_cast<std::int64_t>(from.size()) - 1))];
}

Result<Json> weighted(Arguments arguments, const Scope& scope) {
  if (arguments.size() % 2 != 0)
    return fail(ErrorCode::invalid,
                "weighted() takes values and weights in turn: weighted(\"a\", 3, \"b\", 1)");
  double total = 0;
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const double weight = TRY(number_of(arguments[i], "weighted"));
    if (!(weight >= 0)) return fail(ErrorCode::invalid, "weighted(): a weight is below 0");
    total += weight;
  }
  if (!(total > 0)) return fail(ErrorCode::invalid, "weighted(): all weights are 0");
  double left = scope.prng->uniform() * total;
  for (std::size_t i = 0; i + 2 < arguments.size(); i += 2) {
    left -= arguments[i + 1].number();
    if (left < 0) return arguments[i];
  }
  return arguments[arguments.size() - 2];
}

Result<Json> chance(Arguments arguments, const Scope& scope) {
  const double share = TRY(number_of(arguments[0], "chance"));
  return Json(scope.prng->uniform() < share);
}

Result<> append_random(Arguments arguments, const Scope& scope, std::string_view function,
                       std::string_view alphabet, std::string& out) {
  const std::int64_t size = TRY(size_of(arguments[0], function, text_bytes_max));
  const auto last = static_cast<std::int64_t>(alphabet.size()) - 1;
  for (std::int64_t i = 0; i < size; ++i)
    out.push_back(alphabet[static_cast<std::size_t>(scope.prng->between(std::int64_t{0}, last))]);
  return {};
}
Result<> append_string(Arguments arguments, const Scope& scope, std::string& out) {
  return append_random(arguments, scope, "string",
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", out);
}
Result<> append_hex(Arguments arguments, const Scope& scope, std::string& out) {
  return append_random(arguments, scope, "hex", "0123456789abcdef", out);
}
Result<> append_digits(Arguments arguments, const Scope& scope, std::string& out) {
  return append_random(arguments, scope, "digits", "0123456789", out);
}

// Time.

Result<WallTime> shifted(Arguments arguments, std::size_t at, const Scope& scope) {
  if (at >= arguments.size()) return scope.now;
  if (!arguments[at].is_string())
    return fail(ErrorCode::invalid, "an offset is a text with a unit: \"1h\", \"-90s\"");
  return shift_time(scope.now, arguments[at].string());
}
Result<> append_now(Arguments arguments, const Scope& scope, std::string& out) {
  append_rfc3339(TRY(shifted(arguments, 0, scope)), out);
  return {};
}
Result<Json> now_ms(Arguments arguments, const Scope& scope) {
  return Json(TRY(shifted(arguments, 0, scope)).unix_ns / 1'000'000);
}
Result<Json> unix_seconds(Arguments arguments, const Scope& scope) {
  return Json(TRY(shifted(arguments, 0, scope)).unix_ns / 1'000'000'000);
}
Result<Json> date(Arguments arguments, const Scope& scope) {
  if (!arguments[0].is_string())
    return fail(ErrorCode::invalid, "date() needs a format: \"%Y-%m-%d\"");
  const WallTime when = TRY(shifted(arguments, 1, scope));
  return Json(format_time(when, arguments[0].string()));
}

// Text.

Result<Json> base64(Arguments arguments, const Scope&) {
  return Json(base64_encode(text_of(arguments[0])));
}
Result<Json> unbase64(Arguments arguments, const Scope&) {
  return Json(TRY(base64_decode(text_of(arguments[0]))));
}
Result<Json> url(Arguments arguments, const Scope&) {
  return Json(percent_encode(text_of(arguments[0])));
}
Result<Json> json(Arguments arguments, const Scope&) {
  return Json(arguments[0].dump());
}
Result<Json> parse_json(Arguments arguments, const Scope&) {
  return TRY(Json::parse(text_of(arguments[0])));
}
Result<Json> text(Arguments arguments, const Scope&) {
  return Json(text_of(arguments[0]));
}
Result<Json> number(Arguments arguments, const Scope&) {
  if (arguments[0].is_number()) return arguments[0];
  const std::string written = text_of(arguments[0]);
  if (const auto whole = parse_integer(trim(written))) return Json(*whole);
  return Json(TRY(parse_number(trim(written))));
}
Result<Json> lower(Arguments arguments, const Scope&) {
  return Json(to_lower(text_of(arguments[0])));
}
Result<Json> upper(Arguments arguments, const Scope&) {
  std::string result = text_of(arguments[0]);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return Json(std::move(result));
}
Result<Json> trimmed(Arguments arguments, const Scope&) {
  const std::string whole = text_of(arguments[0]);
  return Json(std::string(trim(whole)));
}
Result<Json> pad(Arguments arguments, const Scope&) {
  const std::int64_t size = TRY(size_of(arguments[1], "pad", text_bytes_max));
  const std::string fill = arguments.size() > 2 ? text_of(arguments[2]) : "0";
  if (fill.size() != 1) return fail(ErrorCode::invalid, "pad() fills with one character");
  std::string result = text_of(arguments[0]);
  if (result.size() < static_cast<std::size_t>(size))
    result.insert(0, static_cast<std::size_t>(size) - result.size(), fill[0]);
  return Json(std::move(result));
}
Result<Json> fixed(Arguments arguments, const Scope&) {
  const double value = TRY(number_of(arguments[0], "fixed"));
  const std::int64_t digits = TRY(size_of(arguments[1], "fixed", 20));
  return Json(fmt::format("{:.{}f}", value, digits));
}
Result<Json> replace(Arguments arguments, const Scope&) {
  const std::string from = text_of(arguments[1]), to = text_of(arguments[2]);
  if (from.empty()) return fail(ErrorCode::invalid, "replace() of an empty text");
  const std::string whole = text_of(arguments[0]);
  std::string result;
  for (std::size_t at = 0;;) {
    const std::size_t next = whole.find(from, at);
    result.append(whole, at, next == std::string::npos ? next : next - at);
    if (next == std::string::npos) return Json(std::move(result));
    result += to;
    if (result.size() > growing_bytes_max)
      return fail(ErrorCode::too_large, "replace() makes a text beyond 16 MiB");
    at = next + from.size();
  }
}
Result<Json> starts_with(Arguments arguments, const Scope&) {
  return Json(text_of(arguments[0]).starts_with(text_of(arguments[1])));
}
Result<Json> ends_with(Arguments arguments, const Scope&) {
  return Json(text_of(arguments[0]).ends_with(text_of(arguments[1])));
}

// Lists.

std::int64_t characters(std::string_view utf8) {
  return std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}
Result<Json> len(Arguments arguments, const Scope&) {
  const Json& value = arguments[0];
  if (value.is_array()) return Json(static_cast<std::int64_t>(value.array().size()));
  if (value.is_object()) return Json(static_cast<std::int64_t>(value.object().size()));
  if (value.is_string()) return Json(characters(value.string()));
  return fail(ErrorCode::invalid,
              fmt::format("len() needs a list, an object or a text, not a {}", value.kind()));
}
Result<Json> contains(Arguments arguments, const Scope&) {
  if (arguments[0].is_array())
    return Json(std::ranges::find(arguments[0].array(), arguments[1]) !=
                arguments[0].array().end());
  if (arguments[0].is_object()) return Json(arguments[0].find(text_of(arguments[1])) != nullptr);
  return Json(text_of(arguments[0]).find(text_of(arguments[1])) != std::string::npos);
}
Result<Json> join(Arguments arguments, const Scope&) {
  if (!arguments[0].is_array()) return fail(ErrorCode::invalid, "join() needs a list");
  const std::string separator = arguments.size() > 1 ? text_of(arguments[1]) : ",";
  std::string result;
  for (const Json& element : arguments[0].array()) {
    if (&element != &arguments[0].array().front()) result += separator;
    result += element.text();
    if (result.size() > growing_bytes_max)
      return fail(ErrorCode::too_large, "join() makes a text beyond 16 MiB");
  }
  return Json(std::move(result));
}
Result<Json> split_text(Arguments arguments, const Scope&) {
  const std::string whole = text_of(arguments[0]), separator = text_of(arguments[1]);
  if (separator.size() != 1) return fail(ErrorCode::invalid, "split() needs one character");
  Json::Array parts;
  for (const auto part : split(whole, separator[0])) parts.emplace_back(part);
  return Json(std::move(parts));
}
Result<Json> range(Arguments arguments, const Scope&) {
  const std::int64_t size = TRY(size_of(arguments[0], "range", elements_max));
  Json::Array numbers;
  for (std::int64_t i = 0; i < size; ++i) numbers.emplace_back(i);
  return Json(std::move(numbers));
}

// Numbers.

Result<Json> rounded(Arguments arguments, const Scope&) {
  const double value = TRY(number_of(arguments[0], "round"));
  if (arguments.size() < 2) return number_json(std::round(value));
  const double scale = std::pow(10.0, static_cast<double>(TRY(size_of(arguments[1], "round", 15))));
  return Json(std::round(value * scale) / scale);
}
Result<Json> floored(Arguments arguments, const Scope&) {
  return number_json(std::floor(TRY(number_of(arguments[0], "floor"))));
}
Result<Json> ceiled(Arguments arguments, const Scope&) {
  return number_json(std::ceil(TRY(number_of(arguments[0], "ceil"))));
}
Result<Json> absolute(Arguments arguments, const Scope&) {
  return number_json(std::abs(TRY(number_of(arguments[0], "abs"))));
}
Result<Json> smallest(Arguments arguments, const Scope&) {
  const Json* best = arguments.data();
  for (const Json& argument : arguments)
    if (TRY(number_of(argument, "min")) < TRY(number_of(*best, "min"))) best = &argument;
  return *best;
}
Result<Json> largest(Arguments arguments, const Scope&) {
  const Json* best = arguments.data();
  for (const Json& argument : arguments)
    if (TRY(number_of(argument, "max")) > TRY(number_of(*best, "max"))) best = &argument;
  return *best;
}
Result<Json> or_else(Arguments arguments, const Scope&) {
  return arguments[0].is_null() ? arguments[1] : arguments[0];
}

// The Json form of a function that has an appending one.
template <Result<> (*append)(Arguments, const Scope&, std::string&)>
Result<Json> as_json(Arguments arguments, const Scope& scope) {
  std::string out;
  TRY(append(arguments, scope, out));
  return Json(std::move(out));
}

constexpr std::uint8_t many = 64;

constexpr std::array functions = {
    ExpressionFunction{"abs", "abs(number)", 1, 1, true, absolute},
    ExpressionFunction{"base64", "base64(text)", 1, 1, true, base64},
    ExpressionFunction{"base64_decode", "base64_decode(text)", 1, 1, true, unbase64},
    ExpressionFunction{"ceil", "ceil(number)", 1, 1, true, ceiled},
    ExpressionFunction{"chance", "chance(share)", 1, 1, false, chance},
    ExpressionFunction{"contains", "contains(text or list or object, part)", 2, 2, true, contains},
    ExpressionFunction{"date", "date(format, offset?)", 1, 2, false, date},
    ExpressionFunction{"default", "default(value, otherwise)", 2, 2, true, or_else},
    ExpressionFunction{"digits", "digits(length)", 1, 1, false, as_json<append_digits>,
                       append_digits},
    ExpressionFunction{"ends_with", "ends_with(text, end)", 2, 2, true, ends_with},
    ExpressionFunction{"fixed", "fixed(number, decimals)", 2, 2, true, fixed},
    ExpressionFunction{"float", "float(low, high)", 2, 2, false, random_float},
    ExpressionFunction{"floor", "floor(number)", 1, 1, true, floored},
    ExpressionFunction{"hex", "hex(length)", 1, 1, false, as_json<append_hex>, append_hex},
    ExpressionFunction{"int", "int(low, high)", 2, 2, false, random_int},
    ExpressionFunction{"join", "join(list, separator?)", 1, 2, true, join},
    ExpressionFunction{"json", "json(value)", 1, 1, true, json},
    ExpressionFunction{"len", "len(text or list or object)", 1, 1, true, len},
    ExpressionFunction{"lower", "lower(text)", 1, 1, true, lower},
    ExpressionFunction{"max", "max(number, ...)", 1, many, true, largest},
    ExpressionFunction{"min", "min(number, ...)", 1, many, true, smallest},
    ExpressionFunction{"now", "now(offset?)", 0, 1, false, as_json<append_now>, append_now},
    ExpressionFunction{"now_ms", "now_ms(offset?)", 0, 1, false, now_ms},
    ExpressionFunction{"number", "number(text)", 1, 1, true, number},
    ExpressionFunction{"pad", "pad(text, length, fill?)", 2, 3, true, pad},
    ExpressionFunction{"parse_json", "parse_json(text)", 1, 1, true, parse_json},
    ExpressionFunction{"pick", "pick(list) or pick(value, ...)", 1, many, false, pick},
    ExpressionFunction{"range", "range(count)", 1, 1, true, range},
    ExpressionFunction{"replace", "replace(text, from, to)", 3, 3, true, replace},
    ExpressionFunction{"round", "round(number, decimals?)", 1, 2, true, rounded},
    ExpressionFunction{"split", "split(text, character)", 2, 2, true, split_text},
    ExpressionFunction{"starts_with", "starts_with(text, start)", 2, 2, true, starts_with},
    ExpressionFunction{"string", "string(length)", 1, 1, false, as_json<append_string>,
                       append_string},
    ExpressionFunction{"text", "text(value)", 1, 1, true, text},
    ExpressionFunction{"trim", "trim(text)", 1, 1, true, trimmed},
    ExpressionFunction{"unix", "unix(offset?)", 0, 1, false, unix_seconds},
    ExpressionFunction{"upper", "upper(text)", 1, 1, true, upper},
    ExpressionFunction{"url", "url(text)", 1, 1, true, url},
    ExpressionFunction{"uuid", "uuid()", 0, 0, false, as_json<append_uuid>, append_uuid},
    ExpressionFunction{"weighted", "weighted(value, weight, ...)", 2, many, false, weighted},
};

}  // namespace

std::span<const ExpressionFunction> expression_functions() {
  return functions;
}

const ExpressionFunction* find_expression_function(std::string_view name) {
  const auto found = std::ranges::find(functions, name, &ExpressionFunction::name);
  return found == functions.end() ? nullptr : &*found;
}

bool is_true(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_bool()) return value.boolean();
  if (value.is_number()) return value.number() != 0;
  if (value.is_string()) return !value.string().empty();
  return true;
}

}  // namespace brunt
