// Gaussian components.
#pragma once

#include <concepts>
#include <iterator>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/gaussian_family.hpp"

LATENT_BEGIN

// GaussianFamily with its form in the type.
template <Covariance Form = Covariance::full, class S = double>
class Gaussian : public GaussianFamily<S> {
  using Base = GaussianFamily<S>;
  static constexpr bool one_for_all = detail::is_shared(Form);
  static constexpr bool along_columns = detail::is_diagonal(Form);

 public:
  using typename Base::Square;
  using typename Base::Statistics;

  // means: K x D; covariances: see GaussianFamily. Throws InvalidArgument.
  Gaussian(const RowMatrix<S>& component_means, const std::vector<Square>& covariances)
      : Base(Form, component_means, covariances) {}

  // The same from any range of D x D matrices.
  template <class Range>
  requires requires(const Range& range) {
    { std::begin(range)->rows() } -> std::convertible_to<Index>;
  }
  Gaussian(const RowMatrix<S>& component_means, const Range& covariances)
      : Gaussian(component_means,
                 std::vector<Square>(std::begin(covariances), std::end(covariances))) {}

  // The covariance of every component, D x D, where they share one.
  template <class Derived>
  Gaussian(const RowMatrix<S>& component_means,
           const Eigen::MatrixBase<Derived>& covariance) requires(one_for_all && !along_columns)
      : Gaussian(component_means, std::vector<Square>{Square(covariance)}) {}

  // Variances along the columns, one row a component (K x D, or 1 x D of all); for spherical forms
  // one number a row.
  template <class Derived>
  Gaussian(const RowMatrix<S>& component_means,
           const Eigen::MatrixBase<Derived>& variances) requires(along_columns)
      : Gaussian(component_means, diagonal_matrices(component_means, variances)) {}

  // See GaussianFamily.
  template <class V>
  static Gaussian isotropic(const RowMatrix<S>& component_means, V variance) {
    return Gaussian(Base::isotropic(Form, component_means, static_cast<double>(variance)));
  }

  Gaussian recentred() const { return Gaussian(Base::recentred()); }
  Gaussian rearranged(const std::vector<Index>& from, const RowMatrix<S>& component_means) const {
    return Gaussian(Base::rearranged(from, component_means));
  }
  Gaussian maximize(const Vector<double>& n, const Statistics& s) const {
    return Gaussian(Base::maximize(n, s));
  }

 private:
  explicit Gaussian(Base&& base) : Base(std::move(base)) {}

  template <class Derived>
  static std::vector<Square> diagonal_matrices(const RowMatrix<S>& component_means,
                                               const Eigen::MatrixBase<Derived>& variances) {
    constexpr bool one_number = detail::is_spherical(Form);
    const Index d = component_means.cols();
    const Index wide = one_number ? 1 : d;
    const Index rows = one_for_all ? 1 : component_means.rows();
    detail::require(variances.rows() == rows && variances.cols() == wide,
                    "Gaussian: variances must be ", rows, " x ", wide, "; got ", variances.rows(),
                    " x ", variances.cols());
    std::vector<Square> matrices;
    for (Index k = 0; k < rows; ++k) {
      Square matrix = Square::Zero(d, d);
      for (Index j = 0; j < d; ++j) matrix(j, j) = static_cast<S>(variances(k, one_number ? 0 : j));
      matrices.push_back(matrix);
    }
    return matrices;
  }
};

LATENT_END
