// Drawing from a hidden Markov chain.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// n x D, n the sum of `lengths`: sequences drawn one after another; row i depends on (seed, i) and the
// states before it in its sequence. `states`, where given, receives the hidden path.
template <class Family>
RowMatrix<ScalarOf<Family>> sample_chain(const Vector<double>& initial,
                                         const RowMatrix<double>& transition, const Family& family,
                                         const std::vector<Index>& lengths, std::uint64_t seed,
                                         Labels* states, std::string_view who) {
  Index n = 0;
  for (const Index length : lengths) {
    detail::require(length >= 1, who, ": lengths must be positive; got ", length);
    n += length;
  }
  RowMatrix<ScalarOf<Family>> out(n, family.dimension());
  if (states != nullptr) states->resize(n);
  const Random stream(seed, Purpose::sampling);
  Index i = 0;
  for (const Index length : lengths) {
    Index state = 0;
    for (Index t = 0; t < length; ++t, ++i) {
      Random random = stream.at(static_cast<std::uint64_t>(i));
      const double* p = t == 0 ? initial.data() : transition.data() + state * initial.size();
      state = detail::draw(p, initial.size(), 1.0, random.uniform());
      family.sample(state, random, out.data() + i * out.cols());
      if (states != nullptr) (*states)[i] = static_cast<int>(state);
    }
  }
  return out;
}

}  // namespace detail

LATENT_END
