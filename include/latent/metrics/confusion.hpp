// Who is taken for whom: the confusion matrix of answers that name the classes themselves.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "latent/metrics/dense_labels.hpp"

LATENT_BEGIN

// K classes, and one row and column more for -1: nobody, or no answer.
struct Confusion {
  std::vector<int> classes;  // that occur in either, ascending
  // (K + 1) x (K + 1): counts(i, j) rows of class i were given class j; the last row has those of
  // no class, the last column those given none.
  Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic> counts;

  Index rows() const { return counts.sum(); }
  Index right() const { return counts.trace(); }  // those of no class that were given none as well
  double accuracy() const { return static_cast<double>(right()) / static_cast<double>(rows()); }

  // How many rows of class `truth` were given `answer`; each may be -1. Classes that do not occur
  // have 0.
  Index count(int truth, int answer) const {
    const Index i = place(truth);
    const Index j = place(answer);
    return i < 0 || j < 0 ? 0 : counts(i, j);
  }
  // The share of the rows of a class that were given it, and of the rows given a class that are of
  // it. 0 where there are no such rows.
  double recall(int label) const {
    const Index k = place(label);
    return k < 0 ? 0.0 : share(counts(k, k), counts.row(k).sum());
  }
  double precision(int label) const {
    const Index k = place(label);
    return k < 0 ? 0.0 : share(counts(k, k), counts.col(k).sum());
  }

 private:
  static double share(Index part, Index whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  }
  Index place(int label) const {
    if (label < 0) return static_cast<Index>(classes.size());
    const auto found = std::lower_bound(classes.begin(), classes.end(), label);
    return found != classes.end() && *found == label ? found - classes.begin() : -1;
  }
};

// answers, truth: n labels of at least -1 each. Throws InvalidArgument (lengths, no rows) and
// DataError (labels below -1). O(n log n) time, O(n + K^2) memory.
template <class A, class B>
Confusion confusion(const Eigen::DenseBase<A>& answers, const Eigen::DenseBase<B>& truth) {
  const Labels given = detail::read_labels(answers, "confusion");
  const Labels actual = detail::read_labels(truth, "confusion");
  detail::require(given.size() == actual.size(), "confusion: there must be one answer a row; got ",
                  given.size(), " for ", actual.size(), " rows");
  Labels both(given.size() + actual.size());
  both << given, actual;
  const detail::DenseLabels dense = detail::dense_labels(both, [](Index) { return true; });
  const Index K = dense.clusters();
  Confusion result;
  result.classes = dense.values;
  result.counts.setZero(K + 1, K + 1);
  const auto place = [&](Index i) { return dense.id(i) >= 0 ? Index{dense.id(i)} : K; };
  for (Index i = 0; i < given.size(); ++i) ++result.counts(place(given.size() + i), place(i));
  return result;
}

LATENT_END
