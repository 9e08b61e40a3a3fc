#include "wire/http2_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace brunt {

struct Http2Session::State {
  struct Stream {
    std::string out;
    std::size_t sent = 0;
    bool deferred = false;  // nghttp2 asked for more than there was.
    bool finished = false;
    std::vector<std::pair<std::string, std::string>> trailers;
  };
  struct Place {
    std::size_t name_at, name_size, value_size;
  };

  State(Http2Visitor& heard_by, const Http2Limits& its_limits)
      : visitor(heard_by), limits(its_limits) {}
  ~State() { nghttp2_session_del(session); }

  Stream* find(std::int32_t id) {
    const auto found = streams.find(id);
    return found != streams.end() ? &found->second : nullptr;
  }
  void resume(std::int32_t id, Stream& stream) const {
    if (std::exchange(stream.deferred, false)) nghttp2_session_resume_data(session, id);
  }

  Http2Visitor& visitor;
  Http2Limits limits;
  nghttp2_session* session = nullptr;
  std::unordered_map<std::int32_t, Stream> streams;
  // The head that is being read: heads do not interleave.
  std::string head;
  std::vector<Place> places;
  std::vector<HttpField> fields;
  std::string problem;  // What was wrong with the peer's bytes.
  std::optional<Http2Fault> fault;
  bool greeted = false, going_away = false;
};

namespace {

using State = Http2Session::State;

// What RFC 9113, 6.5.2 recommends that every server allows.
constexpr std::uint32_t streams_before_settings = 100;

std::vector<nghttp2_nv> pairs_of(std::span<const HttpField> fields) {
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(fields.size());
  // nghttp2 copies them; its type is older than const.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  for (const auto& [name, value] : fields)
    pairs.push_back({.name = bytes(name),
                     .value = bytes(value),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = NGHTTP2_NV_FLAG_NONE});
  return pairs;
}

// nghttp2 asks for the next piece of a stream's body.
ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t room,
                  std::uint32_t* flags, nghttp2_data_source* source, void* opaque) {
  auto& stream = *static_cast<State::Stream*>(source->ptr);
  const std::size_t size = std::min(room, stream.out.size() - stream.sent);
  if (size == 0 && !stream.finished) {
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  std::memcpy(to, stream.out.data() + stream.sent, size);
  stream.sent += size;
  if (stream.sent < stream.out.size()) return static_cast<ssize_t>(size);
  stream.out.clear();
  stream.sent = 0;
  if (!stream.finished) return static_cast<ssize_t>(size);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  static_cast<State*>(opaque)->visitor.sent(id);
  if (!stream.trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    std::vector<HttpField> views;
    for (const auto& [name, value] : stream.trailers) views.push_back({name, value});
    const auto pairs = pairs_of(views);
    nghttp2_submit_trailer(session, id, pairs.data(), pairs.size());
  }
  return static_cast<ssize_t>(size);
}

nghttp2_data_provider provider_of(State::Stream& stream) {
  return {.source = {.ptr = &stream}, .read_callback = read_body};
}

int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* opaque) {
  auto& state = *static_cast<State*>(opaque);
  state.head.clear();
  state.places.clear();
  if (frame->hd.type == NGHTTP2_HEADERS) state.streams.try_emplace(frame->hd.stream_id);
  return 0;
}

int take_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                std::uint8_t, void* opaque) {
  auto& state = *static_cast<State*>(opaque);
  // The stream is reset, the connection goes on.
  if (state.head.size() + name_size + value_size > state.limits.head_bytes_max) {
    state.visitor.head_too_large(frame->hd.stream_id);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  state.places.push_back({state.head.size(), name_size, value_size});
  state.head.append(reinterpret_cast<const char*>(name), name_size);
  state.head.append(reinterpret_cast<const char*>(value), value_size);
  return 0;
}

int take_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
              std::size_t size, void* opaque) {
  nghttp2_session_consume_connection(session, size);
  static_cast<State*>(opaque)->visitor.data(id, {reinterpret_cast<const char*>(bytes), size});
  return 0;
}

int take_frame(nghttp2_session*, const nghttp2_frame* frame, void* opaque) {
  auto& state = *static_cast<State*>(opaque);
  const std::int32_t id = frame->hd.stream_id;
  if (frame->hd.type == NGHTTP2_SETTINGS) state.greeted = true;
  if (frame->hd.type == NGHTTP2_GOAWAY) {
    state.going_away = true;
    if (!state.fault) state.fault = {Http2Fault::Of::going_away, frame->goaway.error_code};
  }
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  if (frame->hd.type == NGHTTP2_HEADERS) {
    state.fields.clear();
    for (const auto& [at, name, value] : state.places)
      state.fields.push_back({std::string_view(state.head).substr(at, name),
                              std::string_view(state.head).substr(at + name, value)});
    state.visitor.headers(id, state.fields);
  }
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) state.visitor.ended(id);
  return 0;
}

// A goodbye of ours is the library's, about what the peer has done.
int note_sent(nghttp2_session*, const nghttp2_frame* frame, void* opaque) {
  if (frame->hd.type == NGHTTP2_GOAWAY)
    static_cast<State*>(opaque)->fault = {Http2Fault::Of::connection, frame->goaway.error_code};
  return 0;
}

int close_stream(nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* opaque) {
  auto& state = *static_cast<State*>(opaque);
  state.visitor.closed(id, error_code);
  state.streams.erase(id);
  return 0;
}

int note_problem(nghttp2_session*, int, const char* text, std::size_t size, void* opaque) {
  static_cast<State*>(opaque)->problem.assign(text, size);
  return 0;
}

constexpr std::array<std::string_view, 14> error_names = {"NO_ERROR",
                                                          "PROTOCOL_ERROR",
                                                          "INTERNAL_ERROR",
                                                          "FLOW_CONTROL_ERROR",
                                                          "SETTINGS_TIMEOUT",
                                                          "STREAM_CLOSED",
                                                          "FRAME_SIZE_ERROR",
                                                          "REFUSED_STREAM",
                                                          "CANCEL",
                                                          "COMPRESSION_ERROR",
                                                          "CONNECT_ERROR",
                                                          "ENHANCE_YOUR_CALM",
                                                          "INADEQUATE_SECURITY",
                                                          "HTTP_1_1_REQUIRED"};

// The library's own tables, made once for each session and let go with these.
struct CallbackTable {
  CallbackTable() { nghttp2_session_callbacks_new(&table); }
  ~CallbackTable() { nghttp2_session_callbacks_del(table); }
  CallbackTable(const CallbackTable&) = delete;
  CallbackTable& operator=(const CallbackTable&) = delete;
  nghttp2_session_callbacks* table = nullptr;
};
struct OptionTable {
  OptionTable() { nghttp2_option_new(&table); }
  ~OptionTable() { nghttp2_option_del(table); }
  OptionTable(const OptionTable&) = delete;
  OptionTable& operator=(const OptionTable&) = delete;
  nghttp2_option* table = nullptr;
};

}  // namespace

std::string_view http2_error_name(std::uint32_t error_code) {
  return error_code < error_names.size() ? error_names[error_code] : "unknown error code";
}

Http2Session::Http2Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Http2Session::~Http2Session() = default;

Result<std::unique_ptr<Http2Session>> Http2Session::create(Http2Role role, Http2Visitor& visitor,
                                                           const Http2Limits& limits) {
  const CallbackTable callbacks;
  const OptionTable options;
  if (callbacks.table == nullptr || options.table == nullptr)
    return fail(ErrorCode::exhausted, "no memory for an HTTP/2 session");
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.table, begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks.table, take_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.table, take_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.table, take_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.table, note_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.table, close_stream);
  nghttp2_session_callbacks_set_error_callback2(callbacks.table, note_problem);
  nghttp2_option_set_no_auto_window_update(options.table, 1);
  nghttp2_option_set_peer_max_concurrent_streams(options.table, streams_before_settings);
  auto state = std::make_unique<State>(visitor, limits);
  const auto create =
      role == Http2Role::client ? nghttp2_session_client_new2 : nghttp2_session_server_new2;
  if (create(&state->session, callbacks.table, state.get(), options.table) != 0)
    return fail(ErrorCode::exhausted, "no memory for an HTTP/2 session");
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes_max)},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  // Only a client may speak of pushes, and streams that the server opens are nothing else.
  const bool is_client = role == Http2Role::client;
  const bool submitted =
      nghttp2_submit_settings(state->session, NGHTTP2_FLAG_NONE, settings,
                              is_client ? std::size(settings) : std::size(settings) - 1) == 0 &&
      nghttp2_session_set_local_window_size(
          state->session, NGHTTP2_FLAG_NONE, 0,
          static_cast<std::int32_t>(limits.connection_window_bytes)) == 0;
  if (!submitted) return fail(ErrorCode::exhausted, "no memory for an HTTP/2 session");
  // No make_unique: the constructor is private.
  return std::unique_ptr<Http2Session>(new Http2Session(std::move(state)));
}

Result<> Http2Session::feed(ByteView bytes) {
  if (!state_->greeted && as_text(bytes).starts_with("HTTP/1."))
    return fail(ErrorCode::malformed, "the server answers in HTTP/1 where HTTP/2 was agreed on");
  const ssize_t taken = nghttp2_session_mem_recv(
      state_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken == static_cast<ssize_t>(bytes.size())) return {};
  const char* what = nghttp2_strerror(static_cast<int>(std::min<ssize_t>(taken, 0)));
  return fail(ErrorCode::malformed,
              fmt::format("HTTP/2: {}", state_->problem.empty() ? what : state_->problem));
}

void Http2Session::drain(std::string& out, std::size_t enough) {
  const std::uint8_t* bytes = nullptr;
  while (out.size() < enough) {
    const ssize_t size = nghttp2_session_mem_send(state_->session, &bytes);
    if (size <= 0) return;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

Result<std::int32_t> Http2Session::open(std::span<const HttpField> fields, Http2Body body) {
  if (state_->going_away) return fail(ErrorCode::closed, "the server takes no more requests");
  const auto pairs = pairs_of(fields);
  const auto next = static_cast<std::int32_t>(nghttp2_session_get_next_stream_id(state_->session));
  if (next < 0) return fail(ErrorCode::exhausted, "HTTP/2: this connection has no more streams");
  State::Stream& stream = state_->streams[next];
  stream.finished = body == Http2Body::none;
  const nghttp2_data_provider provider = provider_of(stream);
  const std::int32_t id =
      nghttp2_submit_request(state_->session, nullptr, pairs.data(), pairs.size(),
                             body == Http2Body::none ? nullptr : &provider, nullptr);
  if (id >= 0) {
    ASSERT(id == next);
    return id;
  }
  state_->streams.erase(next);
  return fail(ErrorCode::exhausted, fmt::format("HTTP/2: {}", nghttp2_strerror(id)));
}

void Http2Session::respond(std::int32_t stream, std::span<const HttpField> fields) {
  State::Stream* const found = state_->find(stream);
  if (found == nullptr) return;
  const auto pairs = pairs_of(fields);
  const nghttp2_data_provider provider = provider_of(*found);
  nghttp2_submit_response(state_->session, stream, pairs.data(), pairs.size(), &provider);
}

void Http2Session::write(std::int32_t stream, std::string_view bytes) {
  State::Stream* const found = state_->find(stream);
  if (found == nullptr || found->finished) return;
  constexpr std::size_t sent_kept = 64u << 10u;
  if (found->sent > sent_kept) {
    found->out.erase(0, found->sent);
    found->sent = 0;
  }
  found->out.append(bytes);
  state_->resume(stream, *found);
}

void Http2Session::finish(std::int32_t stream, std::span<const HttpField> trailers) {
  State::Stream* const found = state_->find(stream);
  if (found == nullptr || found->finished) return;
  found->finished = true;
  for (const auto& [name, value] : trailers) found->trailers.emplace_back(name, value);
  state_->resume(stream, *found);
}

void Http2Session::reset(std::int32_t stream, std::uint32_t error_code) {
  if (state_->find(stream) != nullptr)
    nghttp2_submit_rst_stream(state_->session, NGHTTP2_FLAG_NONE, stream, error_code);
}

void Http2Session::consume(std::int32_t stream, std::size_t bytes) {
  if (state_->find(stream) != nullptr)
    nghttp2_session_consume_stream(state_->session, stream, bytes);
}

std::size_t Http2Session::waiting(std::int32_t stream) const {
  const State::Stream* const found = state_->find(stream);
  return found != nullptr ? found->out.size() - found->sent : 0;
}

bool Http2Session::greeted() const {
  return state_->greeted;
}

bool Http2Session::going_away() const {
  return state_->going_away;
}

std::size_t Http2Session::streams_allowed() const {
  return nghttp2_session_get_remote_settings(state_->session,
                                             NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::optional<Http2Fault> Http2Session::fault() const {
  return state_->fault;
}

const std::string& Http2Session::problem() const {
  return state_->problem;
}

bool Http2Session::over() const {
  return nghttp2_session_want_read(state_->session) == 0 &&
         nghttp2_session_want_write(state_->session) == 0;
}

}  // namespace brunt
