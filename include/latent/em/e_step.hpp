// One E-step over a source: blocks to statistics, lanes merged.
#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

template <class Statistics>
struct EStep {
  Statistics statistics;
  Expectation sums;
  auto fields() { return std::tie(statistics, sums); }
};

template <class M, class Prepared, class S, class Assign, class Statistics>
Expectation expect_block(const Prepared& model, const Block<S>& block, const Assign& assign,
                         const Step& step, Statistics& statistics) {
  if constexpr (Assigns<M, Assign>) {
    return detail::to_expectation(model.expect(block, assign, step, statistics));
  } else {
    static_assert(std::is_same_v<Assign, Soft>,
                  "this model has no expect(block, assign, step, statistics): Soft only");
    return detail::to_expectation(model.expect(block, statistics));
  }
}

// The blocks of a lane as model M wants them.
template <class M, class S, class F>
void for_each_block_of(const Samples<S>& data, Index lane, F&& f) {
  if constexpr (is_sequential<M>())
    for_each_sequence_block<ScalarOf<M>>(data, lane, f);
  else
    for_each_block<ScalarOf<M>>(data, lane, f);
}

template <class M, class S, class Assign, class Team>
EStep<StatisticsOf<M>> e_step(const M& model, const Samples<S>& data, const Assign& assign,
                              const Step& step, Team& team) {
  using Sums = EStep<StatisticsOf<M>>;
  decltype(auto) ready = detail::prepared(model);
  return team.reduce(
      lanes_of(data.rows()),
      [&] {
        return Sums{model.zero(), {}};
      },
      [&](Index lane, Sums& sums) {
        for_each_block_of<M>(data, lane, [&](const Block<ScalarOf<M>>& block) {
          latent::merge(sums.sums, expect_block<M>(ready, block, assign, step, sums.statistics));
        });
      });
}

// The M-step from gather(model), statistics that do not depend on the model's parameters (labels are
// known). A model with recentred() has them gathered again about what the first found.
template <class M, class Gather>
M maximize_twice(const M& start, const Gather& gather) {
  M made = start.maximize(gather(start));
  if constexpr (requires {
                  { made.recentred() } -> std::convertible_to<M>;
                }) {
    const M centred = made.recentred();
    made = centred.maximize(gather(centred));
  }
  return made;
}

}  // namespace detail

LATENT_END
