#include "step/request_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/base64.h"
#include "base/text.h"
#include "step/hop_recorder.h"
#include "wire/multipart.h"

namespace brunt {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// A reply as checks and captures see it.
class HttpSource final : public ReplySource {
 public:
  HttpSource(const HttpReply& reply, CookieJar& jar, const Url& url, WallTime now)
      : reply_(reply), jar_(jar), url_(url), now_(now) {}

  std::int64_t status() const override { return reply_.status(); }
  std::string_view body() const override { return reply_.body(); }
  Duration duration() const override { return reply_.timings.duration(); }
  std::optional<std::string_view> header(std::string_view name) const override {
    return reply_.fields().find(name);
  }
  std::optional<std::string_view> cookie(std::string_view name) const override {
    for (const Cookie& cookie : jar_.matching(url_, now_))
      if (cookie.name == name) {
        cookie_ = cookie.value;
        return cookie_;
      }
    return std::nullopt;
  }

 private:
  const HttpReply& reply_;
  CookieJar& jar_;
  const Url& url_;
  WallTime now_;
  mutable std::string cookie_;  // What the view returned last points to.
};

bool needs_body(const Check& check) {
  return !std::holds_alternative<StatusCheck>(check.what) &&
         !std::holds_alternative<HeaderCheck>(check.what) &&
         !std::holds_alternative<DurationCheck>(check.what);
}

bool needs_body(const Capture& capture) {
  return !std::holds_alternative<HeaderSource>(capture.from) &&
         !std::holds_alternative<CookieSource>(capture.from) &&
         !std::holds_alternative<StatusSource>(capture.from);
}

bool constant_body(const Body& body) {
  return std::visit(Overloaded{[](const std::monostate&) { return true; },
                               [](const TextBody& text) { return text.text.is_constant(); },
                               [](const JsonBody& json) { return json.json.is_constant(); },
                               [](const FormBody& form) {
                                 return std::ranges::all_of(form.fields, [](const auto& field) {
                                   return field.value.is_constant();
                                 });
                               },
                               [](const MultipartBody&) { return false; }},
                    body);
}

std::string_view default_content_type(const Body& body) {
  if (std::holds_alternative<JsonBody>(body)) return "application/json";
  if (std::holds_alternative<FormBody>(body)) return "application/x-www-form-urlencoded";
  return {};
}

bool has_field(const std::vector<NamedTemplate>& fields, std::string_view name) {
  return std::ranges::any_of(
      fields, [&](const auto& field) { return equal_ignoring_case(field.name, name); });
}

// The texts of a name and a value, kept where a view may point to them.
struct Field {
  std::string_view name;  // The plan's, or a literal.
  std::string value;
};

TagSetId request_tags(ScenarioContext& scenario, const RequestStep& step) {
  std::vector<Tag> tags = {
      {"method", step.method}, {"name", step.name}, {"url", step.name}, {"group", ""}};
  for (const auto& [key, value] : step.tags) tags.push_back({key, value});
  return scenario.shared.recorder.tags().with(scenario.tags, tags);
}

}  // namespace

bool is_whole_url(std::string_view target) {
  const auto scheme_end = target.find("://");
  return scheme_end != std::string_view::npos && scheme_end > 0 &&
         target.find_first_of("/?#") == scheme_end + 1;
}

struct RequestRunner::Draft {
  Url url;
  std::string url_text;
  std::vector<Field> fields;
  std::size_t fields_used = 0;
  std::vector<HttpField> field_views;
  std::string body;
  HttpReply reply;

  Field& next_field(std::string_view name) {
    if (fields_used == fields.size()) fields.emplace_back();
    Field& field = fields[fields_used++];
    field.name = name;
    field.value.clear();
    return field;
  }
  bool rest() {
    reply.reset();
    return body.capacity() < draft_bytes_kept;
  }
};

RequestRunner::RequestRunner(ScenarioContext& scenario, const RequestStep& step)
    : scenario_(scenario),
      step_(step),
      series_(scenario.shared.recorder, {.base = request_tags(scenario, step),
                                         .model = scenario.model,
                                         .expected = step.expected ? &*step.expected : nullptr}),
      judge_(scenario, step.checks, step.captures, step.method + " " + step.name) {
  const RequestDefaults& defaults = scenario.scenario.defaults;
  timeout_ = step.timeout.value_or(defaults.timeout);
  redirects_max_ = step.redirects_max.value_or(defaults.redirects_max);
  reads_body_ =
      std::ranges::any_of(step.checks, [](const Check& check) { return needs_body(check); }) ||
      std::ranges::any_of(step.captures,
                          [](const Capture& capture) { return needs_body(capture); });
  // What fails here fails again, and is told, when the first VU gets to it.
  if (is_constant() && !prepare_constant()) constant_.reset();
}

RequestRunner::~RequestRunner() = default;

bool RequestRunner::is_constant() const {
  const auto constant = [](const NamedTemplate& field) { return field.value.is_constant(); };
  const RequestDefaults& defaults = scenario_.scenario.defaults;
  return step_.target.is_constant() && std::ranges::all_of(step_.query, constant) &&
         std::ranges::all_of(step_.headers, constant) &&
         std::ranges::all_of(defaults.headers, constant) && constant_body(step_.body) &&
         !step_.auth && !defaults.auth;
}

Result<> RequestRunner::prepare_constant() {
  constant_ = std::make_unique<Draft>();
  PlanVu nobody(scenario_.shared.http, scenario_.session, Prng(0));
  TRY(fill(*constant_, nobody));
  encoded_ = TRY(HttpSession::prepare({.method = step_.method,
                                       .url = constant_->url,
                                       .fields = constant_->field_views,
                                       .body = constant_->body},
                                      scenario_.session));
  return {};
}

Result<> RequestRunner::fill_url(Draft& draft, const Scope& scope) const {
  std::string& text = draft.url_text;
  text.clear();
  TRY(step_.target.append(scope, text));
  // Looked at when it is filled in: a captured link may be a path or a whole URL.
  if (!is_whole_url(text)) {
    if (!text.starts_with('/')) text.insert(0, 1, '/');
    text.insert(0, scenario_.target);
  }
  char separator = text.find('?') == std::string::npos ? '?' : '&';
  std::string value;
  for (const NamedTemplate& parameter : step_.query) {
    value.clear();
    TRY(parameter.value.append(scope, value));
    text += std::exchange(separator, '&');
    text += form_encode(parameter.name) + '=' + form_encode(value);
  }
  draft.url = TRY(parse_url(text));
  return {};
}

Result<> RequestRunner::fill_fields(Draft& draft, const Scope& scope) const {
  const RequestDefaults& defaults = scenario_.scenario.defaults;
  draft.fields_used = 0;
  for (const NamedTemplate& field : step_.headers)
    TRY(field.value.append(scope, draft.next_field(field.name).value));
  for (const NamedTemplate& field : defaults.headers)
    if (!has_field(step_.headers, field.name))
      TRY(field.value.append(scope, draft.next_field(field.name).value));
  const auto& auth = step_.auth ? step_.auth : defaults.auth;
  if (auth) {
    const std::string user = TRY(auth->user.expand(scope));
    const std::string password = TRY(auth->password.expand(scope));
    draft.next_field("Authorization").value = "Basic " + base64_encode(user + ":" + password);
  }
  if (reads_body_ && step_.decode && !has_field(step_.headers, "Accept-Encoding") &&
      !has_field(defaults.headers, "Accept-Encoding"))
    draft.next_field("Accept-Encoding").value = "gzip, deflate, br, zstd";
  const auto type = default_content_type(step_.body);
  if (!type.empty() && !has_field(step_.headers, "Content-Type") &&
      !has_field(defaults.headers, "Content-Type"))
    draft.next_field("Content-Type").value = type;
  return {};
}

Result<> RequestRunner::fill_body(Draft& draft, const Scope& scope, PlanVu& vu) const {
  draft.body.clear();
  if (const auto* text = std::get_if<TextBody>(&step_.body))
    return text->text.append(scope, draft.body);
  if (const auto* json = std::get_if<JsonBody>(&step_.body))
    return json->json.append(scope, draft.body);
  if (const auto* form = std::get_if<FormBody>(&step_.body)) {
    std::string value;
    for (const NamedTemplate& field : form->fields) {
      value.clear();
      TRY(field.value.append(scope, value));
      if (!draft.body.empty()) draft.body += '&';
      draft.body += form_encode(field.name) + '=' + form_encode(value);
    }
  }
  if (const auto* multipart = std::get_if<MultipartBody>(&step_.body)) {
    MultipartWriter writer(MultipartWriter::boundary_from(vu.prng.next(), vu.prng.next()));
    for (const FilePart& part : multipart->parts) {
      const std::string value = TRY(part.value.expand(scope));
      if (part.file_name.empty()) {
        TRY(writer.add_field(part.field, value));
      } else {
        TRY(writer.add_file(
            {.name = part.field, .filename = part.file_name, .content_type = part.media_type},
            value));
      }
    }
    draft.next_field("Content-Type").value = writer.content_type();
    draft.body = std::move(writer).finish();
  }
  return {};
}

Result<> RequestRunner::fill(Draft& draft, PlanVu& vu) const {
  const Scope scope = scope_of(scenario_, vu);
  TRY(fill_url(draft, scope));
  TRY(fill_fields(draft, scope));
  TRY(fill_body(draft, scope, vu));
  draft.field_views.clear();
  for (std::size_t i = 0; i < draft.fields_used; ++i)
    draft.field_views.push_back({draft.fields[i].name, draft.fields[i].value});
  return {};
}

Result<> RequestRunner::run(Fiber& self, PlanVu& vu) {
  const auto lease = drafts_.lend();
  Draft& own = *lease;
  if (!constant_)
    if (auto filled = fill(own, vu); !filled)
      return fail_in(step_.method + " " + step_.name, filled.error());
  const Draft& draft = constant_ ? *constant_ : own;
  const HttpRequest request{.method = step_.method,
                            .url = draft.url,
                            .fields = draft.field_views,
                            .body = draft.body,
                            .encoded = constant_ ? &encoded_ : nullptr};
  const HttpSendOptions options{
      .deadline = self.now() + timeout_,
      .redirects_max = redirects_max_,
      .body = reads_body_ ? BodyHandling::keep : BodyHandling::discard,
      .decoding = step_.decode ? ContentDecoding::decode : ContentDecoding::leave};
  HopRecorder recording(scenario_, vu, series_);
  TRY(vu.session.send(self, request, options, own.reply, &recording));
  judge(own, vu);
  return {};
}

void RequestRunner::judge(const Draft& draft, PlanVu& vu) {
  if (!judge_.is_needed()) return;
  const Url& url = draft.reply.redirected_url ? *draft.reply.redirected_url
                   : constant_                ? constant_->url
                                              : draft.url;
  const HttpSource source(draft.reply, vu.session.cookies(), url, scenario_.shared.loop.wall());
  judge_.judge(source, draft.reply.ok() ? ReplyState::usable : ReplyState::failed, vu);
}

}  // namespace brunt
