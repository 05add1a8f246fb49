// Non-negative least squares for many columns at once, by cyclic coordinate descent: the step of
// hierarchical alternating least squares (Cichocki and Phan 2009, algorithm 2; Hsieh and Dhillon
// 2011).
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Numbers below this, where the largest are about 1, are 0: smaller ones turn into subnormals in
// the products that follow.
template <class S>
inline constexpr double nmf_least = std::numeric_limits<S>::digits > 24 ? 1e-290 : 1e-30;

// Minimises 1/2 f'(G + l2 I) f - f'p + l1 sum f over f >= 0, column by column of F and P (L x m).
// One sweep sets each f_k to its optimum given the others,
//
//   f_k = max(0, (p_k - l1 - sum over l != k of G_kl f_l) / (G_kk + l2)),
//
// so the objective never rises, and a column with p = 0 becomes exactly 0. A component with
// G_kk + l2 = 0 is left as it is, for the other factor to take up again, unless l1 pushes it to 0.
// Columns do not depend on each other: a block of them is copied side by side, so that a sweep runs
// in registers, and swept several times while it is there.
template <class S>
class NonNegativeColumns {
 public:
  NonNegativeColumns(const RowMatrix<double>& gram, double l1, double l2)
      : count_{gram.rows()},
        l1_{static_cast<S>(l1)},
        minus_(gram.rows(), gram.cols()),
        diagonal_(gram.rows()),
        inverse_(gram.rows()) {
    for (Index k = 0; k < count_; ++k) {
      for (Index l = 0; l < count_; ++l) minus_(k, l) = static_cast<S>(-gram(k, l));
      const double curvature = gram(k, k) + l2;
      const bool alive = curvature > nmf_least<S>;
      diagonal_[k] = static_cast<S>(alive ? curvature : 0.0);
      inverse_[k] = static_cast<S>(alive ? 1.0 / curvature : 0.0);
      all_alive_ = all_alive_ && alive;
    }
  }

  // p and f: L rows of m numbers, `stride` apart. At least one sweep, at most `sweeps`; a block of
  // columns is done when a sweep moves it by no more than `enough` of what the first one did, both
  // measured by sum G_kk (f_k - old f_k)^2 (Gillis and Glineur 2012, section 4).
  template <class P>
  void solve(const P* p, Index p_stride, S* f, Index f_stride, Index m, Index sweeps, double enough,
             std::vector<S>& buffer) const {
    const auto size = static_cast<std::size_t>(count_ * width);
    buffer.resize(2 * size);
    S* const target = buffer.data();
    S* const block = target + size;
    for (Index first = 0; first < m; first += width) {
      const Index columns = std::min(width, m - first);
      for (Index k = 0; k < count_; ++k) {
        const P* from = p + k * p_stride + first;
        const S* start = f + k * f_stride + first;
        for (Index j = 0; j < columns; ++j) {
          target[k * width + j] = static_cast<S>(from[j]) - l1_;
          block[k * width + j] = start[j];
        }
        for (Index j = columns; j < width; ++j) target[k * width + j] = block[k * width + j] = S(0);
      }
      if (!all_alive_) settle_flat(target, block);
      const double moved = sweep(target, block);
      for (Index i = 1; i < sweeps; ++i)
        if (!(sweep(target, block) > enough * enough * moved)) break;
      for (Index k = 0; k < count_; ++k)
        std::copy(block + k * width, block + k * width + columns, f + k * f_stride + first);
    }
  }

 private:
  using Packet = typename Eigen::internal::packet_traits<S>::type;
  static constexpr Index packet = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr Index width = 6 * packet;  // six sums in flight hide the latency of one

  static Packet load(const S* from) { return Eigen::internal::ploadu<Packet>(from); }
  static Packet all(S value) { return Eigen::internal::pset1<Packet>(value); }

  // The components without curvature, which sweeps pass over: 0 where that costs less.
  void settle_flat(const S* target, S* block) const {
    for (Index k = 0; k < count_; ++k) {
      if (inverse_[k] > S(0)) continue;
      for (Index j = k * width; j < (k + 1) * width; ++j)
        if (target[j] < S(0)) block[j] = S(0);
    }
  }

  // Of `width` columns: [component][column].
  double sweep(const S* target, S* block) const {
    using Eigen::internal::pmadd;
    Packet moved = all(S(0));
    for (Index k = 0; k < count_; ++k) {
      if (!(inverse_[k] > S(0))) continue;
      const S* minus = minus_.data() + k * count_;
      const S* p = target + k * width;
      Packet a0 = load(p);
      Packet a1 = load(p + packet);
      Packet a2 = load(p + 2 * packet);
      Packet a3 = load(p + 3 * packet);
      Packet a4 = load(p + 4 * packet);
      Packet a5 = load(p + 5 * packet);
      const auto subtract = [&](Index begin, Index end) {
        for (Index l = begin; l < end; ++l) {
          const Packet g = all(minus[l]);
          const S* other = block + l * width;
          a0 = pmadd(g, load(other), a0);
          a1 = pmadd(g, load(other + packet), a1);
          a2 = pmadd(g, load(other + 2 * packet), a2);
          a3 = pmadd(g, load(other + 3 * packet), a3);
          a4 = pmadd(g, load(other + 4 * packet), a4);
          a5 = pmadd(g, load(other + 5 * packet), a5);
        }
      };
      subtract(0, k);
      subtract(k + 1, count_);
      const Packet inverse = all(inverse_[k]);
      const Packet curvature = all(diagonal_[k]);
      S* own = block + k * width;
      const auto set = [&](S* at, Packet sum) {
        const Packet value = Eigen::internal::pmax(Eigen::internal::pmul(sum, inverse), all(S(0)));
        const Packet change = Eigen::internal::psub(value, load(at));
        moved = pmadd(Eigen::internal::pmul(change, change), curvature, moved);
        Eigen::internal::pstoreu(at, value);
      };
      set(own, a0);
      set(own + packet, a1);
      set(own + 2 * packet, a2);
      set(own + 3 * packet, a3);
      set(own + 4 * packet, a4);
      set(own + 5 * packet, a5);
    }
    return static_cast<double>(Eigen::internal::predux(moved));
  }

  Index count_;
  S l1_;
  RowMatrix<S> minus_;  // L x L, -G
  Vector<S> diagonal_;  // G_kk + l2; 0 for components that are left alone
  Vector<S> inverse_;
  bool all_alive_ = true;  // every component has curvature
};

}  // namespace detail

LATENT_END
