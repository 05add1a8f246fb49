// k-means++ and its greedy form.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "latent/cluster/starts/batched_draws.hpp"
#include "latent/cluster/starts/nearest_chosen.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

namespace detail {

// How many candidates greedy k-means++ draws for each centre.
inline Index greedy_candidates(Index clusters) {
  return 2 + static_cast<Index>(std::log(static_cast<double>(clusters)));
}

// What follows when all distinct rows are centres: rows that repeat them, or the end.
enum class Repeats { allowed, refused };

// Fills up the centres with rows drawn in proportion to their mass, the best of `candidates` each.
// One uniform number a candidate.
template <class S, class Team>
void draw_centres(NearestChosen<S, Team>& chosen, Index candidates, std::uint64_t seed,
                  std::uint64_t restart, Repeats repeats = Repeats::allowed) {
  while (!chosen.complete()) {
    Random random{seed, Purpose::initialisation, restart,
                  static_cast<std::uint64_t>(chosen.chosen())};
    if (!(chosen.mass() > 0.0)) {
      if (repeats == Repeats::refused) return;
      chosen.add_row(chosen.next_unused());
      continue;
    }
    // Before the first centre, all candidates would be as good as one.
    std::vector<Index> rows;
    for (Index c = 0; c < (chosen.chosen() == 0 ? 1 : candidates); ++c)
      rows.push_back(chosen.draw(random.uniform()));
    chosen.add_best(rows);
  }
}

template <class S, class Team>
RowMatrix<S> plus_plus_rows(const Samples<S>& data, Index clusters, Index candidates,
                            std::uint64_t seed, std::uint64_t restart, Team& team) {
  if (candidates == 1) return BatchedDraws<S, Team>{data, clusters, team}.run(seed, restart);
  NearestChosen<S, Team> chosen{data, clusters, team};
  draw_centres(chosen, candidates, seed, restart);
  return chosen.take_centres();
}

}  // namespace detail

LATENT_END
