// Laws of models with log p(x, z): the lower bound, known labels, responsibilities.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/lower_bound.hpp"
#include "latent/em/respond.hpp"
#include "latent/testing/law_data.hpp"

LATENT_BEGIN

namespace testing::detail {

// log p(x | theta) = L(q, theta) + KL(q || p(z | x, theta)) for q the posterior of another model and
// for the model's own, which closes the gap (Neal and Hinton 1998).
template <class M, class S>
void laws_of_the_bound(const M& model, const M& other, const Subject<M, S>& subject,
                       const EStep<StatisticsOf<M>>& whole, Verdict& verdict) {
  const Samples<S>& data = subject.data;
  auto team = Serial{}.team();
  const auto slack_of = [&](double size, const QSums& sums) {
    return rounding<M>(size + std::abs(sums.next) + sums.entropy, subject.mass);
  };
  const QSums own = detail::q_sums(model, model, data, team);
  const double magnitude = whole.sums.magnitude;
  if (is_finite(own.next)) {
    const double slack = slack_of(magnitude, own);
    const double bound = own.next + own.entropy;
    if (!(std::abs(bound - own.log_likelihood_next) <= slack) ||
        !(std::abs(own.divergence) <= slack))
      verdict.add(concat("the E-step makes the lower bound tight: it is ", bound, " with a gap of ",
                         own.divergence, " below a log-likelihood of ", own.log_likelihood_next));
    if (!(std::abs(own.log_likelihood_next - whole.sums.log_likelihood) <= slack))
      verdict.add(concat("the log-likelihood of the E-step is that of log_joint: they are ",
                         whole.sums.log_likelihood, " and ", own.log_likelihood_next));
  }
  const auto try_pair = [&](const M& at, const M& posterior_of) {
    const QSums sums = detail::q_sums(at, posterior_of, data, team);
    if (!is_finite(sums.next) || !is_finite(sums.log_likelihood_next)) return;
    const double slack = slack_of(magnitude + std::abs(sums.log_likelihood_next), sums);
    const double bound = sums.next + sums.entropy;
    if (!(std::abs(bound + sums.divergence - sums.log_likelihood_next) <= slack))
      verdict.add(
          concat("lower bound and Kullback-Leibler divergence sum to the "
                 "log-likelihood: ",
                 bound, " and ", sums.divergence, " do not sum to ", sums.log_likelihood_next));
    if (!(bound <= sums.log_likelihood_next + slack))
      verdict.add(
          concat("the lower bound is no bound: ", bound, " lies above ", sums.log_likelihood_next));
  };
  // An M-step that fails is told of elsewhere.
  const auto of_other = expected(other, data);
  if (!latent::all_finite(of_other.statistics) || !is_finite(of_other.sums.log_likelihood)) return;
  try_pair(model, other);
  try_pair(other, model);
}

// sum_i w_i T(x_i) of each label, computed without an E-step.
template <class M, class S>
StatisticsOf<M> complete_statistics(const M& model, const Samples<S>& data) {
  using T = ScalarOf<M>;
  StatisticsOf<M> s = model.zero();
  for (Index lane = 0; lane < lanes_of(data.rows()); ++lane)
    for_each_block<T>(data, lane, [&](const Block<T>& block) {
      RowMatrix<T> r = RowMatrix<T>::Zero(block.x.rows(), model.weights.size());
      for (Index i = 0; i < r.rows(); ++i) {
        r(i, block.labels[i]) = static_cast<T>(block.weights[i]);
        s.n[block.labels[i]] += block.weights[i];
      }
      model.family.accumulate(block.x, r, s.family);
    });
  return s;
}

// A known label takes the place of the posterior. Answers whether the statistics of rows with known
// labels depend on the data alone: those of a family with hidden variables of its own (a scale for
// each row, say) depend on its parameters too, and its M-step maximises another Q.
template <class M, class S>
bool laws_of_labels(const M& model, const M& other, const Subject<M, S>& subject,
                    const Yardstick<M>& yardstick, Verdict& verdict) {
  const Index n = subject.data.rows();
  const auto components = static_cast<int>(model.weights.size());
  Labels known(n);
  for (Index i = 0; i < n; ++i) known[i] = static_cast<int>((i / 2) % components);
  const Samples<S> labelled = subject.labelled(known);
  const auto clamped = expected(model, labelled);
  const auto clamped_other = expected(other, labelled);
  const std::string of_model = yardstick.difference(clamped.statistics, clamped_other.statistics);
  if constexpr (HasFamilyStatistics<M>)
    verdict.expect_none(
        "statistics of rows with known labels are those of the labels",
        yardstick.difference(clamped.statistics, complete_statistics(model, labelled)));
  else
    verdict.expect_none("statistics of rows with known labels do not depend on the parameters",
                        of_model);

  Labels unknown = Labels::Constant(n, -1);
  Labels some = known;
  Vector<double> first = Vector<double>::Zero(n);  // the rows that keep their labels
  for (Index i = 0; i < n; ++i) {
    if (i % 2 == 0)
      first[i] = 1.0;
    else
      some[i] = -1;
  }
  const Vector<double> second = (1.0 - first.array()).matrix();
  const auto weighted = [&](const Labels& labels, const Vector<double>& factor) {
    return expected(model, subject.pick(subject.all(), factor).labels(labels));
  };
  auto parts = weighted(known, first);
  latent::merge(parts, weighted(unknown, second));
  verdict.expect_none("rows with and without labels each count for themselves",
                      yardstick.difference(expected(model, subject.labelled(some)), parts));
  return of_model.empty();
}

// Rows sum to 1 and are not negative; they are the posterior of log_joint, and a known label where
// there is one.
template <class M, class S>
void law_of_responsibilities(const M& model, const Samples<S>& data, Verdict& verdict) {
  if constexpr (requires { model.responsibilities(data)(0, 0); }) {
    using T = ScalarOf<M>;
    const RowMatrix<T> r = model.responsibilities(data);
    const double tolerance = 4.0 * static_cast<double>(r.cols()) * epsilon_of<M>();
    for (Index i = 0; i < r.rows(); ++i) {
      double sum = 0.0;
      bool positive = true;
      for (Index k = 0; k < r.cols(); ++k) {
        sum += static_cast<double>(r(i, k));
        positive = positive && r(i, k) >= T(0);
      }
      if (positive && std::abs(sum - 1.0) <= tolerance) continue;
      verdict.add(concat("responsibilities are not negative and sum to 1: those of row ", i,
                         positive ? " sum to " : " have a negative one among them and sum to ",
                         sum));
      return;
    }
    if constexpr (HasLogJoint<M> && !is_sequential<M>()) {
      decltype(auto) ready = detail::prepared(model);
      double worst = 0.0;
      Index where = 0;
      for (Index lane = 0; lane < lanes_of(data.rows()); ++lane)
        for_each_block<T>(data, lane, [&](const Block<T>& block) {
          RowMatrix<T> p;
          ready.log_joint(block.x, p);
          Vector<double> surprise;
          posterior(p, block, model.weights, &surprise);
          for (Index i = 0; i < p.rows(); ++i)
            for (Index k = 0; k < p.cols(); ++k) {
              const double scale = 1.0 + (is_finite(surprise[i]) ? std::abs(surprise[i]) : 0.0);
              const double gap =
                  std::abs(static_cast<double>(p(i, k) - r(block.first_row + i, k))) / scale;
              if (gap > worst) {
                worst = gap;
                where = block.first_row + i;
              }
            }
        });
      if (!(worst <= 64.0 * tolerance))
        verdict.add(concat("responsibilities are the posterior of log_joint: those of row ", where,
                           " are not"));
    }
  }
}

}  // namespace testing::detail

LATENT_END
