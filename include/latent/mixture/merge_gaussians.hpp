// Gaussian mixtures that were fitted apart, brought together.
#pragma once

#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/statistics.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/gaussian_parts.hpp"
#include "latent/mixture/mixture.hpp"

LATENT_BEGIN

namespace detail {

// K x D: about what the family's statistics are taken; the sums of a row of zeros are its opposite.
template <class S>
RowMatrix<double> shift_of(const GaussianFamily<S>& family) {
  GaussianStatistics s = family.zero();
  family.accumulate(RowMatrix<S>::Zero(1, family.dimension()),
                    RowMatrix<S>::Ones(1, family.components()), s);
  return -s.sum;
}

// Statistics about one shift become those about another that is `moved` away (K x D: old - new):
// sum + n v, and scatter + sum v' + v sum' + n v v'. Exact but for the rounding of these terms.
inline void move_shift(GaussianStatistics& s, const Vector<double>& n,
                       const RowMatrix<double>& moved, Covariance form) {
  const Index d = moved.cols();
  for (Index k = 0; k < moved.rows(); ++k) {
    const Index block = is_shared(form) ? 0 : k;
    for (Index i = 0; i < d; ++i)
      for (Index j = is_diagonal(form) ? i : 0; j <= i; ++j)
        (is_diagonal(form) ? s.scatter(block, i) : s.scatter(block * d + i, j)) +=
            s.sum(k, i) * moved(k, j) + moved(k, i) * s.sum(k, j) +
            n[k] * moved(k, i) * moved(k, j);
    s.sum.row(k) += n[k] * moved.row(k);
  }
}

template <class Family>
void check_same_kind(const Mixture<Family>& a, const Mixture<Family>& b, std::string_view who) {
  a.check();
  b.check();
  require(a.components() == b.components() && a.dimension() == b.dimension() &&
              a.family.form() == b.family.form(),
          who, ": both must have the same number of components, dimension and form; got ",
          a.components(), " x ", a.dimension(), " ", to_string(a.family.form()), " and ",
          b.components(), " x ", b.dimension(), " ", to_string(b.family.form()));
}

}  // namespace detail

// Statistics that an E-step took under `from`, as if it had taken them about the shift of `to`, whose
// maximize() they can then be given, alone or merged with others: each fit sums about means of its own,
// so that no digit is lost far from the origin, and the sums of two fits do not add up as they are.
// Component k of one is component k of the other. Throws InvalidArgument where the models differ in
// kind. O(K D^2).
template <GaussianComponents Family>
StatisticsOf<Mixture<Family>> move_statistics(StatisticsOf<Mixture<Family>> statistics,
                                              const Mixture<Family>& from,
                                              const Mixture<Family>& to) {
  detail::check_same_kind(from, to, "move_statistics");
  detail::require(latent::packed_size(statistics) == latent::packed_size(from.zero()),
                  "move_statistics: the statistics must be those of the models");
  using S = ScalarOf<Family>;
  const GaussianFamily<S>& old_family = from.family;
  const GaussianFamily<S>& new_family = to.family;
  const RowMatrix<double> moved = detail::shift_of(old_family) - detail::shift_of(new_family);
  detail::move_shift(statistics.family, statistics.n, moved, from.family.form());
  return statistics;
}

// The statistics that `weight` rows' worth of a mixture have, about the mixture's own shift: those from
// which its M-step makes it again. O(K D^2).
template <GaussianComponents Family>
StatisticsOf<Mixture<Family>> statistics_of_fit(const Mixture<Family>& mixture, double weight) {
  constexpr std::string_view who = "statistics_of_fit";
  using S = ScalarOf<Family>;
  mixture.check();
  detail::require(is_finite(weight) && weight > 0.0, who,
                  ": weight must be finite and positive; got ", weight);
  detail::require(mixture.family.prior.none() && mixture.concentration == 1.0, who,
                  ": the parameters must be maximum likelihood, without a prior");
  const GaussianFamily<S>& family = mixture.family;
  const Covariance form = family.form();
  const Index d = family.dimension();
  auto statistics = mixture.zero();
  statistics.n = weight * mixture.weights;
  GaussianStatistics& s = statistics.family;
  for (Index k = 0; k < mixture.components(); ++k) {
    const RowMatrix<double> factor = family.cholesky_factor(k);
    const Index block = detail::is_shared(form) ? 0 : k;
    for (Index i = 0; i < d; ++i)
      for (Index j = detail::is_diagonal(form) ? i : 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index l = 0; l <= j; ++l) sum += factor(i, l) * factor(j, l);
        (detail::is_diagonal(form) ? s.scatter(block, i) : s.scatter(block * d + i, j)) +=
            statistics.n[k] * sum;
      }
  }
  const RowMatrix<double> moved = family.means.template cast<double>() - detail::shift_of(family);
  detail::move_shift(s, statistics.n, moved, form);
  return statistics;
}

// One mixture for the data of two fits, from the fits alone: `weight_a` and `weight_b` are the rows (or
// weights) that each was fitted to. It is what an M-step makes of the statistics of both: components
// are pooled by their weights, n_k = weight_a w_ak + weight_b w_bk, with the means and covariances of
// all their rows. For the forms EII, VII, EEI, VVI, EEE and VVV no more than the parameters is needed
// for this; for the others the pooled covariances are the nearest of the form (in Kullback-Leibler
// divergence) to those pooled freely. Component k of one must be component k of the other, as after fits
// from one start. EM on the data may still climb from there: rows were shared out by each fit's own
// posterior. Throws InvalidArgument (models of different kinds, weights, priors). O(K D^3).
template <GaussianComponents Family>
Mixture<Family> merge_fits(const Mixture<Family>& a, double weight_a, const Mixture<Family>& b,
                           double weight_b) {
  detail::check_same_kind(a, b, "merge_fits");
  const Mixture<Family> about = a.recentred();
  auto sums = statistics_of_fit(about, weight_a);
  latent::merge(sums, move_statistics(statistics_of_fit(b, weight_b), b, about));
  return about.maximize(sums).recentred();
}

LATENT_END
