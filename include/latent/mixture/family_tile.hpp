// A tile of rows as a family sees it in an E-step: densities in, expected statistics out.
#pragma once

#include "latent/core/transposed.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// Any family, by its log_density and accumulate, which have rows by components. A family whose
// prepare() answers an object with tile() has a tile of its own, with the same two members:
//   log_joint(x, joint, stride, log_weights)   joint(k, i) = log_weights(k) + log p(x_i | k)
//   accumulate(x, r, stride, n, statistics)    statistics += sum_i r(k, i) T(x_i) of the same rows;
//                                              n(k) = sum_i r(k, i)
// where number (k, i) lies at [k * stride + i], with room up to whole steps of rows (ComponentTile).
// A tile is used again and again, by one thread.
template <class F, class Prepared>
class FamilyTile {
 public:
  using S = ScalarOf<F>;
  using Rows = Eigen::Ref<const RowMatrix<S>>;

  FamilyTile(const F& family, const Prepared& density) : family_{family}, density_{density} {}

  void log_joint(const Rows& x, S* joint, Index stride, const S* log_weights) {
    by_row_.resize(x.rows(), Index(family_.components()));
    density_.log_density(x, by_row_);
    for (Index i = 0; i < by_row_.rows(); ++i)
      for (Index k = 0; k < by_row_.cols(); ++k) by_row_(i, k) += log_weights[k];
    transpose_into(by_row_.data(), by_row_.cols(), by_row_.rows(), by_row_.cols(), joint, stride);
  }

  void accumulate(const Rows& x, const S* r, Index stride, const double* /*n*/,
                  typename F::Statistics& statistics) {
    transpose_into(r, stride, by_row_.cols(), by_row_.rows(), by_row_.data(), by_row_.cols());
    family_.accumulate(x, by_row_, statistics);
  }

 private:
  const F& family_;
  const Prepared& density_;
  RowMatrix<S> by_row_;  // n x K
};

// The tile of the family that `density` was prepared from; refers to both.
template <class F, class Prepared>
auto tile_of(const F& family, const Prepared& density) {
  if constexpr (requires { density.tile(); })
    return density.tile();
  else
    return FamilyTile<F, Prepared>(family, density);
}

}  // namespace detail

LATENT_END
