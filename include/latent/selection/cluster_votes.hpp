// From the criteria to one number of clusters, with the reason.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/table_text.hpp"
#include "latent/selection/cluster_choice.hpp"

LATENT_BEGIN

// Which k the gap prefers, by one standard error:
// highest: the smallest k whose gap is at most s(m) below the highest gap, which is at m. The whole
//          sweep counts.
// first:   the smallest k with gap(k) >= gap(k + 1) - s(k + 1) (Tibshirani, Walther and Hastie 2001,
//          section 3). It stops at the first pause, and where groups of clusters lie together it
//          counts the groups, or sees one cluster where there are many.
enum class GapRule { highest, first };

namespace detail {

// The k of the best value; the smallest of equals. 0 = no row has it.
inline Index best_of(const std::vector<ClusterRow>& rows,
                     const std::optional<double> ClusterRow::*criterion, double sign) {
  const ClusterRow* best = nullptr;
  for (const ClusterRow& row : rows)
    if (row.*criterion &&
        (best == nullptr || sign * *(row.*criterion) > sign * *(best->*criterion)))
      best = &row;
  return best != nullptr ? best->clusters : 0;
}

inline Index gap_choice(const std::vector<ClusterRow>& rows, GapRule rule) {
  std::vector<ClusterRow> with_gap;
  for (const ClusterRow& row : rows)
    if (row.gap) with_gap.push_back(row);
  if (with_gap.empty()) return 0;
  if (rule == GapRule::first) {
    for (std::size_t i = 0; i + 1 < with_gap.size(); ++i)
      if (*with_gap[i].gap >= *with_gap[i + 1].gap - *with_gap[i + 1].gap_error)
        return with_gap[i].clusters;
    return with_gap.back().clusters;
  }
  const auto highest =
      std::max_element(with_gap.begin(), with_gap.end(),
                       [](const auto& a, const auto& b) { return *a.gap < *b.gap; });
  const double enough = *highest->gap - *highest->gap_error;
  return std::find_if(with_gap.begin(), with_gap.end(),
                      [&](const auto& row) { return *row.gap >= enough; })
      ->clusters;
}

inline std::vector<ClusterVote> cluster_votes(const std::vector<ClusterRow>& rows, GapRule rule) {
  std::vector<ClusterVote> votes;
  const auto vote = [&](const char* criterion, Index clusters) {
    if (clusters > 0) votes.push_back({criterion, clusters});
  };
  vote("gap", gap_choice(rows, rule));
  vote("BIC", best_of(rows, &ClusterRow::bic, -1.0));
  vote("silhouette", best_of(rows, &ClusterRow::silhouette, 1.0));
  vote("Calinski-Harabasz", best_of(rows, &ClusterRow::calinski_harabasz, 1.0));
  vote("Davies-Bouldin", best_of(rows, &ClusterRow::davies_bouldin, -1.0));
  return votes;
}

// "gap, BIC and silhouette", of those that vote for k.
inline std::string voters(const std::vector<ClusterVote>& votes, Index clusters) {
  std::vector<std::string> names;
  for (const ClusterVote& vote : votes)
    if (vote.clusters == clusters) names.push_back(vote.criterion);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
  return text;
}

struct Decision {
  Index clusters = 0;
  std::string reason;
};

// Silhouette, Calinski-Harabasz and Davies-Bouldin cannot say "one cluster": the first of gap and BIC
// alone decides that. Among several clusters the most votes win, of equal numbers those of the
// criterion that stands first.
inline Decision decide(const std::vector<ClusterRow>& rows, const std::vector<ClusterVote>& votes) {
  const auto number = [](Index k) { return concat(k, k == 1 ? " cluster" : " clusters"); };
  if (votes.empty())
    return {rows.front().clusters,
            number(rows.front().clusters) + ": the least number tried; no criterion has a value"};
  if (votes.front().clusters == 1) {
    std::string reason = "1 cluster: ";
    reason +=
        votes.front().criterion == "gap"
            ? "no larger k has a gap that exceeds the gap of 1 by more than its standard error"
            : "BIC is least there";
    return {1, reason + ", and only " + votes.front().criterion +
                   " is asked about one cluster or several"};
  }
  Index best = 0;
  std::ptrdiff_t most = 0;
  for (const ClusterVote& vote : votes) {
    const auto count = std::count_if(votes.begin(), votes.end(), [&](const ClusterVote& other) {
      return other.clusters == vote.clusters;
    });
    if (vote.clusters > 1 && count > most) {
      most = count;
      best = vote.clusters;
    }
  }
  const auto all = static_cast<std::ptrdiff_t>(votes.size());
  std::string reason = number(best) + ": ";
  if (most == all)
    return {best, reason + (all > 1 ? concat("all ", all, " criteria agree (") : "(") +
                      voters(votes, best) + ")"};
  reason += concat(most, " of ", all, " criteria (", voters(votes, best), ")");
  std::vector<Index> others;
  bool tied = false;
  for (const ClusterVote& vote : votes) {
    if (vote.clusters == best ||
        std::find(others.begin(), others.end(), vote.clusters) != others.end())
      continue;
    others.push_back(vote.clusters);
    const auto count = std::count_if(votes.begin(), votes.end(), [&](const ClusterVote& other) {
      return other.clusters == vote.clusters;
    });
    tied = tied || (count == most && vote.clusters > 1);
    reason += concat("; ", vote.clusters, " by ", voters(votes, vote.clusters));
  }
  if (tied) reason += "; of equal votes, those of the first criterion count";
  return {best, reason};
}

}  // namespace detail

LATENT_END
