// One pass over the sequences of a source, for those who ask a fitted model of sequences.
#pragma once

#include <string_view>

#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/e_step.hpp"
#include "latent/models/markov_chain.hpp"

LATENT_BEGIN

namespace detail {

// Calls body(prepared model, first row, evidence, sums) for each sequence of x, on all cores, after
// the checks, and returns the sums of all. size(n) comes before the first. With `labelled`, known
// labels clamp the evidence.
template <class Sums, class M, class Data, class Size, class Body>
Sums reduce_sequences(const M& model, const Data& x, std::string_view who, bool labelled,
                      const Size& size, const Body& body) {
  decltype(auto) data = as_samples(x);
  model.check();
  if (data.rows() == 0) {
    size(Index{0});
    return {};
  }
  auto&& team = Threads{}.team();
  check_model_and_data(model, data, team, who);
  size(data.rows());
  const auto ready = model.prepare();
  return team.reduce(
      lanes_of(data.rows()), [] { return Sums{}; },
      [&](Index lane, Sums& sums) {
        for_each_block_of<M>(data, lane, [&](const Block<ScalarOf<M>>& block) {
          ready.for_each_sequence(block, labelled, [&](Index first, const Evidence& evidence) {
            body(ready, block.first_row + first, evidence, sums);
          });
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
