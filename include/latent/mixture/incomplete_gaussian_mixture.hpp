// Gaussian mixtures of data with missing values: options in, a fitted mixture out.
//
//   auto fit = latent::IncompleteGaussianMixture{.components = 3}.fit(x);     // NaN = missing
//   fit.model.predict(x);  impute(fit.model, x);
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "latent/core/error.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/gaussian_mixture.hpp"
#include "latent/mixture/imputation.hpp"
#include "latent/mixture/incomplete_gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/observed_moments.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

// Fits a Gaussian mixture by EM where numbers are missing at random (NaN in x). For the start alone the
// gaps are filled with what one Gaussian expects of them: GaussianMixture's start of that (k-means, or
// the labels where there are some) shares out the rows, and an M-step of the form follows. Rows with nothing observed are no error and say nothing. Options as in GaussianMixture. For the
// start the data are copied once.
struct IncompleteGaussianMixture {
  Index components = 2;  // K, 1 ... n
  Covariance form = Covariance::full;
  Index restarts = 1;      // >= 1; the best is kept
  double floor = 1e-10;    // in [0, 1), see GaussianMixture
  std::uint64_t seed = 0;  // any
  Index max_iterations = 1000;
  double tolerance = 1e-8;  // see EM
  Convergence convergence = Convergence::log_likelihood;
  Weighting weighting = Weighting::estimated;
  double concentration = 1.0;  // Dirichlet prior on the weights, >= 1
  Acceleration acceleration = Acceleration::none;
  NormalInverseWishart prior{};  // on means and covariances

  // The start of a restart. n x D, as for fit.
  template <class Data, class Exec = Threads>
  auto start(const Data& x, Index restart = 0, const Exec& executor = {}) const {
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    check(data, team);
    return start_of(data, filled(data, team), restart, team);
  }

  // EMFit<Mixture<IncompleteGaussian<S>>>. Throws what GaussianMixture throws (NaN is none of it), and
  // DataError for a column in which nothing is observed.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    using S = typename std::decay_t<decltype(data)>::Scalar;
    const EM em = detail::em_of(*this);
    em.check();
    auto&& team = executor.team();
    check(data, team);
    const RowMatrix<S> complete = filled(data, team);
    return detail::best_of<Mixture<IncompleteGaussian<S>>>(
        restarts, [&](Index restart) { return start_of(data, complete, restart, team); },
        em.limits(), data, team, Soft{}, observer);
  }

 private:
  static constexpr std::string_view who = "IncompleteGaussianMixture";

  // K components alike, for rows without gaps.
  template <class S>
  Mixture<GaussianFamily<S>> rough(Index columns) const {
    const RowMatrix<S> means = RowMatrix<S>::Zero(components, columns);
    auto family = GaussianFamily<S>::isotropic(form, means, 1.0);
    family.floor = floor;
    family.prior = prior;
    return {Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
            std::move(family), weighting, concentration};
  }

  template <class S, class Team>
  void check(const Samples<S>& data, Team& team) const {
    detail::check_component_count(data, components, restarts, who);
    detail::check_model_and_data(accepting_missing(rough<S>(data.cols())), data, team, who);
    const auto seen = detail::observed_sums(data, team, who, [](double, Index) { return 0.0; });
    for (Index j = 0; j < data.cols(); ++j)
      detail::require<DataError>(
          seen.weight[j] > 0.0, who,
          ": every column must have some number in a row of positive weight; "
          "column ",
          j, " has none");
  }

  // The data with each gap filled by what one Gaussian expects; for forms along the columns, their
  // means.
  template <class S, class Team>
  RowMatrix<S> filled(const Samples<S>& data, Team& team) const {
    const detail::ObservedMoments moments = detail::observed_moments(data, who);
    const bool diagonal = detail::is_diagonal(form);
    using Square = typename GaussianFamily<S>::Square;
    Square variances = Square::Zero(data.cols(), data.cols());
    variances.diagonal() = moments.variance.template cast<S>();
    const Mixture<IncompleteGaussian<S>> one{
        Vector<double>::Ones(1),
        IncompleteGaussian<S>(GaussianFamily<S>(
            diagonal ? Covariance::diagonal : Covariance::full,
            RowMatrix<S>(moments.mean.transpose().template cast<S>()), {variances}))};
    const auto unlabelled = data.labels(Labels(Labels::Constant(data.rows(), -1)));
    const EM em{.max_iterations = 20, .tolerance = 1e-4};
    return impute(em.fit(one, unlabelled, detail::Borrowed{team}).model, unlabelled);
  }

  template <class S, class Team>
  Mixture<IncompleteGaussian<S>> start_of(const Samples<S>& data, const RowMatrix<S>& complete,
                                          Index restart, Team& team) const {
    const detail::Borrowed lent{team};
    auto source = samples(complete);
    if (data.has_weights()) source = source.weights(data.weights());
    if (data.has_labels()) source = source.labels(data.labels());
    const auto begun =
        GaussianMixture<Covariance::full>{.components = components, .floor = floor, .seed = seed}
            .start(source, restart, lent);
    return accepting_missing(start_from_responsibilities(rough<S>(data.cols()), source,
                                                         begun.responsibilities(source), lent));
  }
};

LATENT_END
