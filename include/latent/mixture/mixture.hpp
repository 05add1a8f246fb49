// Mixture<Family>: K components with weights. p(x) = sum_k weights(k) p(x | component k).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/random.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/em/respond.hpp"
#include "latent/mixture/dirichlet.hpp"
#include "latent/mixture/prepared_mixture.hpp"

LATENT_BEGIN

enum class Weighting {
  estimated,  // the M-step sets the weights
  fixed,      // they stay as given
};

// An aggregate: Mixture<Binomial<double>>{weights, family}, or with .weighting and .concentration.
// Every member function is const and safe to call from several threads. x is a matrix (n x D) or a
// source.
template <class Family>
struct Mixture {
  static_assert(detail::is_mixture_family<Family>());
  using Scalar = ScalarOf<Family>;
  using Statistics = MixtureStatistics<typename Family::Statistics>;
  static constexpr bool accepts_missing = detail::accepts_missing<Family>();

  Vector<double> weights;  // K, not negative, sum 1
  Family family;
  Weighting weighting = Weighting::estimated;
  double concentration =
      1.0;  // symmetric Dirichlet prior on the weights, >= 1; 1 = maximum likelihood

  Index components() const { return weights.size(); }

  // What the engine calls.

  Statistics zero() const { return {Vector<double>::Zero(components()), family.zero()}; }

  // Refers to this mixture, which must outlive it.
  detail::PreparedMixture<Family> prepare() && = delete;
  detail::PreparedMixture<Family> prepare() const& {
    Vector<Scalar> logs(components());
    for (Index k = 0; k < components(); ++k)
      logs[k] = weights[k] > 0.0 ? static_cast<Scalar>(std::log(weights[k]))
                                 : -std::numeric_limits<Scalar>::infinity();
    return {weights, family, detail::prepared(family), std::move(logs)};
  }

  // Adds a block's expected statistics; see em/assignment.hpp for the variants.
  template <Assignment A>
  Expectation expect(const Block<Scalar>& block, const A& assign, const Step& step,
                     Statistics& statistics) const {
    return prepare().expect(block, assign, step, statistics);
  }

  // weights(k) = (n(k) + concentration - 1) / sum; as they were where nothing was observed.
  Mixture maximize(const Statistics& statistics) const {
    Mixture next{weights, family.maximize(statistics.n, statistics.family), weighting,
                 concentration};
    if (weighting == Weighting::estimated)
      detail::dirichlet_mode(statistics.n.data(), components(), concentration, next.weights.data());
    return next;
  }

  // Whether data could give these statistics.
  bool valid(const Statistics& statistics) const {
    for (Index k = 0; k < components(); ++k)
      if (!(statistics.n[k] >= 0.0)) return false;
    if constexpr (requires { family.valid(statistics.n, statistics.family); })
      return family.valid(statistics.n, statistics.family);
    return true;
  }

  // The same mixture, ready for a new fit.
  Mixture recentred() const requires requires { this->family.recentred(); }
  { return {weights, family.recentred(), weighting, concentration}; }

  // Throws InvalidArgument naming the rule that the parameters break.
  void check() const {
    detail::require(components() >= 1, "Mixture: there must be at least one component; got ",
                    components(), " weights");
    detail::require(family.components() == components(),
                    "Mixture: there must be one weight a component; got ", components(),
                    " weights for ", Index(family.components()), " components");
    detail::check_distribution(weights.data(), components(), "Mixture", "weights",
                               [](Index k) { return detail::concat("weights(", k, ")"); });
    detail::require(is_finite(concentration) && concentration >= 1.0,
                    "Mixture: concentration must be finite and at least 1; got ", concentration);
    if constexpr (requires { family.check(); }) family.check();
  }

  void check_data(const Eigen::Ref<const RowMatrix<Scalar>>& x,
                  Index first_row) const requires requires {
    this->family.check_data(x, first_row);
  }
  { family.check_data(x, first_row); }

  Index dimension() const requires requires { this->family.dimension(); }
  { return family.dimension(); }

  double log_prior() const {
    double sum = detail::log_prior(family);
    if (weighting == Weighting::estimated)
      sum += detail::dirichlet_log_density(weights.data(), components(), concentration);
    return sum;
  }

  bool degenerate() const { return detail::degenerate(family); }
  void notes(Index iteration, std::vector<Note>& out) const {
    detail::collect_notes(family, iteration, out);
  }

  // The weights, then the family's parameters.
  Vector<double> parameters() const requires requires { this->family.parameters(); }
  {
    const Vector<double> of_family = family.parameters();
    Vector<double> all(components() + of_family.size());
    all << weights, of_family;
    return all;
  }
  // weight(0), ..., then the family's names, or p1, p2, ... where it has none.
  std::vector<std::string> parameter_names() const requires requires { this->family.parameters(); }
  {
    std::vector<std::string> names = detail::numbered("weight", components());
    for (std::string& name : detail::parameter_names(family, Index(family.parameters().size())))
      names.push_back(std::move(name));
    return names;
  }

  // What a user asks a fitted model.

  // n x K: p(component | x_i); rows sum to 1. A row impossible under every component has the
  // weights. A row with a known label in a source keeps to its label.
  template <class Data>
  RowMatrix<Scalar> responsibilities(const Data& x) const {
    RowMatrix<Scalar> out;
    evaluate(
        x, "Mixture::responsibilities", [&](Index n) { out.resize(n, components()); },
        [&](const Block<Scalar>& block, const RowMatrix<Scalar>& r, const Vector<double>&) {
          out.middleRows(block.first_row, r.rows()) = r;
        });
    return out;
  }

  // The component of the largest responsibility; ties go to the lowest index. Labels in a source
  // are ignored.
  template <class Data>
  Labels predict(const Data& x) const {
    Labels out;
    check();
    const auto prepared_mixture = prepare();
    detail::over_blocks(
        *this, x, "Mixture::predict", [&](Index n) { out.resize(n); },
        [&](const Block<Scalar>& block) {
          RowMatrix<Scalar> joint;
          prepared_mixture.log_joint(block.x, joint);
          for (Index i = 0; i < joint.rows(); ++i) {
            Index best = 0;
            for (Index k = 1; k < joint.cols(); ++k)
              if (joint(i, k) > joint(i, best)) best = k;
            // Where no component explains the row, its responsibilities are the weights.
            if (is_negative_infinity(joint(i, best)))
              for (Index k = 0; k < joint.cols(); ++k)
                if (weights[k] > weights[best]) best = k;
            out[block.first_row + i] = static_cast<int>(best);
          }
        });
    return out;
  }

  // n: log p(x_i). Labels in a source are ignored.
  template <class Data>
  Vector<double> log_density(const Data& x) const {
    Vector<double> out;
    check();
    const auto prepared_mixture = prepare();
    detail::over_blocks(
        *this, x, "Mixture::log_density", [&](Index n) { out.resize(n); },
        [&](const Block<Scalar>& block) {
          RowMatrix<Scalar> joint;
          prepared_mixture.log_joint(block.x, joint);
          for (Index i = 0; i < joint.rows(); ++i)
            out[block.first_row + i] =
                static_cast<double>(log_sum_exp(joint.data() + i * joint.cols(), joint.cols()));
        });
    return out;
  }

  // sum_i w_i log p(x_i); for rows with a known label in a source, log p(x_i, label).
  template <class Data>
  double log_likelihood(const Data& x) const {
    return totals(x, "Mixture::log_likelihood").log_likelihood;
  }

  // n x D, drawn from the mixture; row i depends on (seed, i) alone. `labels`, where given,
  // receives the components.
  RowMatrix<Scalar> sample(Index n, std::uint64_t seed, Labels* labels = nullptr) const requires
      requires(Random& random, Scalar* row) {
    this->family.sample(Index{0}, random, row);
    this->family.dimension();
  }
  {
    check();
    detail::require(n >= 0, "Mixture::sample: n must not be negative; got ", n);
    RowMatrix<Scalar> out(n, family.dimension());
    if (labels != nullptr) labels->resize(n);
    const Random stream(seed, Purpose::sampling);
    for (Index i = 0; i < n; ++i) {
      Random random = stream.at(static_cast<std::uint64_t>(i));
      const Index k = detail::draw(weights.data(), components(), 1.0, random.uniform());
      family.sample(k, random, out.data() + i * out.cols());
      if (labels != nullptr) (*labels)[i] = static_cast<int>(k);
    }
    return out;
  }

  // Free parameters, those of the weights included where they are estimated.
  Index free_parameters() const requires requires { this->family.free_parameters(); }
  { return family.free_parameters() + (weighting == Weighting::estimated ? components() - 1 : 0); }

  // Akaike 1974: 2 p - 2 log L. Lower is better, in all three.
  template <class Data>
  double aic(const Data& x) const {
    return 2.0 * static_cast<double>(free_parameters()) -
           2.0 * totals_of_some(x, "Mixture::aic").log_likelihood;
  }

  // Schwarz 1978: p log n - 2 log L, n the sum of the weights.
  template <class Data>
  double bic(const Data& x) const {
    const Totals sums = totals_of_some(x, "Mixture::bic");
    return static_cast<double>(free_parameters()) * std::log(sums.weight) -
           2.0 * sums.log_likelihood;
  }

  // Biernacki, Celeux and Govaert 2000: bic plus twice the entropy of the responsibilities.
  template <class Data>
  double icl(const Data& x) const {
    const Totals sums = totals_of_some(x, "Mixture::icl");
    return static_cast<double>(free_parameters()) * std::log(sums.weight) -
           2.0 * sums.log_likelihood + 2.0 * sums.entropy;
  }

 private:
  struct Totals {
    double log_likelihood = 0.0, weight = 0.0, entropy = 0.0;
    auto fields() { return std::tie(log_likelihood, weight, entropy); }
  };

  // over_blocks with the responsibilities and log densities of each block.
  template <class Data, class Size, class Body>
  void evaluate(const Data& x, std::string_view who, const Size& size, const Body& body) const {
    check();
    const auto prepared_mixture = prepare();
    detail::over_blocks(*this, x, who, size, [&](const Block<Scalar>& block) {
      RowMatrix<Scalar> r;
      Vector<double> log_likelihood;
      prepared_mixture.log_joint(block.x, r);
      detail::posterior(r, block, weights, &log_likelihood);
      body(block, r, log_likelihood);
    });
  }

  template <class Data>
  Totals totals_of_some(const Data& x, std::string_view who) const {
    decltype(auto) data = detail::as_samples(x);
    detail::check_shape(data, who);
    return totals(data, who);
  }

  template <class Data>
  Totals totals(const Data& x, std::string_view who) const {
    check();
    const auto prepared_mixture = prepare();
    return detail::reduce_blocks<Totals>(
        *this, x, who, [](Index) {},
        [&](const Block<Scalar>& block, Totals& sums) {
          RowMatrix<Scalar> r;
          prepared_mixture.log_joint(block.x, r);
          sums.log_likelihood += detail::posterior(r, block, weights).log_likelihood;
          for (Index i = 0; i < r.rows(); ++i) {
            sums.weight += block.weights[i];
            for (Index k = 0; k < r.cols(); ++k)
              sums.entropy -= block.weights[i] *
                              xlogy(static_cast<double>(r(i, k)), static_cast<double>(r(i, k)));
          }
        });
  }
};

template <class W, class Family>
Mixture(W, Family) -> Mixture<Family>;
template <class W, class Family>
Mixture(W, Family, Weighting) -> Mixture<Family>;
template <class W, class Family>
Mixture(W, Family, Weighting, double) -> Mixture<Family>;

LATENT_END
