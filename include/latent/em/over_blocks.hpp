// What a fitted model is asked of many rows.
#pragma once

#include <string_view>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/e_step.hpp"

LATENT_BEGIN

namespace detail {

// Calls body(block, sums) for all blocks of x (a matrix or a source), on all cores, after the checks
// of a fit, and returns the sums of all, merged like every other statistic. size(n) comes before the
// first. No rows: no checks and no blocks.
template <class Sums, class Model, class Data, class Size, class Body>
Sums reduce_blocks(const Model& model, const Data& x, std::string_view who, const Size& size,
                   const Body& body) {
  decltype(auto) data = as_samples(x);
  if (data.rows() == 0) {
    size(Index{0});
    return {};
  }
  auto team = Threads{}.team();
  check_model_and_data(model, data, team, who);
  size(data.rows());
  return team.reduce(
      lanes_of(data.rows()), [] { return Sums{}; },
      [&](Index lane, Sums& sums) {
        for_each_block_of<Model>(data, lane,
                                 [&](const Block<ScalarOf<Model>>& block) { body(block, sums); });
      });
}

// The same without sums: body(block).
template <class Model, class Data, class Size, class Body>
void over_blocks(const Model& model, const Data& x, std::string_view who, const Size& size,
                 const Body& body) {
  (void)reduce_blocks<double>(
      model, x, who, size,
      [&](const Block<ScalarOf<Model>>& block, double& /*sum*/) { body(block); });
}

// sum of term(block).
template <class Model, class Data, class Term>
double sum_over_blocks(const Model& model, const Data& x, std::string_view who, const Term& term) {
  return reduce_blocks<double>(
      model, x, who, [](Index) {},
      [&](const Block<ScalarOf<Model>>& block, double& sum) { sum += term(block); });
}

}  // namespace detail

LATENT_END
