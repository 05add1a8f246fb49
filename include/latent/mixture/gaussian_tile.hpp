// A tile of rows as Gaussian components see it: turned once, for densities and for sums.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "latent/core/transposed.hpp"
#include "latent/core/types.hpp"
#include "latent/em/component_tile.hpp"
#include "latent/mixture/gaussian_density.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/gaussian_sums.hpp"

LATENT_BEGIN

namespace detail {

// What the sums of a family are. Refers to the family.
struct GaussianSums {
  const RowMatrix<double>& shift;           // K x D, fixed for a fit
  const std::vector<std::uint8_t>& narrow;  // see GaussianFamily
  bool shared = false;                      // all components add to one scatter
  bool diagonal = false;                    // only along the columns

  template <class S>
  bool in_scalar_of_data(Index k) const {
    return std::is_same_v<S, double> ||
           (!narrow.empty() && narrow[static_cast<std::size_t>(k)] != 0);
  }
};

template <class S>
class GaussianTile {
 public:
  void read(const Eigen::Ref<const RowMatrix<S>>& x) {
    turned_.resize(x.cols(), x.rows());
    transpose_into(x.data(), x.outerStride(), x.rows(), x.cols(), turned_.component(0),
                   turned_.stride());
    turned_.clear_padding();
  }

  // joint(k, i) = log_weights(k) + log p(x_i | k) at [k * stride + i], whole steps of rows.
  void log_joint(const GaussianDensity<S>& density, S* joint, Index stride,
                 const S* log_weights) const {
    log_joint_of(density, log_weights, turned_.component(0), turned_.stride(),
                 turned_.padded_rows(), joint, stride);
  }

  // Adds sum_i r(k, i) (x_i - shift_k) and the scatter about it. Components whose n(k) is 0 are left
  // out. Sums over the tile are in S where the component bears that, else in double.
  void accumulate(const GaussianSums& sums, const S* r, Index r_stride, const double* n,
                  GaussianStatistics& s) {
    wide_read_ = false;
    for (Index k = 0; k < sums.shift.rows(); ++k) {
      if (!(n[k] > 0.0)) continue;
      const S* weights = r + k * r_stride;
      if (sums.in_scalar_of_data<S>(k)) {
        k += add_component(turned_, work_, sums, k, weights, r_stride, n, s);
      } else {
        widen(weights);
        add_component(wide_, wide_work_, sums, k, wide_r_.data(), 0, nullptr, s);
      }
    }
  }

 private:
  // Adds component k, and the next three where that goes at once; answers how many more it added.
  // n: null where only one may be taken.
  template <class T>
  static Index add_component(const ComponentTile<T>& turned, Vector<T>& work,
                             const GaussianSums& sums, Index k, const T* r, Index r_stride,
                             const double* n, GaussianStatistics& s) {
    const Index d = turned.components();
    const TurnedRows<T> rows{turned.component(0), turned.stride(), turned.padded_rows(), d};
    const double* origin = sums.shift.data() + k * d;
    double* sum = s.sum.data() + k * d;
    double* scatter = s.scatter.data() + (sums.shared ? 0 : k) * (sums.diagonal ? 1 : d) * d;
    if (sums.diagonal) {
      constexpr Index some = 4;
      bool together = n != nullptr && k + some <= sums.shift.rows();
      for (Index i = 1; together && i < some; ++i)
        together = n[k + i] > 0.0 && sums.in_scalar_of_data<T>(k + i);
      if (together) {
        add_diagonals<some>(rows, origin, r, r_stride, sum, scatter, sums.shared ? 0 : d);
        return some - 1;
      }
      add_diagonals<1>(rows, origin, r, r_stride, sum, scatter, 0);
    } else if (d == 1) {
      add_few_columns<1>(rows, origin, r, sum, scatter);
    } else if (d == 2) {
      add_few_columns<2>(rows, origin, r, sum, scatter);
    } else if (d == 3) {
      add_few_columns<3>(rows, origin, r, sum, scatter);
    } else if (d == 4) {
      add_few_columns<4>(rows, origin, r, sum, scatter);
    } else {
      work.resize(2 * d * rows.stride);
      add_full(rows, origin, r, sum, scatter, work.data());
    }
    return 0;
  }

  // The rows, once, and the responsibilities of a component in double.
  void widen(const S* r) {
    if (!wide_read_) {
      wide_.resize(turned_.components(), turned_.rows());
      for (Index j = 0; j < turned_.components(); ++j)
        std::copy(turned_.component(j), turned_.component(j) + wide_.padded_rows(),
                  wide_.component(j));
      wide_read_ = true;
    }
    wide_r_.resize(wide_.padded_rows());
    std::copy(r, r + wide_r_.size(), wide_r_.data());
  }

  ComponentTile<S> turned_;  // D x n
  Vector<S> work_;
  ComponentTile<double> wide_;
  Vector<double> wide_r_;
  Vector<double> wide_work_;
  bool wide_read_ = false;
};

// What an E-step of a Gaussian family calls. Refers to the family, which must outlive it.
template <class S>
struct PreparedGaussian {
  GaussianDensity<S> density;
  GaussianSums sums;

  // See FamilyTile.
  struct Tile {
    using Rows = Eigen::Ref<const RowMatrix<S>>;
    const PreparedGaussian& owner;
    GaussianTile<S> rows{};

    void log_joint(const Rows& x, S* joint, Index stride, const S* log_weights) {
      rows.read(x);
      rows.log_joint(owner.density, joint, stride, log_weights);
    }
    void accumulate(const Rows& /*x*/, const S* r, Index stride, const double* n,
                    GaussianStatistics& s) {
      rows.accumulate(owner.sums, r, stride, n, s);
    }
  };

  Tile tile() const { return {*this}; }

  // out: n x K.
  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    ComponentTile<S> joint(density.means.rows(), x.rows());
    const Vector<S> zero = Vector<S>::Zero(joint.components());
    tile().log_joint(x, joint.component(0), joint.stride(), zero.data());
    joint.copy_to(out);
  }
};

// s += the sums of a tile under r (n x K).
template <class S>
void accumulate_tile(const GaussianSums& sums, const Eigen::Ref<const RowMatrix<S>>& x,
                     const RowMatrix<S>& r, GaussianStatistics& s) {
  ComponentTile<S> turned(r);
  turned.clear_padding();
  Vector<double> n(r.cols());
  for (Index k = 0; k < r.cols(); ++k) n[k] = turned.sum(k);
  GaussianTile<S> rows;
  rows.read(x);
  rows.accumulate(sums, turned.component(0), turned.stride(), n.data(), s);
}

}  // namespace detail

LATENT_END
