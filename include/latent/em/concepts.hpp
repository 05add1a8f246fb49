// What the EM engine asks of a model, and what Mixture asks of a family.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// What one E-step over some rows yields. All three are sums over rows, times the rows' weights.
struct Expectation {
  double log_likelihood = 0.0;  // sum of w_i log p(x_i)
  double objective =
      0.0;  // what the variant of EM maximises; equal to the log-likelihood in soft EM
  double magnitude = 0.0;  // sum of w_i |log p(x_i)|: the scale of the rounding error

  auto fields() { return std::tie(log_likelihood, objective, magnitude); }
};

// The coordinates of one E-step, from which random variants draw.
struct Step {
  std::uint64_t seed = 0;
  Index restart = 0;
  Index iteration = 0;
};

namespace detail {

inline Expectation to_expectation(const Expectation& expectation) {
  return expectation;
}
inline Expectation to_expectation(double log_likelihood) {
  return {log_likelihood, log_likelihood, std::abs(log_likelihood)};
}

template <class T>
struct DeclaredScalar {
  using type = double;
};
template <class T>
requires requires {
  typename T::Scalar;
}
struct DeclaredScalar<T> {
  using type = typename T::Scalar;
};

}  // namespace detail

// The scalar a model or family computes in: its `Scalar` where declared, else double.
template <class T>
using ScalarOf = typename detail::DeclaredScalar<T>::type;

// A bank of K components, from which Mixture makes a model. Besides what is required below, a
// family may have:
//   prepare()                  -> an object with log_density, made once an E-step (logarithms, factors)
//   check()                    throws InvalidArgument where its own parameters break a rule
//   check_data(x, first_row)   throws DataError where rows are not of the family's kind
//   dimension()                the number of columns it expects
//   parameters()               -> Vector<double>, for Convergence::parameters
//   log_prior()                the log density of its prior; maximize is then maximum a posteriori
//   free_parameters()          for aic, bic and icl
//   sample(k, random, row)     draws a row from component k; needs dimension()
//   degenerate(), notes(iteration, notes)   what maximize had to mend
template <class F>
concept MixtureFamily = requires(const F& f, const RowMatrix<ScalarOf<F>>& tile,
                                 RowMatrix<ScalarOf<F>>& out, typename F::Statistics& s,
                                 const Vector<double>& n) {
  { f.components() } -> std::convertible_to<Index>;
  { f.zero() } -> std::convertible_to<typename F::Statistics>;
  f.log_density(Eigen::Ref<const RowMatrix<ScalarOf<F>>>(tile),
                out);  // out(i, k) = log p(x_i | k); n x K
  f.accumulate(Eigen::Ref<const RowMatrix<ScalarOf<F>>>(tile), tile,
               s);                                 // s += sum_i r(i, k) T(x_i); weights are in r
  { f.maximize(n, s) } -> std::convertible_to<F>;  // from n(k) = sum_i r(i, k) and s
};

// What the engine needs. Mixture supplies it; a model that is no mixture (factor analysis, a Markov
// model) implements it directly: expect(block, statistics) adds a block's expected statistics and
// returns its log-likelihood, as a double or Expectation. Optional members: prepare(), check(),
// check_data(x, first_row), dimension(), components(), parameters(), log_prior(), degenerate(),
// notes(iteration, notes); and log_joint(x, out) with weights, for Convergence::q_function.
template <class M>
concept LatentModel = requires(const M& model) {
  {model.zero()};
  { model.maximize(model.zero()) } -> std::convertible_to<M>;
};

template <class M>
using StatisticsOf = std::decay_t<decltype(std::declval<const M&>().zero())>;

namespace detail {

// The object an E-step calls: what prepare() returns, else the model itself.
template <class M>
decltype(auto) prepared(const M& model) {
  if constexpr (requires { model.prepare(); }) {
    return model.prepare();
  } else {
    return (model);
  }
}

template <class M>
double log_prior(const M& model) {
  if constexpr (requires {
                  { model.log_prior() } -> std::convertible_to<double>;
                }) {
    return model.log_prior();
  } else {
    return 0.0;
  }
}

template <class M>
bool degenerate(const M& model) {
  if constexpr (requires {
                  { model.degenerate() } -> std::convertible_to<bool>;
                }) {
    return model.degenerate();
  } else {
    return false;
  }
}

template <class M>
void collect_notes(const M& model, Index iteration, std::vector<Note>& notes) {
  if constexpr (requires { model.notes(iteration, notes); }) model.notes(iteration, notes);
}

// All checks of a model against its data, before any work.
template <class M, class S, class Team>
void check_model_and_data(const M& model, const Samples<S>& data, Team& team,
                          std::string_view who) {
  check_shape(data, who);
  if constexpr (requires { model.check(); }) model.check();
  if constexpr (requires {
                  { model.dimension() } -> std::convertible_to<Index>;
                })
    require(data.cols() == model.dimension(), who,
            ": data must have as many columns as the model has dimensions, ", model.dimension(),
            "; got ", data.rows(), " x ", data.cols());
  if constexpr (requires {
                  { model.components() } -> std::convertible_to<Index>;
                }) {
    for (Index i = 0; i < data.labels().size(); ++i)
      require<DataError>(data.label(i) < model.components(), who,
                         ": labels must be below the number of components, ",
                         Index(model.components()), "; got labels(", i, ") = ", data.label(i));
  }
  // A float model multiplies weights into float responsibilities.
  if constexpr (std::is_same_v<ScalarOf<M>, float>)
    for (Index i = 0; i < data.weights().size(); ++i)
      require<DataError>(
          data.weight(i) == 0.0 || (data.weight(i) >= 1e-30 && data.weight(i) <= 1e30), who,
          ": weights of a float model must be 0 or lie in [1e-30, 1e30]; got weights(", i,
          ") = ", data.weight(i));
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    for_each_tile(data.rows(), lane, [&](Index first, Index count) {
      if constexpr (requires { M::accepts_missing; })
        check_not_infinite(data, first, count, who);
      else
        check_finite(data, first, count, who);
    });
    using T = ScalarOf<M>;
    if constexpr (requires(const Block<T>& block) { model.check_data(block.x, block.first_row); })
      for_each_block<T>(data, lane,
                        [&](const Block<T>& block) { model.check_data(block.x, block.first_row); });
  });
}

}  // namespace detail

LATENT_END
