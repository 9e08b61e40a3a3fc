// What is native in library/redis.js.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>

#include "base/json.h"
#include "base/units.h"
#include "client/redis_client.h"
#include "script/classes.h"
#include "script/library.h"
#include "script/script_body.h"
#include "script/tag_text.h"

namespace brunt {
namespace {

struct RedisCall {
  std::string bytes;       // Encoded.
  std::string tags;        // tag_text.h; the command's name among them.
  std::uint16_t slot = 0;  // Of its key, in a cluster.
  std::uint32_t group = 0;
};

constexpr std::size_t nodes_max = 1'000;  // That a cluster may lead to.

// One server, with its connection from the first command on.
struct RedisNode {
  RedisTarget target;
  std::optional<RedisClient> client;
};

// A client of a script: of one server, of a cluster, or of what a sentinel calls the master. Its
// commands take turns, in the order in which they were called.
struct RedisLine {
  std::vector<std::unique_ptr<RedisNode>> nodes;  // Those that were given first.
  RedisTarget login;                          // User, password, name and database of the others.
  std::map<std::uint16_t, RedisNode*> slots;  // As far as a cluster has told.
  std::uint32_t redirects_max = 0;            // 0: no cluster.
  std::string master_name;                    // "": the node is no sentinel.
  bool is_tls = false;
  TlsClientOptions tls_options;     // Of its own, where one is given.
  std::unique_ptr<TlsContext> tls;  // The same.
  Duration dial_max{}, read_max{};
  bool busy = false;
  std::deque<Fiber*> waiting;

  Result<> take_turn(Fiber& self);
  void end_turn();
  RedisNode& node_at(const PeerAddress& peer);
  Result<> prepare(HttpContext& http, RedisNode& node);
  Instant limit(Fiber& self) const { return self.now() + dial_max + read_max; }
  Result<RedisNode*> master(Fiber& self, HttpContext& http);
  // Errors: cancelled; what keeps the command from being sent.
  Result<> talk(Fiber& self, HttpContext& http, const RedisCall& call, RedisReply& reply);
  // Errors: with what Redis or the connection says.
  Result<std::string> send(Fiber& self, Engine& engine, const RedisCall& call);
};

Error failed(const RedisReply& reply) {
  return {.code = reply.failure->cause,
          .text = reply.failure->detail.empty() ? std::string(reply.failure->message)
                                                : reply.failure->detail};
}

// Where a cluster says that a key is: "MOVED 3999 127.0.0.1:6381", or "ASK ..." for once.
struct Redirect {
  PeerAddress to;
  bool is_lasting = false;
};

std::optional<Redirect> redirect_of(const RedisReply& reply, const RedisNode& from) {
  if (reply.ok()) return std::nullopt;
  const std::string_view text = reply.failure->detail;
  const bool is_lasting = text.starts_with("MOVED ");
  if (!is_lasting && !text.starts_with("ASK ")) return std::nullopt;
  std::string address(text.substr(text.rfind(' ') + 1));
  // Of a node that does not know its own name: the same host.
  if (address.starts_with(':')) address.insert(0, from.target.peer.host);
  auto peer = parse_peer_address(address);
  if (!peer) return std::nullopt;
  return Redirect{.to = std::move(*peer), .is_lasting = is_lasting};
}

// Source: Redis cluster specification, "Key distribution model": CRC16/XMODEM of what stands in the
// first braces, or of the key, modulo 16384.
std::uint16_t slot_of(std::string_view key) {
  if (const auto open = key.find('{'); open != std::string_view::npos)
    if (const auto close = key.find('}', open); close != std::string_view::npos && close > open + 1)
      key = key.substr(open + 1, close - open - 1);
  std::uint16_t sum = 0;
  for (const char byte : key) {
    sum = static_cast<std::uint16_t>(sum ^ static_cast<unsigned char>(byte) << 8U);
    for (int bit = 0; bit < 8; ++bit)
      sum = static_cast<std::uint16_t>(static_cast<unsigned>(sum) << 1U ^
                                       ((sum & 0x8000U) != 0 ? 0x1021U : 0U));
  }
  return sum % 16384U;
}

Result<> RedisLine::take_turn(Fiber& self) {
  if (!std::exchange(busy, true)) return {};
  waiting.push_back(&self);
  Result<> parked;
  while (parked && std::ranges::find(waiting, &self) != waiting.end())
    parked = self.park(far_future, "redis");
  if (parked) return {};
  if (std::erase(waiting, &self) == 0) end_turn();  // It had just been given the turn.
  return parked;
}

void RedisLine::end_turn() {
  busy = !waiting.empty();
  if (!busy) return;
  waiting.front()->wake();
  waiting.pop_front();
}

RedisNode& RedisLine::node_at(const PeerAddress& peer) {
  for (const auto& node : nodes)
    if (node->target.peer == peer) return *node;
  RedisTarget target = login;
  target.peer = peer;
  return *nodes.emplace_back(std::make_unique<RedisNode>(std::move(target), std::nullopt));
}

Result<> RedisLine::prepare(HttpContext& http, RedisNode& node) {
  if (node.client) return {};
  const bool has_own = !tls_options.ca_file.empty() || !tls_options.certificate.empty();
  if (is_tls && has_own && tls == nullptr) tls = TRY(TlsContext::client(tls_options));
  if (is_tls) node.target.tls = has_own ? tls.get() : http.tls;
  node.client.emplace(http.loop, http.dialer, node.target);
  return {};
}

// Asked once; again after the master could not be reached.
Result<RedisNode*> RedisLine::master(Fiber& self, HttpContext& http) {
  if (nodes.size() > 1) return nodes.back().get();
  TRY(prepare(http, *nodes.front()));
  std::string question;
  append_resp_command(question, std::array<std::string_view, 3>{
                                    "SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_name});
  RedisReply reply;
  TRY(nodes.front()->client->send(self, {.bytes = question, .as_list = true}, reply, limit(self)));
  if (!reply.ok()) return fail_in("redis: the sentinel", failed(reply));
  const auto answers = Json::parse(reply.body);
  const bool is_known = answers && answers->is_array() && answers->array().front().is_array() &&
                        answers->array().front().array().size() == 2;
  if (!is_known)
    return fail(ErrorCode::not_found, "redis: the sentinel knows no master " + master_name);
  const auto& address = answers->array().front().array();
  const auto port = parse_integer(address[1].text());
  return &node_at(
      {.host = address[0].text(), .port = static_cast<std::uint16_t>(port.value_or(0))});
}

Result<> RedisLine::talk(Fiber& self, HttpContext& http, const RedisCall& call, RedisReply& reply) {
  const auto known = slots.find(call.slot);
  RedisNode* node = known != slots.end() ? known->second : nodes.front().get();
  if (!master_name.empty()) node = TRY(master(self, http));
  bool asks = false;
  for (std::uint32_t hop = 0;; ++hop) {
    TRY(prepare(http, *node));
    const std::string asking = asks ? "ASKING\r\n" + call.bytes : std::string();
    TRY(node->client->send(
        self, {.bytes = asks ? asking : call.bytes, .count = asks ? 2U : 1U, .as_list = true},
        reply, limit(self)));
    const auto redirect = redirect_of(reply, *node);
    if (!redirect || hop >= redirects_max || nodes.size() >= nodes_max) break;
    node = &node_at(redirect->to);
    asks = !redirect->is_lasting;
    if (redirect->is_lasting) slots[call.slot] = node;
  }
  const bool is_answered = reply.ok() || reply.failure->cause == ErrorCode::invalid;
  if (is_answered) return {};
  slots.erase(call.slot);
  if (!master_name.empty()) nodes.resize(1);
  return {};
}

Result<std::string> RedisLine::send(Fiber& self, Engine& engine, const RedisCall& call) {
  TRY(take_turn(self));
  ScriptBody& body = *engine.body;
  RedisReply reply;
  const Result<> sent = talk(self, body.scenario().shared.http, call, reply);
  end_turn();
  TRY(sent);
  record_exchange(body.scenario(), *engine.vu,
                  body.request_series({.reqs = MetricId::redis_reqs,
                                       .failed = MetricId::redis_req_failed,
                                       .duration = MetricId::redis_req_duration},
                                      call.group, call.tags),
                  reply);
  if (reply.ok()) return std::move(reply.body);
  return std::unexpected(failed(reply));
}

RedisLine& line_of(JSValueConst object) {
  return *static_cast<RedisLine*>(JS_GetOpaque(object, class_ids().redis));
}

// Seconds; k6's -1 is none.
Duration limit_of(JSContext* context, JSValueConst settings, const char* name) {
  constexpr double longest = 1e6;
  double seconds = 0;
  const JsValue value = property(context, settings, name);
  if (JS_ToFloat64(context, &seconds, value.get()) < 0 || !(seconds >= 0)) seconds = longest;
  return from_seconds(std::min(seconds, longest));
}

// Of a server that the settings name. False: an exception is pending.
bool add_node(JSContext* context, std::string url, RedisLine& line) {
  if (url.starts_with("rediss://")) {
    line.is_tls = true;
    url.erase(5, 1);
  }
  auto target = parse_redis_target(url);
  if (!target) {
    (void)throw_error(context, target.error().text);
    return false;
  }
  if (!line.login.user.empty()) target->user = line.login.user;
  if (!line.login.password.empty()) target->password = line.login.password;
  target->client_name = line.login.client_name;
  line.nodes.push_back(std::make_unique<RedisNode>(std::move(*target), std::nullopt));
  return true;
}

// (settings)
JSValue js_open(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  JSValueConst settings = arguments[0];
  auto line = std::make_unique<RedisLine>();
  line->is_tls = JS_ToBool(context, property(context, settings, "tls").get()) > 0;
  line->login.user = text_property(context, settings, "username");
  line->login.password = text_property(context, settings, "password");
  line->login.client_name = text_property(context, settings, "clientName");
  line->master_name = text_property(context, settings, "masterName");
  bool good = true;
  const JsValue urls = property(context, settings, "urls");
  for_each_property(context, urls.get(), [&](const std::string&, JSValueConst url) {
    return good = add_node(context, text_of(context, url), *line);
  });
  if (!good) return js_exception;
  if (!line->master_name.empty()) {
    // The database is the master's; the sentinel has a login of its own.
    RedisTarget& sentinel = line->nodes.front()->target;
    line->login.database = std::exchange(sentinel.database, 0);
    sentinel.user = text_property(context, settings, "sentinelUsername");
    sentinel.password = text_property(context, settings, "sentinelPassword");
  }
  const JsValue redirects = property(context, settings, "maxRedirects");
  JS_ToUint32(context, &line->redirects_max, redirects.get());
  line->tls_options.ca_file = text_property(context, settings, "ca");
  line->tls_options.certificate = text_property(context, settings, "cert");
  line->tls_options.key = text_property(context, settings, "key");
  line->dial_max = limit_of(context, settings, "dialTimeout");
  line->read_max = limit_of(context, settings, "readTimeout");
  return native_object<&ClassIds::redis>(context, "RedisLine", std::move(line));
}

RedisCall call_of(JSContext* context, const RedisLine& line, JSValueConst list) {
  std::vector<std::string> words;
  for_each_property(context, list, [&](const std::string&, JSValueConst word) {
    words.push_back(text_of(context, word));
    return true;
  });
  const std::vector<std::string_view> views(words.begin(), words.end());
  const Engine& engine = Engine::of(context);
  RedisCall call{.tags = engine.tag_text(), .group = engine.group};
  append_resp_command(call.bytes, views);
  append_tag(call.tags, "name", words.front());
  if (line.redirects_max > 0 && words.size() > 1) call.slot = slot_of(words[1]);
  return call;
}

// (line, words): a promise of the reply in a JSON list.
JSValue js_send(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  if (engine.body == nullptr)
    return throw_error(context,
                       "redis: there are no connections in init code, outside of functions");
  JsPromise promise(context);
  JsValue shown(context, promise.value());
  const auto started = engine.events.start(
      "redis",
      [&engine, promise = std::move(promise),
       line = JsValue(context, JS_DupValue(context, arguments[0])),
       call = call_of(context, line_of(arguments[0]), arguments[1])](
          Fiber& fiber) mutable -> EventLoop::Callback {
        auto reply = line_of(line.get()).send(fiber, engine, call);
        return
            [promise = std::move(promise), reply = std::move(reply)](JSContext* running) mutable {
              return promise.resolve(reply ? js_string(running, *reply)
                                           : throw_error(running, reply.error().text));
            };
      });
  return started ? shown.release() : throw_error(context, started.error().text);
}

constexpr std::array<JsFunction, 2> natives = {{{"open", js_open, 1}, {"send", js_send, 2}}};

}  // namespace

std::span<const JsFunction> redis_natives() {
  return natives;
}

}  // namespace brunt
