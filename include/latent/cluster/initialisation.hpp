// Where k-means starts. Each way is a header of starts/.
#pragma once

#include <cstdint>

#include "latent/cluster/starts/afk_mc2.hpp"
#include "latent/cluster/starts/farthest_first.hpp"
#include "latent/cluster/starts/parallel.hpp"
#include "latent/cluster/starts/pca_part.hpp"
#include "latent/cluster/starts/plus_plus.hpp"
#include "latent/cluster/starts/random_rows.hpp"

LATENT_BEGIN

// Rows of zero weight are never chosen. While rows remain that differ from all centroids, no
// centroid repeats another (but of `random`); then rows repeat, and the fit ends as degenerate.
//
// plus_plus:        each next row with probability in proportion to w times its squared distance to
//                   the rows chosen so far (Arthur and Vassilvitskii 2007). Expected inertia within
//                   8 (ln K + 2) of the optimum. log2 K passes, about one assignment in all.
// greedy_plus_plus: of 2 + floor(ln K) such candidates, the one that leaves the least inertia
//                   (section 6 of the same). O(n K D ln K) at most; rows that bounds rule out are
//                   not read.
// random:           distinct rows of positive weight, all equally likely.
// parallel:         k-means|| (Bahmani, Moseley, Vattani, Kumar and Vassilvitskii 2012): five rounds
//                   that draw 2 K rows each on average, then greedy k-means++ on these, weighted by
//                   the rows that they are nearest to. Six passes over the data instead of K, with
//                   10 K centroids: about ten assignments of Lloyd's iteration.
// afk_mc2:          Bachem, Lucic, Hassani and Krause 2016, "Fast and provably good seedings for
//                   k-means": the draws of k-means++ from Markov chains of 200 rows. Two passes over
//                   the data and O(200 K^2 D): for n far above 200 K.
// farthest_first:   the row farthest from the mean, then each time the row farthest from those chosen
//                   (Gonzalez 1985; Katsavounidis, Kuo and Zhang 1994). Takes outliers first. O(n K D)
//                   at most.
// pca_part:         the means of K parts of the data: again and again, the part of the largest inertia
//                   is divided at its mean along its first principal direction (Su and Dy 2007).
//                   About log2 K levels of division, each O(n D^2) up to 32 columns, else O(16 n D).
//
// All but pca_part take sparse rows by their stored entries: for n D read the entries.
//
// The last two are deterministic: they use no seed, and a fit runs them once, whatever `restarts`.
enum class KMeansInit {
  plus_plus,
  greedy_plus_plus,
  random,
  parallel,
  afk_mc2,
  farthest_first,
  pca_part
};

namespace detail {

inline bool is_deterministic(KMeansInit init) {
  return init == KMeansInit::farthest_first || init == KMeansInit::pca_part;
}

// K x D, from data with at least `clusters` rows of positive weight.
template <class S, class Team>
RowMatrix<S> initial_centroids(const Samples<S>& data, KMeansInit init, Index clusters,
                               std::uint64_t seed, std::uint64_t restart, Team& team) {
  switch (init) {
    case KMeansInit::random:
      return random_rows(data, clusters, seed, restart);
    case KMeansInit::parallel:
      return ParallelStart<S, Team>{data, clusters, team}.run(seed, restart);
    case KMeansInit::afk_mc2:
      return AfkMc2<S, Team>{data, clusters, afk_mc2_chain, team}.run(seed, restart);
    case KMeansInit::farthest_first:
      return farthest_rows(data, clusters, team);
    case KMeansInit::pca_part:
      return PcaPart<S, Team>{data, clusters, team}.run();
    case KMeansInit::plus_plus:
    case KMeansInit::greedy_plus_plus:
      break;
  }
  const Index candidates = init == KMeansInit::plus_plus ? 1 : greedy_candidates(clusters);
  return plus_plus_rows(data, clusters, candidates, seed, restart, team);
}

}  // namespace detail

LATENT_END
