// Matrix products that give the same bits for any number of threads.
//
// Eigen's `a * b` enters its OpenMP path where the program is built with -fopenmp: it then splits
// the product by the number of threads, which changes bits, and inside worker threads it costs many
// times the product itself. These functions call the sequential kernel directly. User families are
// welcome to them.
#pragma once

#include <type_traits>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class Derived>
inline constexpr bool row_major = bool(Derived::IsRowMajor);

// c += alpha a b, on raw storage. All three have unit inner stride.
template <class S, bool ARowMajor, bool BRowMajor>
void gemm_row_major(Index rows, Index cols, Index depth, S alpha, const S* a, Index a_stride,
                    const S* b, Index b_stride, S* c, Index c_stride) {
  // c (row-major) = a b  <=>  c' (column-major) = b' a'.
  using Kernel = Eigen::internal::general_matrix_matrix_product<
      Index, S, BRowMajor ? Eigen::ColMajor : Eigen::RowMajor, false, S,
      ARowMajor ? Eigen::ColMajor : Eigen::RowMajor, false, Eigen::ColMajor, 1>;
  using Blocking = Eigen::internal::gemm_blocking_space<Eigen::ColMajor, S, S, Eigen::Dynamic,
                                                        Eigen::Dynamic, Eigen::Dynamic>;
  Blocking blocking(cols, rows, depth, 1, true);
  Kernel::run(cols, rows, depth, b, b_stride, a, a_stride, c, 1, c_stride, alpha, blocking,
              nullptr);
}

// sum_i a[i] b[i] in an order that depends on `count` alone. (Eigen's reductions begin at the first
// aligned address, so that their order depends on where the numbers lie.)
inline double ordered_dot(const double* a, const double* b, Index count) {
  constexpr Index width = 8;
  double sums[width] = {};
  Index i = 0;
  for (; i + width <= count; i += width)
    for (Index l = 0; l < width; ++l) sums[l] += a[i + l] * b[i + l];
  for (Index l = 0; i + l < count; ++l) sums[l] += a[i + l] * b[i + l];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace detail

// c += alpha a b for dense a (n x m), b (m x k) and a row-major c (n x k), all of the same scalar
// and with unit inner stride; c must not overlap a or b. Throws InvalidArgument where shapes
// disagree.
template <class A, class B, class C>
void add_product(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b,
                 Eigen::MatrixBase<C>& c, typename C::Scalar alpha = 1) {
  static_assert(std::is_same_v<typename A::Scalar, typename C::Scalar> &&
                    std::is_same_v<typename B::Scalar, typename C::Scalar>,
                "add_product: one scalar for all three");
  static_assert(detail::row_major<C>, "add_product: the result is row-major");
  static_assert((int(A::Flags) & int(B::Flags) & int(C::Flags) & int(Eigen::DirectAccessBit)) != 0,
                "add_product: matrices, maps and blocks, not expressions");
  const A& lhs = a.derived();
  const B& rhs = b.derived();
  C& out = c.derived();
  detail::require(lhs.cols() == rhs.rows() && out.rows() == lhs.rows() && out.cols() == rhs.cols(),
                  "add_product: shapes must agree; got ", lhs.rows(), " x ", lhs.cols(), " times ",
                  rhs.rows(), " x ", rhs.cols(), " into ", out.rows(), " x ", out.cols());
  detail::require(lhs.innerStride() == 1 && rhs.innerStride() == 1 && out.innerStride() == 1,
                  "add_product: the inner stride must be 1");
  if (out.rows() == 0 || out.cols() == 0 || lhs.cols() == 0) return;
  using S = typename C::Scalar;
  detail::gemm_row_major<S, detail::row_major<A>, detail::row_major<B>>(
      out.rows(), out.cols(), lhs.cols(), alpha, lhs.data(), lhs.outerStride(), rhs.data(),
      rhs.outerStride(), out.data(), out.outerStride());
}

// A row-major n x k matrix: a b.
template <class A, class B>
RowMatrix<typename A::Scalar> product(const Eigen::MatrixBase<A>& a,
                                      const Eigen::MatrixBase<B>& b) {
  RowMatrix<typename A::Scalar> c = RowMatrix<typename A::Scalar>::Zero(a.rows(), b.cols());
  add_product(a, b, c);
  return c;
}

LATENT_END
