// What one pass over the data says of a fitted mixture.
#pragma once

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/em/assignment.hpp"
#include "latent/mixture/mixture.hpp"

LATENT_BEGIN

namespace detail {

struct MixturePass {
  Labels labels;               // n: as Mixture::predict, but that known labels stay
  Vector<double> log_density;  // n: log p(x_i), or log p(x_i, label)
  double entropy = 0.0;        // of the responsibilities, weighted
};

// With the threads of a team that is already there. No checks: the model was fitted to such data.
template <class Family, class S, class Team>
MixturePass pass_over(const Mixture<Family>& model, const Samples<S>& data, Team& team) {
  using T = ScalarOf<Family>;
  MixturePass pass{Labels(data.rows()), Vector<double>(data.rows()), 0.0};
  const auto ready = model.prepare();
  pass.entropy = team.reduce(
      lanes_of(data.rows()), [] { return 0.0; },
      [&](Index lane, double& entropy) {
        RowMatrix<T> r;
        Vector<double> log_density;
        for_each_block<T>(data, lane, [&](const Block<T>& block) {
          ready.log_joint(block.x, r);
          posterior(r, block, model.weights, &log_density);
          pass.log_density.segment(block.first_row, r.rows()) = log_density;
          for (Index i = 0; i < r.rows(); ++i) {
            Index best = 0;
            for (Index k = 0; k < r.cols(); ++k) {
              if (r(i, k) > r(i, best)) best = k;
              const auto share = static_cast<double>(r(i, k));
              entropy -= block.weights[i] * xlogy(share, share);
            }
            pass.labels[block.first_row + i] = static_cast<int>(best);
          }
        });
      });
  return pass;
}

}  // namespace detail

LATENT_END
