// Fuzz target: the decoders of histograms and snapshots. What they accept must encode to bytes that
// decode to the same, and be fit for use.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "metrics/histogram.h"
#include "metrics/snapshot.h"
#include "metrics/totals.h"

using namespace brunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto histogram = Histogram::decode(bytes)) {
    const auto again = Histogram::decode(as_bytes(histogram->encode()));
    if (!again || !(*again == *histogram)) std::abort();
    const double median = histogram->quantile(0.5);
    if (!(median >= histogram->min() && median <= histogram->max())) std::abort();
  }
  if (const auto snapshot = decode_snapshot(bytes)) {
    const std::string wire = encode_snapshot(*snapshot);
    const auto again = decode_snapshot(as_bytes(wire));
    if (!again || encode_snapshot(*again) != wire) std::abort();
    Totals totals;
    if (totals.merge(0, *snapshot)) (void)totals.close_second(snapshot->second);
  }
  return 0;
}
