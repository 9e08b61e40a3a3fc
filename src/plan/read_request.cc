#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/url.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.contains(c);
  };
  return !name.empty() && std::ranges::all_of(name, fits);
}

void read_target(ReadContext& read, const Field& field, const Scenario& scenario, Template& out) {
  if (!read.read(field, out)) return;
  const std::string& text = out.source();
  if (text.starts_with('/')) {
    if (scenario.target.empty())
      read.error(field, fmt::format("\"{}\" is a path, but the scenario has no target: give it a "
                                    "`target:`, or write the whole URL",
                                    text));
    return;
  }
  // What starts with an expression shows only while running whether it is a URL.
  if (text.starts_with("${") && !out.is_constant()) return;
  const std::string fixed = out.is_constant() ? out.text() : text.substr(0, text.find("${")) + "x";
  if (text.empty())
    read.error(field, "a path is missing here: write / for the root");
  else if (const auto url = parse_url(fixed); !url)
    read.error(field, url.error().text + "; a path starts with /");
}

void read_headers(ReadContext& read, const Field& field, std::vector<NamedTemplate>& out) {
  if (!field) return;
  MapReader map(read, field);
  for (const YamlNode::Member& member : map.members()) {
    const Field item = map.member(member);
    NamedTemplate header{member.key, {}};
    if (!is_token(member.key))
      read.error(item.at, item.path, fmt::format("\"{}\" cannot be a header's name", member.key));
    else if (read.read(item, header.value))
      out.push_back(std::move(header));
  }
}

// text, or { file: name }
void read_text_body(ReadContext& read, const Field& field, Body& out) {
  if (field.node->kind != YamlNode::Kind::map) {
    TextBody body;
    if (read.read(field, body.text)) out = std::move(body);
    return;
  }
  MapReader map(read, field);
  std::string content;
  if (read.read_file_content(map.require("file"), content))
    out = TextBody{Template::constant(std::move(content))};
  map.finish();
}

void read_files(ReadContext& read, const Field& field, const Field& form, Body& out) {
  MultipartBody body;
  std::vector<NamedTemplate> fields;
  read.read(form, fields);
  for (NamedTemplate& named : fields)
    body.parts.push_back({std::move(named.name), std::move(named.value), "", ""});
  MapReader map(read, field);
  for (const YamlNode::Member& member : map.members()) {
    FilePart part{member.key, {}, "", "application/octet-stream"};
    const Field item = map.member(member);
    std::string content;
    std::filesystem::path path;
    if (member.value.kind == YamlNode::Kind::map) {
      MapReader options(read, item);
      const Field file = options.require("file");
      read.read(file, path);
      read.read_file_content(file, content);
      part.file_name = path.filename().string();
      read.read(options.find("name"), part.file_name);
      read.read(options.find("type"), part.media_type);
      options.finish();
    } else {
      read.read(item, path);
      read.read_file_content(item, content);
      part.file_name = path.filename().string();
    }
    part.value = Template::constant(std::move(content));
    body.parts.push_back(std::move(part));
  }
  out = std::move(body);
}

void read_body(ReadContext& read, MapReader& map, Body& out) {
  const Field json = map.find("json"), form = map.find("form"), text = map.find("body"),
              files = map.find("files");
  const int given = (json ? 1 : 0) + (text ? 1 : 0) + (form || files ? 1 : 0);
  if (given > 1) {
    read.error(text ? text : json,
               "a request has one body: json, form, body, or files (with form)");
    return;
  }
  if (json) {
    JsonBody body;
    if (read.read_json(json, body.json)) out = std::move(body);
  } else if (text) {
    read_text_body(read, text, out);
  } else if (files) {
    read_files(read, files, form, out);
  } else if (form) {
    FormBody body;
    if (read.read(form, body.fields)) out = std::move(body);
  }
}

void read_auth(ReadContext& read, const Field& field, std::optional<BasicAuth>& out) {
  if (!field) return;
  MapReader map(read, field);
  BasicAuth auth;
  read.read(map.require("user"), auth.user);
  read.read(map.require("password"), auth.password);
  map.finish();
  out = std::move(auth);
}

constexpr std::uint32_t redirects_limit = 100;

void read_redirects(ReadContext& read, const Field& field, std::uint32_t& out) {
  if (read.read(field, out) && out > redirects_limit)
    read.error(field, fmt::format("at most {} redirects are followed", redirects_limit));
}

}  // namespace

RequestStep read_request(StepReadContext& context, MapReader& map, std::string_view method) {
  ReadContext& read = context.read;
  RequestStep request;
  const Field target = map.find(method);
  request.at = target.at;
  request.method = method;
  read_target(read, target, context.scenario, request.target);
  request.name = default_request_name(request.target.source());
  read_step_name(read, map.find("name"), request.name);
  read.read(map.find("query"), request.query);
  read_headers(read, map.find("headers"), request.headers);
  read_body(read, map, request.body);
  const Field check = map.find("check");
  request.checks = read_checks(read, check);
  request.captures = read_captures(read, map.find("capture"));
  read_timeout(read, map.find("timeout"), request.timeout);
  if (const Field redirects = map.find("redirects")) {
    std::uint32_t limit = 0;
    read_redirects(read, redirects, limit);
    request.redirects_max = limit;
  }
  StatusCheck expected;
  if (read_status(read, map.find("expected"), expected)) request.expected = std::move(expected);
  read_auth(read, map.find("auth"), request.auth);
  read.read_tags(map.find("tags"), request.tags);
  read.read(map.find("decode"), request.decode);
  map.refuse({"account"});
  map.finish();
  return request;
}

void read_request_defaults(ReadContext& read, MapReader& map, RequestDefaults& out) {
  read_headers(read, map.find("headers"), out.headers);
  read_timeout(read, map.find("timeout"), out.timeout);
  read_redirects(read, map.find("redirects"), out.redirects_max);
  read_auth(read, map.find("auth"), out.auth);
  read.read(map.find("cookies"), out.cookies);
}

}  // namespace brunt
