// A fitted non-negative matrix factorisation.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "latent/core/executor.hpp"
#include "latent/decomposition/nmf/pass.hpp"

LATENT_BEGIN

namespace detail {

// The exponent that puts the largest of non-negative numbers into [1/2, 1); 0 where all are 0.
template <class S>
int exponent_of_largest(const RowMatrix<S>& values) {
  const double largest = values.size() > 0 ? static_cast<double>(values.maxCoeff()) : 0.0;
  return largest > 0.0 ? std::clamp(std::ilogb(largest) + 1, -1000, 1000) : 0;
}

// values 2^exponent, exact but for underflow. Throws DataError on overflow.
template <class S>
RowMatrix<S> times_power_of_two(const RowMatrix<S>& values, int exponent, std::string_view who) {
  if (exponent == 0) return values;
  RowMatrix<S> result(values.rows(), values.cols());
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j) {
      result(i, j) = static_cast<S>(std::ldexp(static_cast<double>(values(i, j)), exponent));
      require<DataError>(is_finite(result(i, j)), who,
                         ": the factors overflow the floating-point range; scale the data down");
    }
  return result;
}

// Finite and not negative.
template <class S>
void check_factor(const RowMatrix<S>& values, std::string_view what, std::string_view who) {
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j)
      require<DataError>(
          is_finite(values(i, j)) && values(i, j) >= S(0), who, ": ", what,
          " must be finite and not negative; got ", is_nan(values(i, j)) ? S(0) : values(i, j),
          is_nan(values(i, j)) ? " in place of NaN" : "", " at row ", i, ", column ", j);
}

// Rows without an observed entry have no weights.
template <class S>
void clear_unobserved_rows(const NMFData<S>& data, RowMatrix<S>& w) {
  for (Index i = 0; i < data.observed.rows(); ++i)
    if (data.observed.row(i).maxCoeff() == 0) w.col(i).setZero();
}

}  // namespace detail

// X = W H: the rows of H are the components, the rows of W say how much of each a row of X has.
// Immutable; every member is const and safe to call from any number of threads. D are the columns,
// L the components. Data are matrices, expressions or sources with D columns, dense or sparse, finite
// and not negative; weights of a source count in error() alone.
template <class S>
class NMFModel {
 public:
  using Scalar = S;

  // components: L x D, finite and not negative; the penalties are those of NMF, and shape what
  // transform() finds. Throws InvalidArgument (no rows or columns, penalties) and DataError.
  explicit NMFModel(RowMatrix<S> components, NMFLoss loss = NMFLoss::frobenius,
                    double l1_weights = 0.0, double l2_weights = 0.0)
      : components_{std::move(components)},
        loss_{loss},
        l1_weights_{l1_weights},
        l2_weights_{l2_weights} {
    detail::require(components_.rows() > 0 && components_.cols() > 0,
                    "NMFModel: components must have rows and columns; got ", components_.rows(),
                    " x ", components_.cols());
    detail::require(
        is_finite(l1_weights) && l1_weights >= 0.0 && is_finite(l2_weights) && l2_weights >= 0.0,
        "NMFModel: penalties must be finite and not negative; got l1_weights = ", l1_weights,
        ", l2_weights = ", l2_weights);
    detail::check_factor(components_, "components", "NMFModel");
  }

  const RowMatrix<S>& components() const { return components_; }  // L x D
  Index columns() const { return components_.cols(); }            // D
  NMFLoss loss() const { return loss_; }
  double l1_weights() const { return l1_weights_; }
  double l2_weights() const { return l2_weights_; }

  // n x L: the weights of the rows of x (n x D) that minimise the loss and its penalty, the
  // components being fixed. A convex problem for each row alone: no row sees the others. Rows of
  // zeros get zeros. Least squares by coordinate descent to rounding, or 2000 sweeps; the divergence
  // by multiplicative updates until no weight moves by more than 1e-9 of the largest (float: 1e-5),
  // or 1000 of them. O(n D L + n L^2 sweeps), or O(n D L updates). Throws InvalidArgument (columns)
  // and DataError (negative or not finite; overflow).
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    return weights_of(detail::as_samples(x), {}, executor, "NMFModel: transform").weights;
  }

  // The same from the entries where `observed` (n x D of 0 and 1) is 1; what x holds elsewhere is
  // not looked at, and may be NaN. Rows without any get zeros. x is taken as dense.
  template <class Data, class Mask, Executor Exec = Threads>
  RowMatrix<S> transform_masked(const Data& x, const Eigen::DenseBase<Mask>& observed,
                                const Exec& executor = {}) const {
    const auto& source = detail::as_samples(x);
    return weights_of(source,
                      detail::checked_observed(observed, source, "NMFModel: transform_masked"),
                      executor, "NMFModel: transform_masked")
        .weights;
  }

  // n x D: w times the components (w: n x L). Throws InvalidArgument (columns) and DataError (not
  // finite).
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> inverse_transform(const Data& w, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(w);
    detail::require(source.cols() == components_.rows(),
                    "NMFModel: inverse_transform: there must be ", components_.rows(),
                    " columns, one a component; got ", source.rows(), " x ", source.cols());
    RowMatrix<S> rows = RowMatrix<S>::Zero(source.rows(), columns());
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(source.rows()), [&](Index lane) {
      detail::for_each_block<S>(source, lane, [&](const Block<S>& block) {
        detail::check_finite(source, block.first_row, block.x.rows(),
                             "NMFModel: inverse_transform");
        const RowMatrix<S> codes = block.x;
        Eigen::Block<RowMatrix<S>> out(rows, block.first_row, 0, codes.rows(), columns());
        add_product(codes, components_, out);
      });
    });
    return rows;
  }

  // The loss of x with the weights that transform() finds, without penalties: 1/2 sum v (x - w H)^2
  // or the divergence; v are the weights of the source. Throws as transform() does.
  template <class Data, Executor Exec = Threads>
  double error(const Data& x, const Exec& executor = {}) const {
    return weights_of(detail::as_samples(x), {}, executor, "NMFModel: error", true).loss;
  }

 private:
  struct Solution {
    RowMatrix<S> weights;  // n x L
    double loss = 0.0;     // if asked for
  };

  template <class T, class Exec>
  Solution weights_of(const Samples<T>& x, detail::Observed observed, const Exec& executor,
                      std::string_view who, bool with_loss = false) const {
    detail::require(x.cols() == columns(), who, ": there must be ", columns(),
                    " columns, as in the fit; got ", x.rows(), " x ", x.cols());
    if (x.rows() == 0) return {RowMatrix<S>(0, components_.rows()), 0.0};
    auto&& team = executor.team();
    if constexpr (std::is_same_v<T, S>) {
      return solve(x, std::move(observed), team, who, with_loss);
    } else {
      RowMatrix<S> rows(x.rows(), x.cols());
      x.read(0, x.rows(), rows);
      Samples<S> cast{std::move(rows)};
      if (x.has_weights()) cast = std::move(cast).weights(x.weights());
      return solve(cast, std::move(observed), team, who, with_loss);
    }
  }

  template <class Team>
  Solution solve(const Samples<S>& x, detail::Observed observed, Team& team, std::string_view who,
                 bool with_loss) const {
    detail::NMFData<S> data = detail::nmf_data(x, std::move(observed), team, who);
    const int own = detail::exponent_of_largest(components_);
    const RowMatrix<S> h = detail::times_power_of_two(components_, -own, who);
    const bool least_squares = loss_ == NMFLoss::frobenius;
    const bool direct = least_squares && !data.masked();
    detail::NMFProblem problem;
    problem.loss = loss_;
    problem.solver = least_squares ? NMFSolver::hals : NMFSolver::multiplicative;
    problem.weights =
        detail::weight_penalty(loss_, l1_weights_, l2_weights_, columns(), data.exponent, own);
    problem.weight_sweeps = direct ? 2000 : 20;
    constexpr double eps = std::numeric_limits<S>::epsilon();
    problem.enough = direct ? 8.0 * eps : std::is_same_v<S, double> ? 1e-9 : 1e-5;
    detail::NMFPool<S> pool;
    RowMatrix<S> w = RowMatrix<S>::Constant(h.rows(), x.rows(), least_squares ? S(0) : S(1));
    detail::clear_unobserved_rows(data, w);
    detail::NMFPass<S> pass{data, problem, h};
    pass.solve(w, direct ? 1 : 1000, pool, team);
    Solution solution;
    if (with_loss) {
      solution.loss = detail::in_data_units(loss_, pass.loss(w, pool, team), data.exponent);
      detail::require<DataError>(is_finite(solution.loss), who,
                                 ": the error overflows; scale the data down");
    }
    solution.weights =
        detail::times_power_of_two(RowMatrix<S>(w.transpose()), data.exponent - own, who);
    return solution;
  }

  RowMatrix<S> components_;
  NMFLoss loss_;
  double l1_weights_;
  double l2_weights_;
};

LATENT_END
