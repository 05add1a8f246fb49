// A family whose components come from several families.
//
//   Mixture model{weights, Heterogeneous{Gaussian<>::isotropic(means, 1.0), Uniform<>::around(x)}};
//   std::get<0>(model.family.families).means
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/family_tile.hpp"
#include "latent/mixture/optional_members.hpp"

LATENT_BEGIN

namespace detail {

// One statistic a family.
template <class... F>
struct HeterogeneousStatistics {
  std::tuple<typename F::Statistics...> parts;
  auto fields() {
    return std::apply([](auto&... part) { return std::tie(part...); }, parts);
  }
};

// f(family index as a constant, first component) for each of the families.
template <class... F, class Body>
void for_each_family(const std::tuple<F...>& families, const Body& body) {
  Index first = 0;
  const auto visit = [&](auto at) {
    body(at, first);
    first += std::get<decltype(at)::value>(families).components();
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::index_sequence_for<F...>{});
}

// The tiles of all families, whose components follow each other.
template <class S, class Families, class Statistics, class... Tile>
struct HeterogeneousTile {
  const Families& families;
  std::tuple<Tile...> tiles;

  using Rows = Eigen::Ref<const RowMatrix<S>>;

  void log_joint(const Rows& x, S* joint, Index stride, const S* log_weights) {
    for_each_family(families, [&](auto at, Index first) {
      std::get<decltype(at)::value>(tiles).log_joint(x, joint + first * stride, stride,
                                                     log_weights + first);
    });
  }

  void accumulate(const Rows& x, const S* r, Index stride, const double* n,
                  Statistics& statistics) {
    for_each_family(families, [&](auto at, Index first) {
      constexpr std::size_t i = decltype(at)::value;
      std::get<i>(tiles).accumulate(x, r + first * stride, stride, n + first,
                                    std::get<i>(statistics.parts));
    });
  }
};

// What an E-step needs of each family, made once.
template <class... F>
struct PreparedHeterogeneous {
  using S = std::common_type_t<ScalarOf<F>...>;
  using Rows = Eigen::Ref<const RowMatrix<S>>;
  using Families = std::tuple<F...>;

  const Families& families;
  std::tuple<decltype(prepared(std::declval<const F&>()))...> ready;

  void log_density(const Rows& x, RowMatrix<S>& out) const {
    for_each_family(families, [&](auto at, Index first) {
      constexpr std::size_t i = decltype(at)::value;
      RowMatrix<S> part(x.rows(), std::get<i>(families).components());
      std::get<i>(ready).log_density(x, part);
      out.middleCols(first, part.cols()) = part;
    });
  }

  auto tile() const {
    return [&]<std::size_t... I>(std::index_sequence<I...> /*families*/) {
      return tiles(tile_of(std::get<I>(families), std::get<I>(ready))...);
    }
    (std::index_sequence_for<F...>{});
  }

 private:
  template <class... Tile>
  HeterogeneousTile<S, Families, HeterogeneousStatistics<F...>, Tile...> tiles(
      Tile... of_family) const {
    return {families, {std::move(of_family)...}};
  }
};

}  // namespace detail

// The components of F1, then those of F2, and so on, over the same columns. A member that is
// optional for a family exists where all of them have it; those with a meaning for none (check,
// prior, notes, valid) are those of the families that have them.
template <class... F>
class Heterogeneous {
  static_assert((detail::is_mixture_family<F>() && ...));

 public:
  using Scalar = std::common_type_t<ScalarOf<F>...>;
  using Statistics = detail::HeterogeneousStatistics<F...>;
  static constexpr bool accepts_missing = (detail::accepts_missing<F>() && ...);
  static_assert(sizeof...(F) >= 1 && (std::is_same_v<ScalarOf<F>, Scalar> && ...),
                "Heterogeneous: the families must compute in the same scalar");

  std::tuple<F...> families;

  explicit Heterogeneous(F... each) : families{std::move(each)...} {}

  Index components() const {
    return std::apply([](const F&... f) { return (Index(f.components()) + ...); }, families);
  }

  Statistics zero() const {
    return std::apply([](const F&... f) { return Statistics{{f.zero()...}}; }, families);
  }

  // Refers to this family, which must outlive it.
  detail::PreparedHeterogeneous<F...> prepare() && = delete;
  detail::PreparedHeterogeneous<F...> prepare() const& {
    return std::apply(
        [&](const F&... f) {
          return detail::PreparedHeterogeneous<F...>{families, {detail::prepared(f)...}};
        },
        families);
  }

  void log_density(const Eigen::Ref<const RowMatrix<Scalar>>& x, RowMatrix<Scalar>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<Scalar>>& x, const RowMatrix<Scalar>& r,
                  Statistics& s) const {
    detail::for_each_family(families, [&](auto at, Index first) {
      constexpr std::size_t i = decltype(at)::value;
      const auto& family = std::get<i>(families);
      const RowMatrix<Scalar> part = r.middleCols(first, family.components());
      family.accumulate(x, part, std::get<i>(s.parts));
    });
  }

  Heterogeneous maximize(const Vector<double>& n, const Statistics& s) const {
    Heterogeneous next = *this;
    detail::for_each_family(families, [&](auto at, Index first) {
      constexpr std::size_t i = decltype(at)::value;
      const auto& family = std::get<i>(families);
      const Vector<double> part = n.segment(first, family.components());
      std::get<i>(next.families) = family.maximize(part, std::get<i>(s.parts));
    });
    return next;
  }

  bool valid(const Vector<double>& n, const Statistics& s) const {
    bool all = true;
    detail::for_each_family(families, [&](auto at, Index first) {
      constexpr std::size_t i = decltype(at)::value;
      const auto& family = std::get<i>(families);
      const Vector<double> part = n.segment(first, family.components());
      all = all && detail::statistics_valid(family, part, std::get<i>(s.parts));
    });
    return all;
  }

  void check() const {
    each([](const auto& family) {
      if constexpr (requires { family.check(); }) family.check();
    });
    if constexpr (has_dimension)
      each([&](const auto& family) {
        detail::require(family.dimension() == dimension(),
                        "Heterogeneous: the families must agree in their dimension; got ",
                        dimension(), " and ", Index(family.dimension()));
      });
  }

  void check_data(const Eigen::Ref<const RowMatrix<Scalar>>& x, Index first_row) const {
    each([&](const auto& family) {
      if constexpr (requires { family.check_data(x, first_row); }) family.check_data(x, first_row);
    });
  }

  Index dimension() const requires(detail::WithDimension<F>&&...) {
    return std::get<0>(families).dimension();
  }

  double log_prior() const {
    double sum = 0.0;
    each([&](const auto& family) { sum += detail::log_prior(family); });
    return sum;
  }

  bool degenerate() const {
    bool any = false;
    each([&](const auto& family) { any = any || detail::degenerate(family); });
    return any;
  }

  // With the components counted through all families; the text of a note counts within its own.
  void notes(Index iteration, std::vector<Note>& out) const {
    detail::for_each_family(families, [&](auto at, Index first) {
      const std::size_t before = out.size();
      detail::collect_notes(std::get<decltype(at)::value>(families), iteration, out);
      for (std::size_t i = before; i < out.size(); ++i)
        if (out[i].component >= 0) out[i].component += first;
    });
  }

  Vector<double> parameters() const requires(detail::HasParameters<F>&&...) {
    std::vector<double> all;
    each([&](const auto& family) {
      const Vector<double> own = family.parameters();
      all.insert(all.end(), own.data(), own.data() + own.size());
    });
    return Eigen::Map<const Vector<double>>(all.data(), static_cast<Index>(all.size()));
  }

  // Each family's names, or p1, p2, ... where it has none; of several families, with the family's
  // number before them, as in f0.mean(0,0).
  std::vector<std::string> parameter_names() const requires(detail::HasParameters<F>&&...) {
    std::vector<std::string> names;
    Index number = 0;
    each([&](const auto& family) {
      const Index count = Index(family.parameters().size());
      for (const std::string& name : detail::parameter_names(family, count))
        names.push_back(sizeof...(F) > 1 ? detail::concat("f", number, ".", name) : name);
      ++number;
    });
    return names;
  }

  Index free_parameters() const requires(detail::WithFreeParameters<F>&&...) {
    return std::apply([](const F&... f) { return (f.free_parameters() + ...); }, families);
  }

  void sample(Index k, Random& random, Scalar* row) const requires(detail::WithSample<F>&&...) {
    detail::for_each_family(families, [&](auto at, Index first) {
      const auto& family = std::get<decltype(at)::value>(families);
      if (k >= first && k < first + family.components()) family.sample(k - first, random, row);
    });
  }

  Heterogeneous recentred() const {
    return std::apply([](const F&... f) { return Heterogeneous(detail::recentred(f)...); },
                      families);
  }

 private:
  static constexpr bool has_dimension = (detail::WithDimension<F> && ...);

  template <class Body>
  void each(const Body& body) const {
    std::apply([&](const F&... f) { (body(f), ...); }, families);
  }
};

LATENT_END
