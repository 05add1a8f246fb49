// What the tests of linear Gaussian models compare with: dense Gaussians, row by row.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "latent/core/random.hpp"
#include "latent/models/factor_analysis.hpp"
#include "latent/models/probabilistic_pca.hpp"

namespace linear_reference {

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using PPCA = latent::ProbabilisticPCA<double>;
using FA = latent::FactorAnalysis<double>;

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

inline RowMatrix<double> some_loadings() {
  RowMatrix<double> w(6, 2);
  w << 1.5, 0, 0.5, 0.5, 0, 1.25, 1, -1, -1, 0.25, 0.75, 1;
  return w;
}
inline Vector<double> some_mean() {
  return Vector<double>{{1, -2, 3, 0.5, 0, 10}};
}
inline Vector<double> some_noise() {
  return Vector<double>{{0.3, 0.2, 0.5, 0.4, 0.25, 0.6}};
}

// A model to draw from, of six columns and two factors.
template <class M>
M made();
template <>
inline PPCA made() {
  return PPCA(some_mean(), some_loadings(), 0.4);
}
template <>
inline FA made() {
  return FA(some_mean(), some_loadings(), some_noise());
}

// A share of the numbers taken away.
inline RowMatrix<double> with_gaps(RowMatrix<double> x, double share, std::uint64_t seed) {
  latent::Random random(seed);
  for (Index i = 0; i < x.size(); ++i)
    if (random.uniform() < share) x.data()[i] = missing;
  return x;
}

inline std::vector<Index> observed(const RowMatrix<double>& x, Index row) {
  std::vector<Index> columns;
  for (Index j = 0; j < x.cols(); ++j)
    if (!std::isnan(x(row, j))) columns.push_back(j);
  return columns;
}

inline Eigen::VectorXd noise_of(const PPCA& model) {
  return Eigen::VectorXd::Constant(model.dimension(), model.noise_variance);
}
inline Eigen::VectorXd noise_of(const FA& model) {
  return model.noise_variances;
}

// log N(x_O | mean_O, (W W' + Psi)_OO).
template <class M>
double log_density(const M& model, const RowMatrix<double>& x, Index row) {
  const std::vector<Index> columns = observed(x, row);
  const auto count = static_cast<Index>(columns.size());
  if (count == 0) return 0.0;
  Eigen::MatrixXd whole = model.loadings * model.loadings.transpose();
  whole.diagonal() += noise_of(model);
  const Eigen::MatrixXd covariance = whole(columns, columns);
  Eigen::VectorXd e(count);
  for (Index c = 0; c < count; ++c) {
    const Index j = columns[static_cast<std::size_t>(c)];
    e[c] = x(row, j) - model.mean[j];
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(covariance);
  const Eigen::VectorXd white = factor.matrixL().solve(e);
  double log_determinant = 0.0;
  for (Index c = 0; c < count; ++c) log_determinant += 2.0 * std::log(factor.matrixLLT()(c, c));
  return -0.5 * (static_cast<double>(count) * std::log(2.0 * std::numbers::pi) + log_determinant +
                 white.squaredNorm());
}

// One EM step by the formulas of the joint Gaussian of (z, x_O): E[z | x] = W_O' C^-1 e, cov(z | x)
// = I - W_O' C^-1 W_O; then least squares column by column.
struct Step {
  RowMatrix<double> coefficients;  // D x (L+1): loadings, mean
  Eigen::VectorXd residual;        // D
  Eigen::VectorXd count;           // D
};
template <class M>
Step em_step(const M& model, const RowMatrix<double>& x) {
  const Index d = x.cols();
  const Index l = model.factors();
  std::vector<Eigen::MatrixXd> gram(static_cast<std::size_t>(d),
                                    Eigen::MatrixXd::Zero(l + 1, l + 1));
  Eigen::MatrixXd cross = Eigen::MatrixXd::Zero(d, l + 1);
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(d);
  Step step{RowMatrix<double>::Zero(d, l + 1), Eigen::VectorXd::Zero(d), Eigen::VectorXd::Zero(d)};
  Eigen::MatrixXd whole = model.loadings * model.loadings.transpose();
  whole.diagonal() += noise_of(model);
  for (Index i = 0; i < x.rows(); ++i) {
    const std::vector<Index> columns = observed(x, i);
    const auto count = static_cast<Index>(columns.size());
    if (count == 0) continue;
    const Eigen::MatrixXd w = model.loadings(columns, Eigen::all);
    Eigen::VectorXd e(count);
    for (Index c = 0; c < count; ++c) {
      const Index j = columns[static_cast<std::size_t>(c)];
      e[c] = x(i, j) - model.mean[j];
    }
    const Eigen::MatrixXd gain =
        Eigen::MatrixXd(whole(columns, columns)).inverse().transpose() * w;  // C^-1 W_O
    Eigen::MatrixXd second = Eigen::MatrixXd::Zero(l + 1, l + 1);
    Eigen::VectorXd t(l + 1);
    t << gain.transpose() * e, 1.0;
    second.topLeftCorner(l, l) = Eigen::MatrixXd::Identity(l, l) - w.transpose() * gain;
    second += t * t.transpose();
    for (const Index j : columns) {
      gram[static_cast<std::size_t>(j)] += second;
      cross.row(j) += x(i, j) * t.transpose();
      squares[j] += x(i, j) * x(i, j);
      step.count[j] += 1.0;
    }
  }
  for (Index j = 0; j < d; ++j) {
    const Eigen::VectorXd solution =
        gram[static_cast<std::size_t>(j)].partialPivLu().solve(cross.row(j).transpose());
    step.coefficients.row(j) = solution.transpose();
    step.residual[j] = squares[j] - cross.row(j).dot(solution);
  }
  return step;
}

}  // namespace linear_reference
