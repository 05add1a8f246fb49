// What adaptors ask of the families and components they hold, where those have it.
#pragma once

#include <concepts>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

template <class F>
concept WithDimension = requires(const F& f) {
  { f.dimension() } -> std::convertible_to<Index>;
};
template <class F>
concept WithFreeParameters = requires(const F& f) {
  { f.free_parameters() } -> std::convertible_to<Index>;
};
template <class F>
concept WithSample = requires(const F& f, Random& random, ScalarOf<F>* row) {
  f.sample(Index{0}, random, row);
};

// The statistics lie where maximize() expects them.
template <class Family, class Weight, class Statistics>
bool statistics_valid(const Family& family, const Weight& n, const Statistics& s) {
  if constexpr (requires {
                  { family.valid(n, s) } -> std::convertible_to<bool>;
                }) {
    return family.valid(n, s);
  } else {
    return true;
  }
}

}  // namespace detail

LATENT_END
