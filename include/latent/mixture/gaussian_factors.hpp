// The covariances of Gaussian components, as their Cholesky factors.
#pragma once

#include <cmath>
#include <string>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/gaussian_covariance.hpp"

LATENT_BEGIN

namespace detail {

// B covariances, one a component or one for all, of which lower triangular factors are kept (D x D,
// covariance = L L'), or for forms along the columns standard deviations (1 x D). In double, whatever
// the data: the variance of float data may not fit a float.
class GaussianFactors {
 public:
  // Still to be set.
  GaussianFactors(Covariance form, Index components, Index columns)
      : form_{form},
        blocks_{is_shared(form) ? 1 : components},
        numbers_(RowMatrix<double>::Zero(blocks_ * (is_diagonal(form) ? 1 : columns), columns)) {}

  Covariance form() const { return form_; }
  bool shared() const { return is_shared(form_); }
  bool diagonal() const { return is_diagonal(form_); }
  Index columns() const { return numbers_.cols(); }

  // The covariance that component k has is number block(k) of blocks().
  Index blocks() const { return blocks_; }
  Index block(Index k) const { return shared() ? 0 : k; }

  // B height() x D: all of them; and those of one.
  const RowMatrix<double>& numbers() const { return numbers_; }
  Index height() const { return diagonal() ? 1 : columns(); }
  auto numbers(Index b) const { return numbers_.middleRows(b * height(), height()); }
  auto numbers(Index b) { return numbers_.middleRows(b * height(), height()); }

  void set_isotropic(double deviation) {
    if (diagonal())
      numbers_.setConstant(deviation);
    else
      for (Index i = 0; i < numbers_.rows(); ++i) numbers_(i, i % columns()) = deviation;
  }

  // Throws InvalidArgument where `covariance` (D x D) is none of the form.
  template <class Square>
  void set(Index b, const Square& covariance) {
    const RowMatrix<double> made =
        checked_factor(form_, covariance, columns(),
                       shared() ? std::string("all components") : concat("component ", b));
    if (diagonal())
      numbers_.row(b) = made.diagonal().transpose();
    else
      numbers(b) = made;
  }

  // L, D x D.
  RowMatrix<double> factor(Index b) const {
    if (diagonal()) return numbers_.row(b).asDiagonal();
    return numbers(b);
  }

  // L^-1, D x D; or 1 over the standard deviations, 1 x D.
  RowMatrix<double> inverse(Index b) const {
    if (diagonal()) return numbers_.row(b).cwiseInverse();
    RowMatrix<double> made(columns(), columns());
    invert_lower(factor(b), made);
    return made;
  }

  // Of the factor: half that of the covariance.
  double log_determinant(Index b) const {
    double sum = 0.0;
    for (Index j = 0; j < columns(); ++j) sum += std::log(at(b, j, j));
    return sum;
  }

  // Of a covariance, its lower triangle.
  double entry(Index b, Index i, Index j) const {
    if (diagonal()) return i == j ? at(b, i, i) * at(b, i, i) : 0.0;
    double sum = 0.0;
    for (Index m = 0; m <= j; ++m) sum += at(b, i, m) * at(b, j, m);
    return sum;
  }

  // How many numbers say what a covariance is: a lower triangle, variances, or one variance.
  Index numbers_of_one() const {
    return is_spherical(form_) ? 1 : diagonal() ? columns() : columns() * (columns() + 1) / 2;
  }

  // start + (L z)_i.
  double moved(Index b, Index i, double start, const Vector<double>& z) const {
    if (diagonal()) return start + at(b, i, i) * z[i];
    for (Index j = 0; j <= i; ++j) start += at(b, i, j) * z[j];
    return start;
  }

 private:
  // Element (i, j) of L, j <= i; i = j along the columns.
  double at(Index b, Index i, Index j) const {
    return diagonal() ? numbers_(b, j) : numbers_(b * columns() + i, j);
  }

  Covariance form_;
  Index blocks_;
  RowMatrix<double> numbers_;
};

}  // namespace detail

LATENT_END
