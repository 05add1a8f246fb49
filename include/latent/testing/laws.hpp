// The theory of EM as laws that any latent model can be tried on:
//
//   for (const auto& broken : latent::testing::broken_laws(start, samples(x))) std::cout << broken;
//
// An empty answer means that the model may be used with weights, labels and threads, wherever
// statistics are merged or blended, and that its steps are those of EM.
#pragma once

#include <string>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/em/check.hpp"
#include "latent/em/em.hpp"
#include "latent/testing/law_data.hpp"
#include "latent/testing/law_mixture.hpp"
#include "latent/testing/law_steps.hpp"
#include "latent/testing/law_sums.hpp"

LATENT_BEGIN

namespace testing {

// The laws that `model` breaks on `data` (a matrix or a source, at least two rows), each as a
// sentence with the numbers found. They are
//
//   of the E-step    its statistics add up over parts of the data, in any order, cut anywhere; they
//                    are linear in the weights; a second E-step and any executor give the same bits
//   of the M-step    the objective never falls, be the E-step soft, hard or annealed; a fixed point
//                    stays, and the objective is stationary there; odd statistics are no error
//   of mixtures      log p(x) = lower bound + divergence, and the E-step closes the gap; the M-step
//                    maximises Q; known labels take the place of the posterior; responsibilities
//                    sum to 1. "Mixtures" are models with log_joint and weights.
//
// What cannot be seen: an M-step that is off by less than the data tell, and in float models by
// less than 64 eps of the log-likelihood (that 1 % is seen is promised for double). M-steps that
// have something to mend (degenerate()) are not asked for a maximum. Models with maximize_safely,
// and families whose statistics depend on their parameters although all labels are known, maximise
// no Q of labels: like models that are no mixtures they are tried at a fixed point, which 100 steps
// must come near. Rows of weight 0 are tried at the end of the number range in a Mixture, at four
// times their size in other models, which may multiply by the weight last.
//
// Cost: up to about 150 E-steps on one core, whatever the number of rows; some copies of the data at a
// time. Data of fewer than 4097 rows are repeated for the law of threads; data of one sequence are
// cut into eight. Throws what a fit of the same data would.
template <class Model, class Data>
std::vector<std::string> broken_laws(const Model& model, const Data& data) {
  using namespace detail;
  decltype(auto) source = as_samples(data);
  using S = typename std::decay_t<decltype(source)>::Scalar;
  {
    auto team = Serial{}.team();
    check_model_and_data(model, source, team, "broken_laws");
  }
  const Subject<Model, S> subject(source);
  const Evaluated<Model> start = evaluated<Model>(model, subject.data);
  const EStep<StatisticsOf<Model>>& whole = start.step;
  Verdict verdict;
  if (!start.usable) {
    verdict.add("the E-step gave numbers that are not finite");
    return std::move(verdict).sentences();
  }
  const Yardstick<Model> yardstick(model, subject, whole);

  verdict.attempt("statistics add up",
                  [&] { laws_of_merging(model, subject, whole, yardstick, verdict); });
  verdict.attempt("weights are frequencies",
                  [&] { laws_of_weights(model, subject, whole, yardstick, verdict); });
  verdict.attempt("any executor gives the same bits",
                  [&] { laws_of_threads(model, subject, verdict); });
  verdict.attempt("draws", [&] { law_of_draws(model, subject, yardstick, verdict); });
  verdict.attempt("odd statistics", [&] { laws_of_odd_statistics(start, subject, verdict); });

  bool by_q = false;
  if constexpr (HasLogJoint<Model> && !is_sequential<Model>())
    verdict.attempt("laws of mixtures", [&] {
      const Model other = model.maximize(whole.statistics);
      laws_of_the_bound(model, other, subject, whole, verdict);
      by_q = laws_of_labels(model, other, subject, yardstick, verdict);
      if constexpr (!requires { model.maximize_safely(whole.statistics); }) {
        if (by_q) law_of_q(start, subject, verdict);
      } else {
        by_q = false;
      }
    });
  verdict.attempt("responsibilities",
                  [&] { law_of_responsibilities(model, subject.data, verdict); });

  verdict.attempt("the objective never falls", [&] {
    const Climb<Model> path =
        climb(start, subject, Soft{}, by_q ? 25 : 100, "an M-step lowered the objective", verdict);
    if (path.last.usable) law_of_fixed_points(path, subject, verdict);
    if (!by_q) law_of_stationarity(path, subject, verdict);
  });
  if constexpr (Assigns<Model, Hard>)
    verdict.attempt("the objective of hard EM never falls", [&] {
      climb(evaluated(model, subject.data, Hard{}), subject, Hard{}, 12,
            "an M-step lowered the objective of hard EM", verdict);
    });
  if constexpr (Assigns<Model, Annealed>)
    verdict.attempt("the objective of annealed EM never falls", [&] {
      const Annealed half{.start = 0.5, .growth = 2.0, .hold = 1};  // the first iteration: 0.5
      climb(evaluated(model, subject.data, half), subject, half, 12,
            "an M-step lowered the objective of annealed EM at a fixed temperature", verdict);
    });
  verdict.attempt("reports", [&] { law_of_reports(model, subject, verdict); });
  return std::move(verdict).sentences();
}

}  // namespace testing

LATENT_END
