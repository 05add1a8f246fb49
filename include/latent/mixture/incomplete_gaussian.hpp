// Gaussian components for rows with missing values.
//
//   Mixture model{weights, IncompleteGaussian<>(family)};      // family: a GaussianFamily or Gaussian
//   EM{}.fit(model, x);                                        // NaN in x = missing
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/gaussian_family.hpp"
#include "latent/mixture/split_gaussian.hpp"

LATENT_BEGIN

namespace detail {

// Rows of a tile that lack the same columns.
struct MissingPattern {
  std::vector<Index> order;  // the observed columns, then the missing ones; both ascending
  Index observed = 0;
  std::vector<Index> rows;
};

struct MissingPatterns {
  std::vector<Index> complete;           // rows with nothing missing
  std::vector<MissingPattern> patterns;  // the others, by the first row of each
};

template <class S>
MissingPatterns missing_patterns(const Eigen::Ref<const RowMatrix<S>>& x) {
  MissingPatterns found;
  std::map<std::vector<char>, std::size_t> known;
  std::vector<char> missing(static_cast<std::size_t>(x.cols()));
  for (Index i = 0; i < x.rows(); ++i) {
    if (all_finite(x.data() + i * x.outerStride(), x.cols())) {
      found.complete.push_back(i);
      continue;
    }
    for (Index j = 0; j < x.cols(); ++j) missing[static_cast<std::size_t>(j)] = is_nan(x(i, j));
    const auto [at, fresh] = known.emplace(missing, found.patterns.size());
    if (fresh) {
      MissingPattern pattern;
      for (Index j = 0; j < x.cols(); ++j)
        if (!is_nan(x(i, j))) pattern.order.push_back(j);
      pattern.observed = static_cast<Index>(pattern.order.size());
      for (Index j = 0; j < x.cols(); ++j)
        if (is_nan(x(i, j))) pattern.order.push_back(j);
      found.patterns.push_back(std::move(pattern));
    }
    found.patterns[at->second].rows.push_back(i);
  }
  return found;
}

// The rows of x that are named, one after another.
template <class S, class X>
RowMatrix<S> gathered(const X& x, const std::vector<Index>& rows) {
  RowMatrix<S> out(static_cast<Index>(rows.size()), x.cols());
  for (Index i = 0; i < out.rows(); ++i) out.row(i) = x.row(rows[static_cast<std::size_t>(i)]);
  return out;
}

// Component k as rows of a pattern see it.
template <class S>
SplitGaussian split_by(const MissingPattern& pattern, const GaussianFamily<S>& family, Index k,
                       bool only_given = false) {
  return {family.means.row(k), family.cholesky_factor(k), pattern.order, pattern.observed,
          only_given};
}

// What log_density needs of complete rows; incomplete ones factor what they see.
template <class S>
struct PreparedIncompleteGaussian {
  const GaussianFamily<S>& family;
  decltype(std::declval<const GaussianFamily<S>&>().prepare()) complete;

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    const MissingPatterns found = missing_patterns<S>(x);
    if (found.patterns.empty()) {
      complete.log_density(x, out);
      return;
    }
    if (!found.complete.empty()) {
      const RowMatrix<S> rows = gathered<S>(x, found.complete);
      RowMatrix<S> part(rows.rows(), out.cols());
      complete.log_density(rows, part);
      for (Index i = 0; i < part.rows(); ++i)
        out.row(found.complete[static_cast<std::size_t>(i)]) = part.row(i);
    }
    Vector<double> z;
    for (const MissingPattern& pattern : found.patterns)
      for (Index k = 0; k < out.cols(); ++k) {
        const SplitGaussian split = split_by(pattern, family, k, true);
        const double constant = split.log_constant();
        for (const Index i : pattern.rows) {
          split.whiten(x.row(i), z);
          out(i, k) = static_cast<S>(SplitGaussian::log_density(z, constant));
        }
      }
  }
};

}  // namespace detail

// K Gaussians that take NaN for a missing value, missing at random: what a row lacks is integrated
// out, never filled in (Little and Rubin 1987, section 8.2; Ghahramani and Jordan 1994). The density
// of a row is that of its observed columns, 1 where there is none; the statistics of an E-step have
// for each component the mean of what is missing given what is observed, and its covariance. The
// M-step, and so every form of covariance, floor and prior, is that of GaussianFamily.
//
// Rows without gaps cost what they cost in GaussianFamily, and give the same bits. Each set of
// missing columns in a tile (256 rows) is factored twice for each component: O(D^3), and O(D^2) for
// each of its rows.
//
// Two columns that are never observed together have a covariance of which the data say nothing but
// its bounds: it depends on the start. fit_complete is no closed form here where something is
// missing: with all labels known, EM{}.fit climbs to the maximum.
template <class S = double>
class IncompleteGaussian : public GaussianFamily<S> {
  using Base = GaussianFamily<S>;

 public:
  using typename Base::Statistics;
  static constexpr bool accepts_missing = true;

  explicit IncompleteGaussian(Base complete) : Base(std::move(complete)) {}

  // See GaussianFamily.
  static IncompleteGaussian isotropic(Covariance form, const RowMatrix<S>& component_means,
                                      double variance) {
    return IncompleteGaussian(Base::isotropic(form, component_means, variance));
  }

  // The same components for rows without gaps.
  const Base& complete() const { return *this; }

  IncompleteGaussian recentred() const { return IncompleteGaussian(Base::recentred()); }
  IncompleteGaussian maximize(const Vector<double>& n, const Statistics& s) const {
    return IncompleteGaussian(Base::maximize(n, s));
  }

  // Refers to this family, which must outlive it.
  detail::PreparedIncompleteGaussian<S> prepare() && = delete;
  detail::PreparedIncompleteGaussian<S> prepare() const& { return {*this, Base::prepare()}; }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    const detail::MissingPatterns found = detail::missing_patterns<S>(x);
    if (found.patterns.empty()) {
      Base::accumulate(x, r, s);
      return;
    }
    if (!found.complete.empty())
      Base::accumulate(detail::gathered<S>(x, found.complete),
                       detail::gathered<S>(r, found.complete), s);
    std::vector<Index> incomplete;
    for (const detail::MissingPattern& pattern : found.patterns)
      incomplete.insert(incomplete.end(), pattern.rows.begin(), pattern.rows.end());
    const RowMatrix<S> seen = detail::gathered<S>(x, incomplete);
    const RowMatrix<S> share = detail::gathered<S>(r, incomplete);
    RowMatrix<S> of_one = RowMatrix<S>::Zero(share.rows(), share.cols());
    for (Index k = 0; k < share.cols(); ++k) {
      if (!(share.col(k).maxCoeff() > S(0))) continue;
      RowMatrix<S> expected = seen;
      Index first = 0;
      for (const detail::MissingPattern& pattern : found.patterns) {
        expect_missing(pattern, k, first, share, expected, s);
        first += static_cast<Index>(pattern.rows.size());
      }
      of_one.col(k) = share.col(k);
      Base::accumulate(expected, of_one, s);
      of_one.col(k).setZero();
    }
  }

 private:
  // What the rows of a pattern (first, first+1, ... of `expected`) lack becomes its mean in component
  // k; its covariance, times the rows' shares, goes to the scatter.
  void expect_missing(const detail::MissingPattern& pattern, Index k, Index first,
                      const RowMatrix<S>& share, RowMatrix<S>& expected, Statistics& s) const {
    const Index d = this->dimension();
    const detail::SplitGaussian split = detail::split_by(pattern, this->complete(), k);
    const auto column = [&](Index i) { return split.order[static_cast<std::size_t>(i)]; };
    Vector<double> z;
    double weight = 0.0;
    for (Index i = first; i < first + static_cast<Index>(pattern.rows.size()); ++i) {
      weight += static_cast<double>(share(i, k));
      split.whiten(expected.row(i), z);
      for (Index j = split.given; j < d; ++j)
        expected(i, column(j)) = static_cast<S>(split.mean_given(j, z));
    }
    const RowMatrix<double> spread = split.covariance_given();
    const Index block = detail::is_shared(this->form()) ? 0 : k;
    for (Index i = 0; i < spread.rows(); ++i)
      for (Index j = 0; j <= i; ++j) {  // ascending columns: the lower triangle
        const Index a = column(split.given + i);
        if (!detail::is_diagonal(this->form()))
          s.scatter(block * d + a, column(split.given + j)) += weight * spread(i, j);
        else if (i == j)
          s.scatter(block, a) += weight * spread(i, j);
      }
  }
};

template <class S>
IncompleteGaussian(GaussianFamily<S>) -> IncompleteGaussian<S>;

LATENT_END
