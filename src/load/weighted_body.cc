#include "load/weighted_body.h"

#include <utility>

#include "load/even_spread.h"

namespace brunt {
namespace {

// Each part sees a VU of its own: the same ids and count, its own state.
class PartStates : public VuState {
 public:
  std::vector<Vu> vus;
  std::size_t started = 0;
};

PartStates& states_of(Vu& vu) {
  return static_cast<PartStates&>(*vu.state);
}

}  // namespace

Result<WeightedBody> WeightedBody::create(std::vector<Part> parts) {
  std::vector<std::uint64_t> weights;
  for (const Part& part : parts) weights.push_back(part.weight);
  const std::uint64_t cycle = even_spread_cycle(weights);
  if (cycle == 0) return fail(ErrorCode::invalid, "weight: at least one must be more than 0");
  if (cycle > even_spread_cycle_max)
    return fail(ErrorCode::invalid,
                "weight: these weights repeat only after " + std::to_string(cycle) +
                    " iterations; at most a million is possible, so use rounder ones");
  return WeightedBody(std::move(parts), even_spread(weights));
}

WeightedBody::WeightedBody(std::vector<Part> parts, std::vector<std::uint32_t> cycle)
    : parts_(std::move(parts)), cycle_(std::move(cycle)) {}

std::size_t WeightedBody::part_of(std::uint64_t index) const {
  return cycle_[index % cycle_.size()];
}

Result<> WeightedBody::start_vu(Fiber& self, Vu& vu) {
  auto states = std::make_unique<PartStates>();
  states->vus.resize(parts_.size());
  for (Vu& part : states->vus) {
    part.id_in_test = vu.id_in_test;
    part.id_in_instance = vu.id_in_instance;
  }
  PartStates& started = *states;
  vu.state = std::move(states);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (auto result = parts_[i].body->start_vu(self, started.vus[i]); !result) {
      end_vu(self, vu);  // Those that did start end in order; the executor will not call it.
      return result;
    }
    ++started.started;
  }
  return {};
}

IterationEnd WeightedBody::run(Fiber& self, Vu& vu, const Iteration& iteration) {
  const std::size_t part = part_of(iteration.index);
  Vu& own = states_of(vu).vus[part];
  own.iterations = vu.iterations;
  return parts_[part].body->run(self, own, iteration);
}

void WeightedBody::end_vu(Fiber& self, Vu& vu) {
  PartStates& states = states_of(vu);
  for (std::size_t i = 0; i < states.started; ++i) parts_[i].body->end_vu(self, states.vus[i]);
}

}  // namespace brunt
