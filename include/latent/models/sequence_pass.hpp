// One pass over the sequences of a source, for those who ask a fitted model of sequences.
#pragma once

#include <string_view>

#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/models/markov_chain.hpp"

LATENT_BEGIN

namespace detail {

// Calls body(prepared model, first row, evidence, sums) for each sequence of x, on all cores, after
// the checks, and returns the sums of all. size(n) comes before the first. With `labelled`, known
// labels clamp the evidence.
template <class Sums, class M, class Data, class Size, class Body>
Sums reduce_sequences(const M& model, const Data& x, std::string_view who, bool labelled,
                      const Size& size, const Body& body) {
  model.check();
  const auto ready = model.prepare();
  return reduce_blocks<Sums>(model, x, who, size, [&](const Block<ScalarOf<M>>& block, Sums& sums) {
    ready.for_each_sequence(block, labelled, [&](Index first, const Evidence& evidence) {
      body(ready, block.first_row + first, evidence, sums);
    });
  });
}

// The same without sums: body(prepared model, first row, evidence).
template <class M, class Data, class Size, class Body>
void over_sequences(const M& model, const Data& x, std::string_view who, bool labelled,
                    const Size& size, const Body& body) {
  (void)reduce_sequences<double>(model, x, who, labelled, size,
                                 [&](const auto& ready, Index first_row, const Evidence& evidence,
                                     double& /*sum*/) { body(ready, first_row, evidence); });
}

}  // namespace detail

LATENT_END
