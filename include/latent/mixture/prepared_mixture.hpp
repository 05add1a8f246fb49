// A mixture made ready for one E-step.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "latent/core/blocks.hpp"
#include "latent/core/pool.hpp"
#include "latent/core/types.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/component_tile.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/respond.hpp"
#include "latent/mixture/family_tile.hpp"

LATENT_BEGIN

template <class FamilyStatistics>
struct MixtureStatistics {
  Vector<double> n;         // K; n(k) = sum_i w_i r(i, k)
  FamilyStatistics family;  // the family's expected statistics
  auto fields() { return std::tie(n, family); }
};

namespace detail {

// What one E-step needs of a mixture, computed once. Threads may share it.
template <class F>
struct PreparedMixture {
  using S = ScalarOf<F>;
  using Prepared = decltype(detail::prepared(
      std::declval<const F&>()));  // a value, or a reference to the family
  using Rows = Eigen::Ref<const RowMatrix<S>>;

  // What a thread works in, from block to block: allocating anew costs as much as small blocks do.
  struct Desk {
    decltype(tile_of(std::declval<const F&>(), std::declval<const Prepared&>())) rows;
    ComponentTile<S> joint{};
    RowPeaks<S> peaks{};
    Vector<double> n{};
  };

  const Vector<double>& weights;
  const F& family;
  Prepared density;
  Vector<S> log_weights;
  mutable Pool<Desk> desks{};

  // out: n x K.
  void log_joint(const Rows& x, RowMatrix<S>& out) const {
    at_desk([&](Desk& desk) {
      fill(x, desk);
      desk.joint.copy_to(out);
    });
  }

  template <Assignment A>
  Expectation expect(const Block<S>& block, const A& assign, const Step& step,
                     MixtureStatistics<typename F::Statistics>& statistics) const {
    Expectation sums;
    at_desk([&](Desk& desk) {
      ComponentTile<S>& tile = desk.joint;
      fill(block.x, desk);
      sums = respond(tile, block, weights, true, assign, step, desk.peaks);
      desk.n.resize(weights.size());
      for (Index k = 0; k < weights.size(); ++k) desk.n[k] = tile.sum(k);
      statistics.n += desk.n;
      desk.rows.accumulate(block.x, tile.component(0), tile.stride(), desk.n.data(),
                           statistics.family);
    });
    return sums;
  }

 private:
  void fill(const Rows& x, Desk& desk) const {
    desk.joint.resize(weights.size(), x.rows());
    desk.rows.log_joint(x, desk.joint.component(0), desk.joint.stride(), log_weights.data());
  }

  template <class Use>
  void at_desk(const Use& use) const {
    desks.borrow([&] { return std::make_unique<Desk>(Desk{tile_of(family, density)}); }, use);
  }
};

}  // namespace detail

LATENT_END
