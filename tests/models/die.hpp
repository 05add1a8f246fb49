// K dice with any number of faces: a family as a user would write it. A row is the face, 0, 1, ...
#pragma once

#include <cmath>
#include <string>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/types.hpp"
#include "latent/models/hidden_markov.hpp"

namespace latent_test {

struct Die {
  using Statistics = latent::RowMatrix<double>;  // K x faces: expected throws
  latent::RowMatrix<double> probability;         // K x faces

  latent::Index components() const { return probability.rows(); }
  latent::Index dimension() const { return 1; }
  Statistics zero() const { return Statistics::Zero(probability.rows(), probability.cols()); }

  void log_density(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                   latent::RowMatrix<double>& out) const {
    for (latent::Index i = 0; i < x.rows(); ++i)
      for (latent::Index k = 0; k < components(); ++k)
        out(i, k) = std::log(probability(k, static_cast<latent::Index>(x(i, 0))));
  }
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                  const latent::RowMatrix<double>& r, Statistics& s) const {
    for (latent::Index i = 0; i < x.rows(); ++i)
      for (latent::Index k = 0; k < components(); ++k)
        s(k, static_cast<latent::Index>(x(i, 0))) += r(i, k);
  }
  Die maximize(const latent::Vector<double>& n, const Statistics& s) const {
    Die next = *this;
    for (latent::Index k = 0; k < components(); ++k)
      if (n[k] > 0.0) next.probability.row(k) = s.row(k) / n[k];
    return next;
  }
  void check_data(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                  latent::Index first_row) const {
    for (latent::Index i = 0; i < x.rows(); ++i) {
      const double face = x(i, 0);
      if (!(face >= 0.0 && face < static_cast<double>(probability.cols())) ||
          face != std::floor(face))
        throw latent::DataError("Die: no such face at row " + std::to_string(first_row + i));
    }
  }
  latent::Vector<double> parameters() const {
    return Eigen::Map<const latent::Vector<double>>(probability.data(), probability.size());
  }
  latent::Index free_parameters() const { return probability.rows() * (probability.cols() - 1); }
  void sample(latent::Index k, latent::Random& random, double* row) const {
    double rest = random.uniform();
    latent::Index face = 0;
    while (face + 1 < probability.cols() && (rest -= probability(k, face)) >= 0.0) ++face;
    row[0] = static_cast<double>(face);
  }
};

using Casino = latent::HiddenMarkov<Die>;

// A fair die and one that shows six half of the time (Durbin, Eddy, Krogh and Mitchison 1998).
inline Casino casino() {
  return {Eigen::Vector2d(0.5, 0.5),
          latent::RowMatrix<double>{{0.95, 0.05}, {0.1, 0.9}},
          {latent::RowMatrix<double>{{1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6},
                                     {0.1, 0.1, 0.1, 0.1, 0.1, 0.5}}}};
}

}  // namespace latent_test
