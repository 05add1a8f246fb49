// The expected statistics of data under a model: an E-step on its own.
//
//   auto s = expected_statistics(model, here);           // on several machines, one after another, ...
//   merge(s, expected_statistics(model, there));
//   auto next = model.maximize(s);                       // as if all rows had been in one place
#pragma once

#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/e_step.hpp"

LATENT_BEGIN

// What model.maximize() takes: the statistics that one (soft) E-step makes of x (n x D; a matrix or a
// source, with weights and labels where it has them). Those of parts of the data under one model add
// up with merge(); numbers from elsewhere come in with unpack(). Where the parts are cut at multiples
// of 2048 rows and merged along a balanced tree, the bits are those of all at once. Rows of weight 0
// alone give zero(). Throws as EM::fit does. One E-step.
template <class Model, class Data, Executor Exec = Threads>
StatisticsOf<Model> expected_statistics(const Model& model, const Data& x,
                                        const Exec& executor = {}) {
  static_assert(detail::is_latent_model<Model>());
  decltype(auto) data = detail::as_samples(x);
  auto&& team = executor.team();
  detail::check_model_and_data(model, data, team, "expected_statistics",
                               detail::Weightless::allowed);
  return detail::e_step(model, data, Soft{}, Step{}, team).statistics;
}

LATENT_END
