// What one direction of one proxied connection does to its bytes: a chain of toxics, each of which
// works out when the bytes that come now will be passed on, and in what shape.
//
// No fiber, no I/O, no clock: the proxy hands bytes over with the instant of their arrival and
// passes on what is due. So a stream's order cannot break: pieces wait in a queue, and none is due
// before the one ahead of it.
//
//   ToxicChain chain(pool, prng, {.opened = now, .established = now});
//   chain.set(toxics, now);
//   chain.take(bytes, now);
//   while (chain.front() != nullptr && chain.front()->due <= now) { pass on; chain.pop(); }
//
// What each toxic does is said in docs/reference/proxy.md.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/prng.h"
#include "base/time.h"
#include "fault/toxic.h"

namespace brunt {

// How a stream goes on after a piece.
enum class PieceEnd : std::uint8_t {
  none,
  finish,  // The sender has finished; the other direction lives on.
  close,   // The whole connection is closed.
  reset,   // The whole connection is broken.
};

struct HeldPiece {
  Instant due;
  std::vector<std::byte> bytes;
  PieceEnd end = PieceEnd::none;
};

// Memory of pieces, used again: so that bytes which wait cost no allocation once it is warm. One
// for each proxy; outlives its chains.
class PiecePool {
 public:
  std::vector<std::byte> take(ByteView bytes);
  void give_back(std::vector<std::byte> bytes);

 private:
  std::vector<std::vector<std::byte>> free_;
};

class ToxicChain {
 public:
  struct Times {
    Instant opened;  // When the connection was accepted.
    Instant
        established;  // From when on its bytes count as sent: later where connecting takes time.
  };
  ToxicChain(PiecePool& pool, const Prng& chance, const Times& times);
  ~ToxicChain();

  // The toxics of this direction that befall this connection, in order. Those that were there
  // before go on where they are; `down` and `refuse` are the proxy's business and do nothing here.
  void set(std::span<const Toxic> toxics, Instant now);

  // Bytes that have come, or the end of them.
  void take(ByteView bytes, Instant now);
  void end(PieceEnd how, Instant now);

  const HeldPiece* front() const { return held_.empty() ? nullptr : &held_.front(); }
  void pop();
  std::size_t bytes_held() const { return bytes_held_; }

  // Bytes that come before this instant had better stay with the sender (which TCP then slows
  // down). far_future: until the toxics change.
  Instant reads_from() const;

  // When the whole connection is to be ended whatever comes, and how.
  Instant ends_at() const { return ends_at_; }
  PieceEnd ends_how() const { return ends_how_; }

  // Nothing waits and nothing would be done: bytes may go past the chain.
  bool idle() const { return stages_.empty() && held_.empty() && ends_at_ == far_future; }

  std::uint64_t bytes_dropped() const { return bytes_dropped_; }

  ToxicChain(const ToxicChain&) = delete;
  ToxicChain& operator=(const ToxicChain&) = delete;

 private:
  struct Stage;
  struct Bytes {
    Instant at;
    ByteView view;
    PieceEnd end = PieceEnd::none;
  };
  void pass(std::size_t stage, Bytes bytes);
  void hold(const Bytes& bytes);
  void delay(std::size_t stage, Bytes bytes);
  void narrow(std::size_t stage, Bytes bytes);
  void slice(std::size_t stage, Bytes bytes);
  void stand_still(std::size_t stage, Bytes bytes);
  void limit(std::size_t stage, Bytes bytes);
  void flip_bits(std::size_t stage, Bytes bytes);
  void repeat(std::size_t stage, Bytes bytes);
  void drop(std::size_t stage, Bytes bytes);
  void open_stage(Stage& stage, Instant now);
  void retire(const Stage& stage, Instant now);
  Duration draw_latency(Stage& stage);
  void work_out_end();

  PiecePool& pool_;
  Prng chance_;
  Times times_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::deque<HeldPiece> held_;
  std::size_t bytes_held_ = 0;
  std::uint64_t bytes_dropped_ = 0;
  Instant last_due_{};
  Instant broken_at_ = far_future;  // A gap in the stream that nobody may see.
  Instant closed_at_ = far_future;  // By a time-out that was taken away.
  Instant ends_at_ = far_future;
  PieceEnd ends_how_ = PieceEnd::none;
};

}  // namespace brunt
