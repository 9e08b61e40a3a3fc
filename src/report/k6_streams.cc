#include "report/k6_streams.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "base/units.h"
#include "loop/helper_thread.h"
#include "metrics/threshold.h"
#include "record/run_info.h"

namespace brunt {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// k6's default system tags, in the order of its CSV.
constexpr std::array<std::string_view, 14> csv_tags = {
    "check",       "error", "error_code", "expected_response", "group",  "method",
    "name",        "proto", "scenario",   "service",           "status", "subproto",
    "tls_version", "url"};

// Where the bytes go: a file, a compressed file, or standard output.
class ByteSink {
 public:
  static Result<ByteSink> open(const std::string& place) {
    ByteSink sink;
    if (place == "-") {
      sink.plain_ = stdout;
    } else if (place.ends_with(".gz")) {
      sink.compressed_ = gzopen(place.c_str(), "wb");
      if (sink.compressed_ == nullptr) return std::unexpected(errno_error(place, errno));
    } else {
      sink.plain_ = std::fopen(place.c_str(), "wbe");
      if (sink.plain_ == nullptr) return std::unexpected(errno_error(place, errno));
    }
    return sink;
  }
  ByteSink(ByteSink&& other) noexcept
      : plain_(std::exchange(other.plain_, nullptr)),
        compressed_(std::exchange(other.compressed_, nullptr)) {}
  ByteSink& operator=(ByteSink&&) = delete;
  ~ByteSink() { (void)close(); }

  Result<> write(std::string_view bytes) {
    if (bytes.empty()) return {};
    const bool written =
        compressed_ != nullptr
            ? gzwrite(compressed_, bytes.data(), static_cast<unsigned>(bytes.size())) > 0
            : std::fwrite(bytes.data(), 1, bytes.size(), plain_) == bytes.size();
    if (!written) return std::unexpected(errno_error("writing samples", errno));
    return {};
  }

  Result<> close() {
    int failed = 0;
    if (compressed_ != nullptr) failed = gzclose(std::exchange(compressed_, nullptr));
    FILE* const plain = std::exchange(plain_, nullptr);
    if (plain != nullptr) failed = plain == stdout ? std::fflush(plain) : std::fclose(plain);
    if (failed != 0) return std::unexpected(errno_error("closing the samples", errno));
    return {};
  }

 private:
  ByteSink() = default;
  FILE* plain_ = nullptr;
  gzFile compressed_ = nullptr;
};

// RFC 3339 with as many digits as there are, as Go writes it.
std::string go_time(WallTime time) {
  std::string text = format_wall_time(time, 9);
  text.pop_back();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + 'Z';
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

// What is the same for every sample of a series, formatted once.
struct SeriesText {
  std::string before, after;  // JSON: around the value. CSV: metric's name; everything behind.
};

// What changes with each sample, and is no tag for that: k6 calls it metadata.
constexpr std::string_view iteration_tag = "iter", vu_tag = "vu";

// Of the system tags those that samples have, sorted.
std::vector<std::string_view> wanted_tags(const K6StreamOptions& options) {
  std::vector<std::string_view> names(csv_tags.begin(), csv_tags.end());
  if (!options.system_tags.empty())
    names.assign(options.system_tags.begin(), options.system_tags.end());
  std::erase_if(names,
                [](std::string_view name) { return name == iteration_tag || name == vu_tag; });
  std::ranges::sort(names);
  return names;
}

bool is_left_out(const K6StreamOptions& options, std::string_view tag) {
  return !options.system_tags.empty() && std::ranges::find(csv_tags, tag) != csv_tags.end() &&
         std::ranges::find(options.system_tags, tag) == options.system_tags.end();
}

SeriesText csv_text(const SeriesDefinition& series, const K6StreamOptions& options) {
  SeriesText text{.before = csv_field(series.metric.name), .after = ""};
  for (const std::string_view tag : wanted_tags(options))
    text.after += ',' + csv_field(tag_value(series.tags, tag));
  std::string extra;
  for (const Tag& tag : series.tags) {
    if (std::ranges::find(csv_tags, std::string_view(tag.key)) == csv_tags.end())
      extra += (extra.empty() ? "" : "&") + tag.key + '=' + tag.value;
  }
  text.after += ',' + csv_field(extra) + ',';
  return text;
}

SeriesText json_text(const SeriesDefinition& series, const K6StreamOptions& options) {
  SeriesText text;
  text.before = "{\"metric\":";
  append_json_string(text.before, series.metric.name);
  text.before += ",\"type\":\"Point\",\"data\":{\"time\":\"";
  Json tags = Json::Object{};
  for (const Tag& tag : series.tags)
    if (!is_left_out(options, tag.key)) tags.set(tag.key, tag.value);
  text.after = ",\"tags\":" + tags.dump();
  return text;
}

bool has_system_tag(const K6StreamOptions& options, std::string_view tag) {
  return std::ranges::find(options.system_tags, tag) != options.system_tags.end();
}

// Where `systemTags` asks for them: whose sample it was, and of which iteration. Empty: neither.
void append_metadata(std::string& line, const K6StreamOptions& options, const SampleStamp& stamp) {
  if (stamp.vu == 0) return;
  const bool has_iteration = has_system_tag(options, iteration_tag);
  const bool has_vu = has_system_tag(options, vu_tag);
  if (!has_iteration && !has_vu) return;
  const bool is_csv = options.format == K6StreamFormat::csv;
  auto out = std::back_inserter(line);
  if (!is_csv) line += ",\"metadata\":{";
  if (has_iteration)
    fmt::format_to(out, fmt::runtime(is_csv ? "iter={}" : "\"iter\":\"{}\""), stamp.iteration);
  if (has_iteration && has_vu) line += is_csv ? '&' : ',';
  if (has_vu) fmt::format_to(out, fmt::runtime(is_csv ? "vu={}" : "\"vu\":\"{}\""), stamp.vu);
  if (!is_csv) line += '}';
}

using ThresholdsByMetric = std::map<std::string, std::vector<std::string>>;

// The parts of it that thresholds name; null: none.
Json submetrics_of(const std::string& metric, const ThresholdsByMetric& thresholds) {
  Json parts;
  for (const auto& [name, expressions] : thresholds) {
    const auto selector = parse_selector(name);
    if (!selector || selector->metric != metric || selector->tags.empty()) continue;
    Json tags{Json::Object{}};
    std::string suffix;
    for (const Tag& tag : selector->tags) {
      tags.set(tag.key, tag.value);
      suffix += fmt::format("{}{}:{}", suffix.empty() ? "" : ",", tag.key, tag.value);
    }
    parts.push(Json::Object{{"name", name}, {"suffix", suffix}, {"tags", std::move(tags)}});
  }
  return parts;
}

}  // namespace

struct K6Stream::State {
  State(K6StreamOptions wanted, ByteSink opened)
      : options(std::move(wanted)), sink(std::move(opened)) {}

  K6StreamOptions options;
  std::atomic<std::size_t> pending = 0;
  std::atomic<std::uint64_t> left_out = 0;

  // On the helper's thread alone.
  ByteSink sink;
  Error error;
  bool has_failed = false;
  std::uint64_t written = 0;
  std::set<std::string> metrics_told;
  std::map<std::uint32_t, std::unordered_map<SeriesId, SeriesText>> series;  // By origin.
  std::string buffer;

  std::unique_ptr<HelperThread> helper = std::make_unique<HelperThread>("samples");

  void define(std::uint32_t origin, const SeriesDefinition& one) {
    if (options.format == K6StreamFormat::csv) {
      series[origin][one.id] = csv_text(one, options);
      return;
    }
    series[origin][one.id] = json_text(one, options);
    if (!metrics_told.insert(one.metric.name).second) return;
    Json thresholds = Json::Array{};
    if (const auto found = options.thresholds.find(one.metric.name);
        found != options.thresholds.end())
      for (const std::string& expression : found->second) thresholds.push(expression);
    const Json line = Json::Object{
        {"type", "Metric"},
        {"data", Json::Object{{"name", one.metric.name},
                              {"type", name_of(one.metric.kind)},
                              {"contains", name_of(one.metric.contains)},
                              {"thresholds", std::move(thresholds)},
                              {"submetrics", submetrics_of(one.metric.name, options.thresholds)}}},
        {"metric", one.metric.name}};
    line.append_to(buffer);
    buffer += '\n';
  }

  void write(std::uint32_t origin, const std::vector<SeriesDefinition>& defined,
             const std::vector<TappedSample>& samples) {
    buffer.clear();
    for (const SeriesDefinition& one : defined) define(origin, one);
    const auto& known = series[origin];
    for (const TappedSample& sample : samples) {
      const auto text = known.find(sample.series);
      if (text == known.end()) continue;
      if (options.format == K6StreamFormat::csv)
        fmt::format_to(std::back_inserter(buffer), "{},{},{:f}{}", text->second.before,
                       sample.stamp.at.unix_ns / second_ns, sample.value, text->second.after);
      else
        fmt::format_to(std::back_inserter(buffer), "{}{}\",\"value\":{}{}", text->second.before,
                       go_time(sample.stamp.at), sample.value, text->second.after);
      append_metadata(buffer, options, sample.stamp);
      buffer += options.format == K6StreamFormat::csv ? "\n" : "}}\n";
      ++written;
    }
    flush();
  }

  void flush() {
    if (has_failed) return;
    if (auto done = sink.write(buffer); !done) fail_with(std::move(done.error()));
  }

  void fail_with(Error what) {
    has_failed = true;
    error = std::move(what);
  }
};

Result<K6StreamOptions> parse_k6_stream(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view format = text.substr(0, equals);
  K6StreamOptions options;
  options.place = equals == std::string_view::npos ? "-" : std::string(text.substr(equals + 1));
  if (format == "json")
    options.format = K6StreamFormat::json;
  else if (format == "csv")
    options.format = K6StreamFormat::csv;
  else
    return fail(ErrorCode::invalid, "--out " + std::string(text) +
                                        ": an output is json=FILE or csv=FILE, not \"" +
                                        std::string(format) + "\"");
  if (options.place.empty())
    return fail(ErrorCode::invalid, "--out " + std::string(text) + ": the file has no name");
  return options;
}

K6Stream::K6Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
K6Stream::~K6Stream() = default;

Result<std::unique_ptr<K6Stream>> K6Stream::open(const K6StreamOptions& options) {
  auto sink = ByteSink::open(options.place);
  if (!sink) return std::unexpected(sink.error());
  auto state = std::make_unique<State>(options, std::move(*sink));
  if (options.format == K6StreamFormat::csv) {
    state->buffer = "metric_name,timestamp,metric_value";
    for (const std::string_view tag : wanted_tags(options)) state->buffer.append(",").append(tag);
    state->buffer += ",extra_tags,metadata\n";
    state->flush();
  }
  return std::unique_ptr<K6Stream>(new K6Stream(std::move(state)));
}

void K6Stream::take(std::uint32_t origin, const Snapshot& snapshot) {
  State* const state = state_.get();
  std::vector<TappedSample> samples;
  const std::size_t bytes = snapshot.samples.size() * sizeof(TappedSample);
  if (state->pending.load() + bytes <= state->options.pending_max)
    samples = snapshot.samples;
  else
    state->left_out += snapshot.samples.size();
  state->left_out += snapshot.samples_missed;
  const std::size_t taken = samples.size() * sizeof(TappedSample);
  state->pending += taken;
  state->helper->submit(
      [state, origin, taken, defined = snapshot.defined, samples = std::move(samples)] {
        state->write(origin, defined, samples);
        state->pending -= taken;
      });
}

std::vector<std::string> K6Stream::finish() {
  state_->helper.reset();  // Does what is queued first.
  if (!state_->has_failed)
    if (auto closed = state_->sink.close(); !closed) state_->fail_with(std::move(closed.error()));
  std::vector<std::string> notes;
  const std::string& place = state_->options.place;
  if (state_->has_failed)
    notes.push_back("The samples in " + place + " are not complete: " + state_->error.text + ".");
  if (state_->left_out > 0)
    notes.push_back(format_count(static_cast<double>(state_->left_out.load())) +
                    " samples are not in " + place + ": the disk could not keep up.");
  return notes;
}

}  // namespace brunt
