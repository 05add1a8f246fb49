// Which Gaussian mixtures are one and the same, and which contain which.
#pragma once

#include <string_view>
#include <vector>

#include "latent/core/types.hpp"
#include "latent/mixture/covariance.hpp"

LATENT_BEGIN

namespace detail {

struct GaussianModel {
  Covariance form = Covariance::full;
  Index components = 0;
};

// The first of the forms that are the same as this one for K components in d dimensions: one
// component has nothing to share, and one column has neither shape nor orientation.
constexpr Covariance plainest(Covariance form, Index components, Index dimension) {
  const bool one = components == 1;
  if (dimension == 1)
    return one || to_string(form).front() == 'E' ? Covariance::EII : Covariance::VII;
  if (!one) return form;
  if (is_spherical(form)) return Covariance::EII;
  return is_diagonal(form) ? Covariance::EEI : Covariance::EEE;
}

// Whether every mixture of form b is one of form a: volume, shape and orientation are each no freer
// in b, of I, E, V. In the order of the enumeration a form comes after those that it contains.
constexpr bool contains(Covariance a, Covariance b) {
  constexpr auto freedom = [](char letter) { return letter == 'I' ? 0 : letter == 'E' ? 1 : 2; };
  for (std::size_t i = 0; i < 3; ++i)
    if (freedom(to_string(b)[i]) > freedom(to_string(a)[i])) return false;
  return true;
}

// By components, then as the forms are listed. Of models that are the same the first stands for all.
inline std::vector<GaussianModel> different_models(const std::vector<Covariance>& forms, Index from,
                                                   Index to, Index dimension) {
  std::vector<GaussianModel> models;
  for (Index k = from; k <= to; ++k) {
    const std::size_t first = models.size();
    for (const Covariance form : forms) {
      bool fresh = true;
      for (std::size_t m = first; m < models.size(); ++m)
        fresh = fresh && plainest(models[m].form, k, dimension) != plainest(form, k, dimension);
      if (fresh) models.push_back({form, k});
    }
  }
  return models;
}

}  // namespace detail

LATENT_END
