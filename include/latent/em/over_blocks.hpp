// What a fitted model is asked of many rows.
#pragma once

#include <string_view>

#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// Calls body(block) for all blocks of x (a matrix or a source), on all cores, after the checks of a
// fit. size(n) comes first. No rows: no checks and no blocks.
template <class Model, class Data, class Size, class Body>
void over_blocks(const Model& model, const Data& x, std::string_view who, const Size& size,
                 const Body& body) {
  decltype(auto) data = as_samples(x);
  if (data.rows() == 0) return size(Index{0});
  auto team = Threads{}.team();
  check_model_and_data(model, data, team, who);
  size(data.rows());
  team.for_each_lane(lanes_of(data.rows()),
                     [&](Index lane) { for_each_block<ScalarOf<Model>>(data, lane, body); });
}

// sum of term(block) over all blocks of x, merged like every other statistic.
template <class Model, class Data, class Term>
double sum_over_blocks(const Model& model, const Data& x, std::string_view who, const Term& term) {
  decltype(auto) data = as_samples(x);
  if (data.rows() == 0) return 0.0;
  auto team = Threads{}.team();
  check_model_and_data(model, data, team, who);
  return team.reduce(
      lanes_of(data.rows()), [] { return 0.0; },
      [&](Index lane, double& sum) {
        for_each_block<ScalarOf<Model>>(
            data, lane, [&](const Block<ScalarOf<Model>>& block) { sum += term(block); });
      });
}

}  // namespace detail

LATENT_END
