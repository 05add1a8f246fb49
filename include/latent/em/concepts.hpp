// What the EM engine asks of a model, and what Mixture asks of a family.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/report.hpp"
#include "latent/core/statistics.hpp"
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

struct Soft;  // em/assignment.hpp

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
//   parameter_names()          -> std::vector<std::string>, what TraceTable calls them
//   log_prior()                the log density of its prior; maximize is then maximum a posteriori
//   valid(n, s)                whether statistics are some that data could give: acceleration asks
//   recentred()                the same family, ready for a new fit (a shift moved to its means)
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
using PreparedOf = std::remove_cvref_t<decltype(prepared(std::declval<const M&>()))>;

// expect(block, assign, step, statistics): the model knows the E-step variant A.
template <class M, class A>
concept Assigns = requires(const PreparedOf<M>& model, const Block<ScalarOf<M>>& block,
                           const A& assign, const Step& step, StatisticsOf<M>& statistics) {
  detail::to_expectation(model.expect(block, assign, step, statistics));
};

// expect(block, statistics): the posterior only.
template <class M>
concept Expects = requires(const PreparedOf<M>& model, const Block<ScalarOf<M>>& block,
                           StatisticsOf<M>& statistics) {
  detail::to_expectation(model.expect(block, statistics));
};

}  // namespace detail

// What the engine needs. Mixture supplies it; a model that is no mixture (factor analysis, a Markov
// model) implements it directly: expect(block, statistics) adds a block's expected statistics and
// returns its log-likelihood, as a double or Expectation. It may be a member of what prepare()
// returns. Optional members:
//   expect(block, assign, step, statistics)   the E-step variants: Hard, Stochastic, Annealed
//   prepare(), check(), check_data(x, first_row), dimension(), components(), parameters(),
//   parameter_names(), log_prior(), recentred(), degenerate(), notes(iteration, notes)    as for
//                                     families
//   valid(statistics)                 whether data could give them: acceleration asks
//   maximize_safely(statistics)       an M-step that cannot lower the objective, taken where the
//                                     model of maximize() did (a Newton step, say)
//   log_joint(x, out) and weights     for Convergence::q_function and lower_bound
//   static constexpr bool statistics_blend = false  statistics belong to the present parameters: no
//                                                   online or incremental EM, no acceleration
//   static constexpr bool sequential = true         blocks are whole sequences
//   static constexpr bool accepts_missing = true    NaN in the data means a missing value
template <class M>
concept LatentModel = requires(const M& model) {
  {model.zero()};
  { model.maximize(model.zero()) } -> std::convertible_to<M>;
}
&&(detail::Expects<M> || detail::Assigns<M, Soft>);

namespace detail {

// LatentModel, with an error that names what is missing.
template <class M>
constexpr bool is_latent_model() {
  static_assert(
      requires(const M& model) { model.zero(); }, "a latent model needs: Statistics zero() const");
  if constexpr (requires(const M& model) { model.zero(); }) {
    static_assert(
        requires(const M& model) {
          { model.maximize(model.zero()) } -> std::convertible_to<M>;
        },
        "a latent model needs: Model maximize(const Statistics&) const");
    static_assert(
        Expects<M> || Assigns<M, Soft>,
        "a latent model needs: double or Expectation expect(const Block<S>&, Statistics&) const");
  }
  return true;
}

// MixtureFamily, with an error that names what is missing.
template <class F>
constexpr bool is_mixture_family() {
  using S = ScalarOf<F>;
  using Rows = Eigen::Ref<const RowMatrix<S>>;
  constexpr bool statistics = requires {
    typename F::Statistics;
  };
  static_assert(statistics, "a family needs: using Statistics = ...");
  static_assert(
      requires(const F& f) {
        { f.components() } -> std::convertible_to<Index>;
      },
      "a family needs: Index components() const");
  static_assert(
      requires(const F& f, const Rows& x, RowMatrix<S>& out) { f.log_density(x, out); },
      "a family needs: void log_density(const Eigen::Ref<const RowMatrix<S>>& x, "
      "RowMatrix<S>& out) const");
  if constexpr (statistics) {
    static_assert(
        requires(const F& f) {
          { f.zero() } -> std::convertible_to<typename F::Statistics>;
        },
        "a family needs: Statistics zero() const");
    static_assert(
        requires(const F& f, const Rows& x, const RowMatrix<S>& r, typename F::Statistics& s) {
          f.accumulate(x, r, s);
        },
        "a family needs: void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, "
        "const RowMatrix<S>& r, Statistics& s) const");
    static_assert(
        requires(const F& f, const Vector<double>& n, const typename F::Statistics& s) {
          { f.maximize(n, s) } -> std::convertible_to<F>;
        },
        "a family needs: Family maximize(const Vector<double>& n, const Statistics& s) const");
  }
  return true;
}

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<Vector<double>>;
};

template <class M>
constexpr bool is_sequential() {
  if constexpr (requires { M::sequential; }) {
    return M::sequential;
  } else {
    return false;
  }
}

template <class M>
constexpr bool statistics_blend() {
  if constexpr (requires { M::statistics_blend; }) {
    return M::statistics_blend;
  } else {
    return true;
  }
}

template <class M>
constexpr bool accepts_missing() {
  if constexpr (requires { M::accepts_missing; }) {
    return M::accepts_missing;
  } else {
    return false;
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

// Whether data could give these statistics, as far as the model can tell.
template <class M>
bool valid(const M& model, const StatisticsOf<M>& statistics) {
  if (!latent::all_finite(statistics)) return false;
  if constexpr (requires {
                  { model.valid(statistics) } -> std::convertible_to<bool>;
                }) {
    return model.valid(statistics);
  } else {
    return true;
  }
}

template <class M>
M recentred(const M& model) {
  if constexpr (requires {
                  { model.recentred() } -> std::convertible_to<M>;
                }) {
    return model.recentred();
  } else {
    return model;
  }
}

template <class M>
void collect_notes(const M& model, Index iteration, std::vector<Note>& notes) {
  if constexpr (requires { model.notes(iteration, notes); }) model.notes(iteration, notes);
}

}  // namespace detail

LATENT_END
