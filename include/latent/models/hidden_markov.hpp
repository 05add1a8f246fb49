// HiddenMarkov<Family>: rows that depend on a hidden state, which moves as a Markov chain.
//
//   p(x, z) = initial(z_0) p(x_0 | z_0) prod_t transition(z_t-1, z_t) p(x_t | z_t)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/models/markov_chain.hpp"
#include "latent/models/prepared_hidden_markov.hpp"
#include "latent/models/sample_chain.hpp"
#include "latent/models/sequence_pass.hpp"
#include "latent/models/transition.hpp"

LATENT_BEGIN

// Hidden states along the rows, and log p(states, x), summed over sequences times their weights.
struct HiddenPath {
  Labels states;  // n
  double log_probability = 0.0;
};

// An aggregate: HiddenMarkov{initial, transition, family}, fitted by EM (Baum and Welch). The
// family is any that Mixture takes. x is a matrix (n x D), which is one sequence, or a source with
// sequences; a label is a state that is known. Every member function is const and safe to call from
// several threads; those that read data take O(n K^2) and n x K numbers for the longest sequence.
//
// A transition of exactly 0 stays 0, so that a model which moves from left to right keeps doing so,
// unless neighbouring rows have known labels that step along it: these are counted whatever the
// start forbids.
// A sequence that the model cannot make has log-likelihood -inf. Its posterior is then that of the
// sequence without the rows that contradict those before them (only their labels count); a label
// that cannot be reached cuts the sequence in two, and only a label before it makes the step between
// them a transition.
template <class Family>
struct HiddenMarkov {
  static_assert(detail::is_mixture_family<Family>());
  using Scalar = ScalarOf<Family>;
  using Statistics = HiddenMarkovStatistics<typename Family::Statistics>;
  static constexpr bool sequential = true;

  Vector<double> initial;        // K, not negative, sum 1
  RowMatrix<double> transition;  // K x K, not negative, rows sum to 1: (j, k) = P(k next | j now)
  Family family;                 // K components
  double initial_concentration =
      1.0;  // symmetric Dirichlet prior on `initial`, >= 1; 1 = maximum likelihood
  double transition_concentration =
      1.0;  // the same on each row of `transition`; above 1 no transition stays 0
  Weighting initial_weighting = Weighting::estimated;  // fixed: `initial` stays as given

  Index components() const { return initial.size(); }

  // What the engine calls.

  Statistics zero() const {
    return {Vector<double>::Zero(components()), RowMatrix<double>::Zero(components(), components()),
            Vector<double>::Zero(components()), family.zero()};
  }

  // Refers to this model, which must outlive it.
  detail::PreparedHiddenMarkov<Family> prepare() && = delete;
  detail::PreparedHiddenMarkov<Family> prepare() const& {
    return {initial, transition, family, detail::prepared(family), {initial, transition}};
  }

  // Adds the expected statistics of a block of whole sequences. Soft: forward-backward. Hard:
  // Viterbi training, whose objective is the log-probability of the best paths. Stochastic: a path
  // drawn by backward sampling. Annealed: all probabilities of path and rows to the power of beta.
  template <Assignment A>
  Expectation expect(const Block<Scalar>& block, const A& assign, const Step& step,
                     Statistics& statistics) const {
    return prepare().expect(block, assign, step, statistics);
  }

  // initial(k) = (statistics.initial(k) + concentration - 1) / sum, the rows of transition alike
  // (Rabiner 1989, equation 40); what was never met stays as it was.
  HiddenMarkov maximize(const Statistics& statistics) const {
    HiddenMarkov next{initial,
                      transition,
                      family.maximize(statistics.n, statistics.family),
                      initial_concentration,
                      transition_concentration,
                      initial_weighting};
    const Index k = components();
    if (initial_weighting == Weighting::estimated)
      detail::dirichlet_mode(statistics.initial.data(), k, initial_concentration,
                             next.initial.data());
    for (Index j = 0; j < k; ++j)
      detail::dirichlet_mode(statistics.transition.data() + j * k, k, transition_concentration,
                             next.transition.data() + j * k);
    return next;
  }

  // Whether data could give these statistics.
  bool valid(const Statistics& statistics) const {
    const auto counts = [](const auto& numbers) { return !(numbers.array() < 0.0).any(); };
    if (!counts(statistics.initial) || !counts(statistics.transition) || !counts(statistics.n))
      return false;
    if constexpr (requires { family.valid(statistics.n, statistics.family); })
      return family.valid(statistics.n, statistics.family);
    return true;
  }

  // The same model, ready for a new fit.
  HiddenMarkov recentred() const requires requires { this->family.recentred(); }
  {
    HiddenMarkov next = *this;
    next.family = family.recentred();
    return next;
  }

  // Throws InvalidArgument naming the rule that the parameters break.
  void check() const {
    const Index k_count = components();
    detail::require(k_count >= 1, "HiddenMarkov: there must be at least one state; got ", k_count,
                    " initial probabilities");
    detail::check_chain(initial, transition, "HiddenMarkov");
    detail::require(family.components() == k_count,
                    "HiddenMarkov: the family must have one component a state; got ",
                    Index(family.components()), " components for ", k_count, " states");
    for (const double concentration : {initial_concentration, transition_concentration})
      detail::require(is_finite(concentration) && concentration >= 1.0,
                      "HiddenMarkov: concentrations must be finite and at least 1; got ",
                      concentration);
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
    if (initial_weighting == Weighting::estimated)
      sum += detail::dirichlet_log_density(initial.data(), initial.size(), initial_concentration);
    return sum + detail::dirichlet_log_density(transition.data(), transition.size(),
                                               transition_concentration);
  }

  bool degenerate() const { return detail::degenerate(family); }
  void notes(Index iteration, std::vector<Note>& out) const {
    detail::collect_notes(family, iteration, out);
  }

  // initial, the rows of transition, then the family's parameters.
  Vector<double> parameters() const requires requires { this->family.parameters(); }
  {
    const Vector<double> of_family = family.parameters();
    Vector<double> all(initial.size() + transition.size() + of_family.size());
    all << initial, transition.template reshaped<Eigen::RowMajor>(), of_family;
    return all;
  }

  // initial(0), ..., transition(0,0), ..., then the family's names, or p1, p2, ... where it has none.
  std::vector<std::string> parameter_names() const requires requires { this->family.parameters(); }
  {
    std::vector<std::string> names = detail::numbered("initial", components());
    const auto add = [&](std::vector<std::string> more) {
      for (std::string& name : more) names.push_back(std::move(name));
    };
    add(detail::numbered("transition", components(), components()));
    add(detail::parameter_names(family, Index(family.parameters().size())));
    return names;
  }

  // What a user asks a fitted model.

  // n x K: p(state at row i | all rows of its sequence); rows sum to 1. Known labels in a source
  // are kept to.
  template <class Data>
  RowMatrix<Scalar> posterior(const Data& x) const {
    RowMatrix<Scalar> out;
    detail::over_sequences(
        *this, x, "HiddenMarkov::posterior", true, [&](Index n) { out.resize(n, components()); },
        [&](const auto& ready, Index first_row, const detail::Evidence& evidence) {
          out.middleRows(first_row, evidence.length) =
              ready.posterior(evidence).template cast<Scalar>();
        });
    return out;
  }

  // The same under the name that it has for a Mixture.
  template <class Data>
  RowMatrix<Scalar> responsibilities(const Data& x) const {
    return posterior(x);
  }

  // The most probable state of each row on its own: the largest posterior; ties go to the lowest
  // index. Makes the fewest errors a row, but steps from one to the next may be impossible. Known
  // labels in a source are kept to.
  template <class Data>
  Labels posterior_mode(const Data& x) const {
    const RowMatrix<Scalar> gamma = posterior(x);
    Labels out(gamma.rows());
    for (Index i = 0; i < gamma.rows(); ++i) {
      Index best = 0;
      for (Index k = 1; k < gamma.cols(); ++k)
        if (gamma(i, k) > gamma(i, best)) best = k;
      out[i] = static_cast<int>(best);
    }
    return out;
  }

  // The most probable path of states (Viterbi 1967). Of paths that tie, the one whose last state is
  // lowest, then the state before, and so on. Known labels in a source are kept to.
  template <class Data>
  HiddenPath viterbi(const Data& x) const {
    return best_path(x, "HiddenMarkov::viterbi", true);
  }

  // The states of viterbi(x). Labels in a source are ignored.
  template <class Data>
  Labels predict(const Data& x) const {
    return best_path(x, "HiddenMarkov::predict", false).states;
  }

  // sum_s w_s log p(x_s) over sequences; with known labels in a source, log p(x_s, labels).
  template <class Data>
  double log_likelihood(const Data& x) const {
    return totals(x, "HiddenMarkov::log_likelihood").log_likelihood;
  }

  // log p(x_s), one a sequence. Labels in a source are ignored.
  template <class Data>
  Vector<double> sequence_log_density(const Data& x) const {
    decltype(auto) data = detail::as_samples(x);
    const std::vector<Index>& starts = data.sequence_starts();
    Vector<double> out(data.has_sequences() ? static_cast<Index>(starts.size()) - 1
                                            : std::min<Index>(data.rows(), 1));
    detail::over_sequences(
        *this, data, "HiddenMarkov::sequence_log_density", false, [](Index) {},
        [&](const auto& ready, Index first_row, const detail::Evidence& evidence) {
          const auto at = std::lower_bound(starts.begin(), starts.end(), first_row);
          out[data.has_sequences() ? at - starts.begin() : 0] = ready.log_likelihood(evidence);
        });
    return out;
  }

  // K: the share of time spent in each state in the long run, that is the limit of the average of
  // initial transition^t. Does not depend on `initial` where every state can be reached from every
  // other. By squaring transition (made lazy against cycles): O(K^3) a doubling of t.
  Vector<double> stationary() const {
    check();
    return detail::long_run_share(initial, transition);
  }

  // n x D: one sequence drawn from the model; row i depends on (seed, i) and the states before.
  // `states`, where given, receives the hidden path.
  RowMatrix<Scalar> sample(Index n, std::uint64_t seed, Labels* states = nullptr) const requires
      requires(Random& random, Scalar* row) {
    this->family.sample(Index{0}, random, row);
    this->family.dimension();
  }
  {
    detail::require(n >= 0, "HiddenMarkov::sample: n must not be negative; got ", n);
    return sample(std::vector<Index>(n > 0 ? 1 : 0, n), seed, states);
  }

  // The same for sequences of these lengths, one after another.
  RowMatrix<Scalar> sample(const std::vector<Index>& lengths, std::uint64_t seed,
                           Labels* states = nullptr) const requires
      requires(Random& random, Scalar* row) {
    this->family.sample(Index{0}, random, row);
    this->family.dimension();
  }
  {
    check();
    return detail::sample_chain(initial, transition, family, lengths, seed, states,
                                "HiddenMarkov::sample");
  }

  // Free parameters: those of the family, those of each row of transition, and those of `initial`
  // where it is estimated. K probabilities have K - 1; but without a prior, where the concentration
  // is 1, a probability of exactly 0 cannot move, and is none.
  Index free_parameters() const requires requires { this->family.free_parameters(); }
  {
    const auto free = [](const auto& p, double concentration) {
      return (concentration > 1.0 ? Index(p.size()) : Index((p.array() > 0.0).count())) - 1;
    };
    Index sum = family.free_parameters();
    for (Index j = 0; j < components(); ++j)
      sum += free(transition.row(j), transition_concentration);
    if (initial_weighting == Weighting::estimated) sum += free(initial, initial_concentration);
    return sum;
  }

  // Akaike 1974: 2 p - 2 log L. Lower is better, in both.
  template <class Data>
  double aic(const Data& x) const {
    return 2.0 * static_cast<double>(free_parameters()) -
           2.0 * totals_of_some(x, "HiddenMarkov::aic").log_likelihood;
  }

  // Schwarz 1978: p log n - 2 log L, n the sum of the weights of all rows.
  template <class Data>
  double bic(const Data& x) const {
    const Totals sums = totals_of_some(x, "HiddenMarkov::bic");
    return static_cast<double>(free_parameters()) * std::log(sums.weight) -
           2.0 * sums.log_likelihood;
  }

 private:
  struct Totals {
    double log_likelihood = 0.0, weight = 0.0;
    auto fields() { return std::tie(log_likelihood, weight); }
  };

  template <class Data>
  HiddenPath best_path(const Data& x, std::string_view who, bool labelled) const {
    decltype(auto) data = detail::as_samples(x);
    HiddenPath path;
    path.log_probability = detail::reduce_sequences<double>(
        *this, data, who, labelled, [&](Index n) { path.states.resize(n); },
        [&](const auto& ready, Index first_row, const detail::Evidence& evidence, double& sum) {
          const double one = ready.best_path(evidence, path.states.data() + first_row);
          const double weight = data.weight(first_row);
          if (weight > 0.0) sum += weight * one;
        });
    return path;
  }

  template <class Data>
  Totals totals_of_some(const Data& x, std::string_view who) const {
    decltype(auto) data = detail::as_samples(x);
    detail::check_shape(data, who);
    return totals(data, who);
  }

  template <class Data>
  Totals totals(const Data& x, std::string_view who) const {
    decltype(auto) data = detail::as_samples(x);
    return detail::reduce_sequences<Totals>(
        *this, data, who, true, [](Index) {},
        [&](const auto& ready, Index first_row, const detail::Evidence& evidence, Totals& sums) {
          const double weight = data.weight(first_row);
          if (weight == 0.0) return;
          sums.log_likelihood += weight * ready.log_likelihood(evidence);
          sums.weight += weight * static_cast<double>(evidence.length);
        });
  }
};

template <class I, class T, class Family>
HiddenMarkov(I, T, Family) -> HiddenMarkov<Family>;
template <class I, class T, class Family>
HiddenMarkov(I, T, Family, double) -> HiddenMarkov<Family>;
template <class I, class T, class Family>
HiddenMarkov(I, T, Family, double, double) -> HiddenMarkov<Family>;
template <class I, class T, class Family>
HiddenMarkov(I, T, Family, double, double, Weighting) -> HiddenMarkov<Family>;

LATENT_END
