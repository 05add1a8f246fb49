// Model-based agglomeration: from rows to a few groups, by what a merger costs a likelihood.
//
// The classification likelihood of Gaussian groups falls least by a merger that adds least to
//
//   tr W                      W = sum_k W_k the scatter within: equal spheres (Ward 1963)
//   sum_k n_k log |W_k / n_k|  a covariance a group (Banfield and Raftery 1993, equation 6; Fraley 1998)
//
// The second says nothing of groups of a few rows, whose scatter is singular, and costs a determinant
// a pair. So rows are joined by the first until there are some groups a component, and these by the
// criterion of the form of covariance.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/mixture/covariance.hpp"

LATENT_BEGIN

namespace detail {

// By how much tr W grows when groups of weights a and b, `squared` apart, are joined.
inline double ward_growth(double a, double b, double squared) {
  return a / (a + b) * b * squared;
}

// Labels 0 ... groups-1, numbered by their first rows, of the tree of Ward 1963 cut at `groups`.
// rows: m x D; weights: m, positive; 1 <= groups <= m. By chains of nearest neighbours (Benzecri
// 1982; Murtagh 1983), exact since joining two groups brings neither nearer to a third. Ties go to
// the lowest row. O(m^2 D) time, O(m D) memory.
inline Labels ward_groups(const RowMatrix<double>& rows, const Vector<double>& weights,
                          Index groups) {
  struct Merger {
    double growth;
    Index kept, gone;
  };
  const Index m = rows.rows();
  const Index d = rows.cols();
  RowMatrix<double> centre = rows;
  Vector<double> weight = weights;
  std::vector<Index> alive;
  for (Index i = 0; i < m; ++i) alive.push_back(i);
  std::vector<Merger> mergers;
  std::vector<Index> chain;
  while (alive.size() > 1) {
    if (chain.empty()) chain.push_back(alive.front());
    const Index tip = chain.back();
    const auto growth = [&](Index other) {
      return ward_growth(weight[tip], weight[other],
                         squared_distance(centre.data() + tip * d, centre.data() + other * d, d));
    };
    Index nearest = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    double least = nearest >= 0 ? growth(nearest) : std::numeric_limits<double>::infinity();
    const Index before = nearest;
    for (const Index other : alive) {
      if (other == tip || other == before) continue;
      if (const double found = growth(other); found < least) {
        least = found;
        nearest = other;
      }
    }
    if (nearest != before) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    const Index kept = std::min(tip, nearest);
    const Index gone = std::max(tip, nearest);
    centre.row(kept) +=
        weight[gone] / (weight[kept] + weight[gone]) * (centre.row(gone) - centre.row(kept));
    weight[kept] += weight[gone];
    alive.erase(std::lower_bound(alive.begin(), alive.end(), gone));
    mergers.push_back({least, kept, gone});
  }
  // Chains find the mergers out of order.
  std::stable_sort(mergers.begin(), mergers.end(),
                   [](const Merger& a, const Merger& b) { return a.growth < b.growth; });
  std::vector<Index> root(static_cast<std::size_t>(m));
  for (Index i = 0; i < m; ++i) root[static_cast<std::size_t>(i)] = i;
  const auto find = [&](Index i) {
    while (root[static_cast<std::size_t>(i)] != i)
      i = root[static_cast<std::size_t>(i)] =
          root[static_cast<std::size_t>(root[static_cast<std::size_t>(i)])];
    return i;
  };
  for (Index t = 0; t < m - groups; ++t) {
    const Merger& merger = mergers[static_cast<std::size_t>(t)];
    const Index a = find(merger.kept);
    const Index b = find(merger.gone);
    root[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  Labels labels(m);
  int count = 0;
  for (Index i = 0; i < m; ++i) {
    const Index first = find(i);  // the lowest row of the group
    labels[i] = first == i ? count++ : labels[first];
  }
  return labels;
}

// A group of rows. scatter: D x D about the mean, lower triangle; or its diagonal, 1 x D.
struct RowGroup {
  double weight = 0.0;
  Vector<double> mean;
  RowMatrix<double> scatter;

  void join(const RowGroup& other) {
    const Vector<double> apart = other.mean - mean;
    const double share = ward_growth(weight, other.weight, 1.0);
    for (Index j = 0; j < mean.size(); ++j) {
      if (scatter.rows() == 1)
        scatter(0, j) += other.scatter(0, j) + share * apart[j] * apart[j];
      else
        for (Index i = j; i < mean.size(); ++i)
          scatter(i, j) += other.scatter(i, j) + share * apart[i] * apart[j];
    }
    mean += other.weight / (weight + other.weight) * apart;
    weight += other.weight;
  }

  // n log |W / n + least I|, of the form's covariance.
  double cost(Covariance form, double least) const {
    const Index d = mean.size();
    const double unit = 1.0 / weight;
    double log_det = 0.0;
    if (is_spherical(form)) {
      log_det = static_cast<double>(d) *
                std::log(unit * scatter.row(0).sum() / static_cast<double>(d) + least);
    } else if (is_diagonal(form)) {
      for (Index j = 0; j < d; ++j) log_det += std::log(unit * scatter(0, j) + least);
    } else {
      RowMatrix<double> factor(d, d);
      const RowMatrix<double> covariance = unit * scatter;
      if (!cholesky(covariance, -least, factor)) return std::numeric_limits<double>::infinity();
      for (Index j = 0; j < d; ++j) log_det += 2.0 * std::log(factor(j, j));
    }
    return weight * log_det;
  }
};

// Labels of m rows (in units of the data's deviations, about their mean) in `groups` groups that suit
// components of a form; m, D >= 1, 1 <= groups <= m. O(m^2 D + groups^2 D^3).
inline Labels agglomerate(Covariance form, const RowMatrix<double>& rows,
                          const Vector<double>& weights, Index groups) {
  // Equal covariances are the pooled one, which no group tells alone; and one group is one.
  if (is_shared(form) || groups == 1) return ward_groups(rows, weights, groups);
  const Index m = rows.rows();
  const Index d = rows.cols();
  const Index fine = std::min(m, 4 * groups + 8);
  Labels labels = ward_groups(rows, weights, fine);
  std::vector<RowGroup> parts(static_cast<std::size_t>(fine));
  double within = 0.0;
  for (Index i = 0; i < m; ++i) {
    RowGroup row{weights[i], rows.row(i).transpose(),
                 RowMatrix<double>::Zero(is_diagonal(form) ? 1 : d, d)};
    RowGroup& part = parts[static_cast<std::size_t>(labels[i])];
    if (part.weight > 0.0)
      part.join(row);
    else
      part = std::move(row);
  }
  for (const RowGroup& part : parts)
    within += is_diagonal(form) ? part.scatter.sum() : part.scatter.trace();
  // What a group is granted in every direction, so that few rows are not taken for a thin cloud: the
  // variance within the groups as they are now.
  const double least = std::max(within / (weights.sum() * static_cast<double>(d)), 1e-6);
  std::vector<double> cost;
  for (const RowGroup& part : parts) cost.push_back(part.cost(form, least));
  const auto growth = [&](std::size_t a, std::size_t b) {
    RowGroup both = parts[a];
    both.join(parts[b]);
    return both.cost(form, least) - cost[a] - cost[b];
  };
  RowMatrix<double> pair = RowMatrix<double>::Zero(fine, fine);  // growth(a, b) at a < b
  for (Index a = 0; a < fine; ++a)
    for (Index b = a + 1; b < fine; ++b)
      pair(a, b) = growth(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
  std::vector<char> gone(static_cast<std::size_t>(fine), 0);
  for (Index left = fine; left > groups; --left) {
    Index best_a = -1;
    Index best_b = -1;
    for (Index a = 0; a < fine; ++a)
      for (Index b = a + 1; b < fine && gone[static_cast<std::size_t>(a)] == 0; ++b)
        if (gone[static_cast<std::size_t>(b)] == 0 &&
            (best_a < 0 || pair(a, b) < pair(best_a, best_b))) {
          best_a = a;
          best_b = b;
        }
    const auto kept = static_cast<std::size_t>(best_a);
    parts[kept].join(parts[static_cast<std::size_t>(best_b)]);
    cost[kept] = parts[kept].cost(form, least);
    gone[static_cast<std::size_t>(best_b)] = 1;
    for (Index i = 0; i < m; ++i)
      if (labels[i] == best_b) labels[i] = static_cast<int>(best_a);
    for (Index other = 0; other < fine; ++other)
      if (other != best_a && gone[static_cast<std::size_t>(other)] == 0)
        pair(std::min(best_a, other), std::max(best_a, other)) =
            growth(std::min(kept, static_cast<std::size_t>(other)),
                   std::max(kept, static_cast<std::size_t>(other)));
  }
  std::vector<int> name(static_cast<std::size_t>(fine), -1);
  int count = 0;
  for (Index i = 0; i < m; ++i) {
    int& of = name[static_cast<std::size_t>(labels[i])];
    if (of < 0) of = count++;
    labels[i] = of;
  }
  return labels;
}

}  // namespace detail

LATENT_END
