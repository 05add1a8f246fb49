// A family from one component: the user writes a single distribution, row by row.
//
//   struct Geometric {                                    // p(x) = p (1 - p)^x
//     double p;
//     using Statistics = double;                          // anything that adds up, see statistics.hpp
//     double zero() const { return 0.0; }
//     template <class Row>
//     double log_density(const Row& x) const {            // 0 log 0 = 0: p may become 1
//       return std::log(p) + (x[0] > 0 ? x[0] * std::log1p(-p) : 0.0);
//     }
//     template <class Row>
//     void accumulate(const Row& x, double r, double& s) const { s += r * x[0]; }
//     Geometric maximize(double n, double s) const { return {n / (n + s)}; }
//   };
//   Mixture model{weights, PerComponent<Geometric>{{{0.2}, {0.7}}}};
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/optional_members.hpp"

LATENT_BEGIN

// One row of a tile, 1 x D.
template <class S>
using ComponentRow = Eigen::Ref<const Eigen::Matrix<S, 1, Eigen::Dynamic>>;

namespace detail {

// name(k) for `name`, name(k,i) for `name(i)`.
inline std::string of_component(const std::string& name, Index k) {
  const std::size_t open = name.find('(');
  if (open == std::string::npos) return concat(name, "(", k, ")");
  return concat(name.substr(0, open + 1), k, ",", name.substr(open + 1));
}

}  // namespace detail

// What a single component needs. Optional members: prepare() -> an object with log_density(x), made
// once an E-step; check(); check_data(x, first_row), asked of the first component; dimension();
// parameters() and parameter_names(); log_prior(); free_parameters(); sample(random, row); degenerate();
// notes(iteration, notes), whose component PerComponent fills in; valid(n, s); recentred().
template <class C>
concept MixtureComponent = requires(const C& c, const ComponentRow<ScalarOf<C>>& x,
                                    typename C::Statistics& s) {
  { c.zero() } -> std::convertible_to<typename C::Statistics>;
  { detail::prepared(c).log_density(x) } -> std::convertible_to<double>;
  c.accumulate(x, 1.0, s);                           // s += r T(x)
  { c.maximize(1.0, s) } -> std::convertible_to<C>;  // from n = sum r > 0 and s
};

// A bank of K components of one kind. A component without weight stays as it was. Slower than a
// family that works on tiles: K n calls an E-step, each of which the compiler may inline.
template <class C>
struct PerComponent {
  static_assert(MixtureComponent<C>,
                "a component needs Statistics, zero(), log_density(x), accumulate(x, r, s) and "
                "maximize(n, s)");
  using Scalar = ScalarOf<C>;
  using Statistics = std::vector<typename C::Statistics>;  // K

  std::vector<C> component;  // K

  Index components() const { return static_cast<Index>(component.size()); }

  Statistics zero() const {
    Statistics all;
    for (const C& c : component) all.push_back(c.zero());
    return all;
  }

  // May refer to this family, which must outlive it.
  auto prepare() && = delete;
  auto prepare() const& {
    if constexpr (requires(const C& c) { c.prepare(); }) {
      using Ready = std::decay_t<decltype(std::declval<const C&>().prepare())>;
      Prepared<Ready> all;
      for (const C& c : component) all.ready.push_back(c.prepare());
      return all;
    } else {
      return Prepared<C>{component};
    }
  }

  void log_density(const Eigen::Ref<const RowMatrix<Scalar>>& x, RowMatrix<Scalar>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<Scalar>>& x, const RowMatrix<Scalar>& r,
                  Statistics& s) const {
    for (std::size_t k = 0; k < component.size(); ++k)
      for (Index i = 0; i < x.rows(); ++i) {
        const auto weight = static_cast<double>(r(i, static_cast<Index>(k)));
        if (weight > 0.0) component[k].accumulate(ComponentRow<Scalar>(x.row(i)), weight, s[k]);
      }
  }

  PerComponent maximize(const Vector<double>& n, const Statistics& s) const {
    PerComponent next;
    for (std::size_t k = 0; k < component.size(); ++k) {
      const double weight = n[static_cast<Index>(k)];
      next.component.push_back(weight > 0.0 ? C(component[k].maximize(weight, s[k]))
                                            : component[k]);
    }
    return next;
  }

  bool valid(const Vector<double>& n, const Statistics& s) const {
    bool all = true;
    for (std::size_t k = 0; k < component.size(); ++k)
      all = all && detail::statistics_valid(component[k], n[static_cast<Index>(k)], s[k]);
    return all;
  }

  void check() const {
    detail::require(!component.empty(), "PerComponent: there must be at least one component");
    for (const C& c : component) {
      if constexpr (requires { c.check(); }) c.check();
      if constexpr (detail::WithDimension<C>)
        detail::require(c.dimension() == component[0].dimension(),
                        "PerComponent: components must agree in their dimension; got ",
                        Index(component[0].dimension()), " and ", Index(c.dimension()));
    }
  }

  void check_data(const Eigen::Ref<const RowMatrix<Scalar>>& x, Index first_row) const requires
      requires(const C& c) {
    c.check_data(x, first_row);
  }
  { component[0].check_data(x, first_row); }

  Index dimension() const requires detail::WithDimension<C> { return component[0].dimension(); }

  double log_prior() const {
    double sum = 0.0;
    for (const C& c : component) sum += detail::log_prior(c);
    return sum;
  }

  bool degenerate() const {
    for (const C& c : component)
      if (detail::degenerate(c)) return true;
    return false;
  }

  void notes(Index iteration, std::vector<Note>& out) const {
    for (std::size_t k = 0; k < component.size(); ++k) {
      const std::size_t before = out.size();
      detail::collect_notes(component[k], iteration, out);
      for (std::size_t i = before; i < out.size(); ++i) out[i].component = static_cast<Index>(k);
    }
  }

  Vector<double> parameters() const requires detail::HasParameters<C> {
    std::vector<double> all;
    for (const C& c : component) {
      const Vector<double> own = c.parameters();
      all.insert(all.end(), own.data(), own.data() + own.size());
    }
    return Eigen::Map<const Vector<double>>(all.data(), static_cast<Index>(all.size()));
  }

  // Each component's names, or p1, p2, ... where it has none, each with the component: mean(0), or
  // lower(0,1) where the component calls it lower(1).
  std::vector<std::string> parameter_names() const requires detail::HasParameters<C> {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < component.size(); ++k) {
      const C& c = component[k];
      for (const std::string& name : detail::parameter_names(c, Index(c.parameters().size())))
        names.push_back(detail::of_component(name, static_cast<Index>(k)));
    }
    return names;
  }

  Index free_parameters() const requires detail::WithFreeParameters<C> {
    Index sum = 0;
    for (const C& c : component) sum += c.free_parameters();
    return sum;
  }

  void sample(Index k, Random& random, Scalar* row) const requires requires(const C& c) {
    c.sample(random, row);
  }
  { component[static_cast<std::size_t>(k)].sample(random, row); }

  PerComponent recentred() const {
    PerComponent moved;
    for (const C& c : component) moved.component.push_back(detail::recentred(c));
    return moved;
  }

 private:
  template <class Ready>
  struct Prepared {
    std::vector<Ready> ready;

    void log_density(const Eigen::Ref<const RowMatrix<Scalar>>& x, RowMatrix<Scalar>& out) const {
      for (std::size_t k = 0; k < ready.size(); ++k)
        for (Index i = 0; i < x.rows(); ++i)
          out(i, static_cast<Index>(k)) =
              static_cast<Scalar>(ready[k].log_density(ComponentRow<Scalar>(x.row(i))));
    }
  };
};

template <class C>
PerComponent(std::vector<C>) -> PerComponent<C>;

LATENT_END
