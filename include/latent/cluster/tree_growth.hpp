// How a tree of centroids is grown: level by level, a k-means of the rows of every node.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "latent/cluster/centroid_tree.hpp"
#include "latent/cluster/kmeans.hpp"
#include "latent/cluster/row_groups.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

// What a node's share of the clusters is in proportion to.
// inertia: I^(D / (D + 2)), I = the inertia of its rows about their mean. With many clusters of an
//          equal kind within each node the sum of I k^(-2 / D) is least then (Zador 1982, "Asymptotic
//          quantization error", and Gersho 1979, "Asymptotically optimal block quantization", for
//          the exponent).
// weight:  the sum of the weights of its rows, so that clusters have about the same size.
enum class ClusterShare { inertia, weight };

namespace detail {

// `total` indivisible things for parts in proportion to their masses: at least one each, at most
// their capacity, `total` in all where capacities allow. The next one goes to the largest
// mass / (count + 1/2), ties to the lowest index: the divisor method of Webster, which meets bounds
// as it goes. O(total log parts).
inline std::vector<Index> apportion(const std::vector<double>& masses,
                                    const std::vector<Index>& capacities, Index total) {
  std::vector<Index> shares(masses.size(), 1);
  std::priority_queue<std::pair<double, Index>> next;  // of equal claims, the largest second
  const auto claim = [&](std::size_t part) {
    if (shares[part] < capacities[part])
      next.emplace(masses[part] / (static_cast<double>(shares[part]) + 0.5),
                   -static_cast<Index>(part));
  };
  for (std::size_t part = 0; part < masses.size(); ++part) claim(part);
  for (Index left = total - static_cast<Index>(masses.size()); left > 0 && !next.empty(); --left) {
    const auto part = static_cast<std::size_t>(-next.top().second);
    next.pop();
    ++shares[part];
    claim(part);
  }
  return shares;
}

// The k-means of a node's rows, and what follows from it for its children.
template <class S>
struct Branching {
  RowMatrix<S> centroids;                // children x D
  std::vector<std::vector<Index>> rows;  // of each child; left empty in the last level
  std::vector<Index> quotas;             // centroids that each child will have below it
  bool converged = true;
};

struct GrowthOptions {
  Index levels = 2;
  Index branching = 0;  // of nodes above the last level; 0 = the same ratio at every level
  ClusterShare share = ClusterShare::inertia;
  KMeans kmeans;  // of every node; its clusters and seed are set here
  std::uint64_t seed = 0;
};

template <class S>
class TreeGrowth {
 public:
  // Rows of zero weight take no part. `clusters` does not exceed the number of others.
  TreeGrowth(const Samples<S>& data, const GrowthOptions& options)
      : data_{data}, options_{options} {}

  // Exactly `clusters` centroids in the last level. A node gets no more of them than it has
  // different rows, unless the data as a whole have fewer.
  template <class Team>
  std::vector<TreeLevel<S>> grow(Index clusters, Team& team) {
    std::vector<std::vector<Index>> rows{usable_rows(data_)};
    std::vector<Index> quotas{clusters};
    marks_ = row_marks(data_, team);
    distinct_ = distinct_rows(marks_, rows[0]);
    if (distinct_ == static_cast<Index>(rows[0].size()) || distinct_ < clusters) marks_ = {};

    std::vector<TreeLevel<S>> levels;
    for (Index level = 0; level < options_.levels; ++level) {
      std::vector<Branching<S>> nodes(rows.size());
      const auto branch = [&](Index p, auto& workers) {
        const auto at = static_cast<std::size_t>(p);
        nodes[at] = branch_out(rows[at], quotas[at], level, p, workers);
        rows[at] = {};
      };
      // One node has all threads; many have one each. Either gives the same bits.
      if (rows.size() == 1) {
        branch(0, team);
      } else {
        team.for_each_lane(static_cast<Index>(rows.size()), [&](Index p) {
          Team alone{1};
          branch(p, alone);
        });
      }
      rows.clear();
      quotas.clear();
      levels.push_back(collected(nodes, rows, quotas));
    }
    return levels;
  }

  Index distinct() const { return distinct_; }  // rows of positive weight
  bool converged() const { return converged_; }

 private:
  TreeLevel<S> collected(std::vector<Branching<S>>& nodes, std::vector<std::vector<Index>>& rows,
                         std::vector<Index>& quotas) {
    TreeLevel<S> level;
    level.starts.push_back(0);
    for (const Branching<S>& node : nodes)
      level.starts.push_back(level.starts.back() + node.centroids.rows());
    level.centroids.resize(level.starts.back(), data_.cols());
    for (std::size_t p = 0; p < nodes.size(); ++p) {
      level.centroids.middleRows(level.starts[p], nodes[p].centroids.rows()) = nodes[p].centroids;
      std::move(nodes[p].rows.begin(), nodes[p].rows.end(), std::back_inserter(rows));
      quotas.insert(quotas.end(), nodes[p].quotas.begin(), nodes[p].quotas.end());
      converged_ = converged_ && nodes[p].converged;
    }
    return level;
  }

  // The children of a node that is to have `quota` centroids below it.
  Index children_of(Index quota, Index level) const {
    const Index left = options_.levels - level;
    if (left == 1) return quota;
    const double even =
        std::round(std::pow(static_cast<double>(quota), 1.0 / static_cast<double>(left)));
    const Index wanted = options_.branching > 0 ? options_.branching : static_cast<Index>(even);
    return std::clamp(wanted, Index{1}, quota);
  }

  template <class Team>
  Branching<S> branch_out(const std::vector<Index>& rows, Index quota, Index level, Index node,
                          Team& team) const {
    const bool whole = static_cast<Index>(rows.size()) == data_.rows();
    const Samples<S> part = whole ? data_ : gather_part(data_, rows);
    KMeans kmeans = options_.kmeans;
    kmeans.clusters = children_of(quota, level);
    kmeans.seed = Random{options_.seed, Purpose::initialisation, static_cast<std::uint64_t>(level),
                         static_cast<std::uint64_t>(node)}
                      .bits();
    const auto fit = kmeans.fit(part, Lent<Team>{team});

    Branching<S> found;
    found.centroids = fit.model.centroids();
    found.converged = fit.report.status != Status::max_iterations;
    if (level + 1 == options_.levels) return found;
    const Groups groups = group_by(fit.labels.data(), part.rows(), kmeans.clusters);
    std::vector<double> masses;
    std::vector<Index> capacities;
    Index children = 0;
    for (Index k = 0; k < groups.count(); ++k) {
      const std::span<const Index> members = groups.group(k);
      if (members.empty()) continue;
      std::vector<Index> child;
      child.reserve(members.size());
      for (const Index i : members) child.push_back(rows[static_cast<std::size_t>(i)]);
      masses.push_back(mass(part, members, fit.model.centroids(), k));
      capacities.push_back(marks_.empty() ? static_cast<Index>(child.size())
                                          : distinct_rows(marks_, child));
      found.rows.push_back(std::move(child));
      found.centroids.row(children++) = fit.model.centroids().row(k);
    }
    found.centroids = RowMatrix<S>(found.centroids.topRows(children));
    found.quotas = apportion(masses, capacities, quota);
    return found;
  }

  double mass(const Samples<S>& part, std::span<const Index> members, const RowMatrix<S>& centroids,
              Index k) const {
    double weight = 0.0;
    double inertia = 0.0;
    RowMatrix<S> row(1, part.cols());
    for (const Index i : members) {
      weight += part.weight(i);
      if (options_.share == ClusterShare::weight) continue;
      part.read(i, 1, row);
      inertia += part.weight(i) *
                 squared_distance(row.data(), centroids.data() + k * part.cols(), part.cols());
    }
    if (options_.share == ClusterShare::weight) return weight;
    const auto cols = static_cast<double>(part.cols());
    return std::pow(inertia, cols / (cols + 2.0));
  }

  const Samples<S>& data_;
  const GrowthOptions& options_;
  std::vector<std::uint64_t> marks_;  // empty where rows may count as different
  Index distinct_ = 0;
  bool converged_ = true;
};

}  // namespace detail

LATENT_END
