// A Markov chain over K hidden states, ready for recursions over rows of evidence.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr double impossible = -std::numeric_limits<double>::infinity();

// The first of the largest of `count` numbers.
inline Index first_largest(const double* first, Index count) {
  Index best = 0;
  for (Index k = 1; k < count; ++k)
    if (first[k] > first[best]) best = k;
  return best;
}

// What a product of LogMatrix needs and yields.
struct LogProduct {
  Vector<double> share;  // K: e^(v(j) - max v)
  Vector<double> sum;    // K: sum_j share(j) m(j, k)
  Vector<double> log;    // K: log of that sum, right also where `sum` underflowed
  Vector<double> terms;  // K

  explicit LogProduct(Index size) : share(size), sum(size), log(size), terms(size) {}

  // True where `sum` lost nothing that counts: what was cut off lies below 1e-290.
  bool exact(Index k) const { return sum[k] >= 1e-270; }
};

// A K x K matrix of numbers that are not negative, for products with vectors given by their
// logarithms. Numbers of any size keep their precision: a path that is e^-1000000 as probable as
// the best one may be the only one left a row later.
class LogMatrix {
 public:
  explicit LogMatrix(const RowMatrix<double>& value)
      : value_{value}, log_(value.rows(), value.cols()), log_columns_(value.cols(), value.rows()) {
    for (Index j = 0; j < value_.rows(); ++j)
      for (Index k = 0; k < value_.cols(); ++k)
        log_columns_(k, j) = log_(j, k) = value_(j, k) > 0.0 ? std::log(value_(j, k)) : impossible;
  }

  Index size() const { return value_.rows(); }
  double log(Index j, Index k) const { return log_(j, k); }
  const double* row(Index j) const { return value_.data() + j * size(); }
  const double* log_row(Index j) const { return log_.data() + j * size(); }
  const double* log_column(Index k) const { return log_columns_.data() + k * size(); }

  // out.log(k) = log sum_j e^(v(j) - max v) m(j, k). K exponentials and K logarithms; K more
  // exponentials for each k whose plain sum underflows.
  void multiply(const double* v, LogProduct& out) const {
    const Index n = size();
    const double top = v[first_largest(v, n)];
    double* share = out.share.data();
    double* sum = out.sum.data();
    for (Index k = 0; k < n; ++k) {
      share[k] = is_negative_infinity(top) ? 0.0 : exp_nonpositive(v[k] - top);
      sum[k] = 0.0;
    }
    for (Index j = 0; j < n; ++j) {
      const double* from = row(j);
      const double factor = share[j];
      if (factor == 0.0) continue;
      for (Index k = 0; k < n; ++k) sum[k] += factor * from[k];
    }
    for (Index k = 0; k < n; ++k) {
      if (out.exact(k)) {
        out.log[k] = std::log(out.sum[k]);
      } else {
        for (Index j = 0; j < n; ++j)
          out.terms[j] = is_negative_infinity(v[j]) ? impossible : v[j] - top + log_columns_(k, j);
        out.log[k] = log_sum_exp(out.terms.data(), n);
      }
    }
  }

 private:
  RowMatrix<double> value_;        // K x K
  RowMatrix<double> log_;          // K x K
  RowMatrix<double> log_columns_;  // K x K, the transpose of log_
};

struct LogChain {
  Vector<double> log_initial;  // K
  LogMatrix transition;        // K x K: (j, k) = P(k next | j now)
  LogMatrix transposed;

  LogChain(const Vector<double>& initial, const RowMatrix<double>& transition_matrix)
      : log_initial(initial.size()),
        transition{transition_matrix},
        transposed{RowMatrix<double>(transition_matrix.transpose())} {
    for (Index k = 0; k < initial.size(); ++k)
      log_initial[k] = initial[k] > 0.0 ? std::log(initial[k]) : impossible;
  }

  Index size() const { return log_initial.size(); }
};

// A sum of many terms, such as the log-likelihood over all rows of a long sequence: neighbours first
// and then the sums of neighbours, so that rounding grows with the logarithm of their number.
class LongSum {
 public:
  void add(double term) {
    magnitude_ += std::abs(term);
    std::size_t level = 0;
    for (std::uint64_t taken = count_++; (taken & 1) != 0; taken >>= 1) term += levels_[level++];
    levels_[level] = term;
  }
  double value() const {
    double sum = 0.0;
    for (std::size_t level = 0; level < levels_.size(); ++level)
      if ((count_ >> level & 1) != 0) sum += levels_[level];
    return sum;
  }
  double magnitude() const { return magnitude_; }  // the sum of |term|

 private:
  std::array<double, 64> levels_{};  // levels_[l]: 2^l terms, where count_ has bit l
  std::uint64_t count_ = 0;
  double magnitude_ = 0.0;
};

// One sequence: T rows of K log densities each, row by row, and T labels (-1 = unknown), which
// clamp the state. A label rules out all other states; clamp() writes that into the evidence.
struct Evidence {
  double* rows;       // T x K: log p(x_t | k)
  const int* labels;  // T
  Index length;
  Index states;

  double* row(Index t) const { return rows + t * states; }

  void clamp() const {
    for (Index t = 0; t < length; ++t)
      for (Index k = 0; k < states; ++k)
        if (labels[t] >= 0 && k != labels[t]) row(t)[k] = impossible;
  }

  // False if some number is NaN or +inf, which is nobody's log density.
  bool sound() const {
    for (Index e = 0; e < length * states; ++e)
      if (!is_finite(rows[e]) && !is_negative_infinity(rows[e])) return false;
    return true;
  }
};

// state = prediction + evidence of row t (logarithms, K each), shifted so that the largest is 0.
// Returns the shift, which is the row's part of the log-likelihood.
//
// Where no state is possible that is -inf, and the sequence goes on like this: the row's density is
// dropped, as if the row had not been observed, and only its label stays. Where the label itself
// cannot be reached, the chain is cut before the row and begins anew with the label. The evidence
// is rewritten to say so.
inline double absorb(const double* prediction, const Evidence& evidence, Index t, double* state) {
  const Index n = evidence.states;
  double* row = evidence.row(t);
  const auto best_of_row = [&] {
    double best = impossible;
    for (Index k = 0; k < n; ++k)
      if (!is_negative_infinity(prediction[k]) && row[k] > best) best = row[k];
    return best;
  };
  double level = best_of_row();
  const bool explained = is_finite(level);
  if (!explained) {
    const int label = evidence.labels[t];
    for (Index k = 0; k < n; ++k) row[k] = label < 0 || k == label ? 0.0 : impossible;
    level = best_of_row();
    if (!is_finite(level)) {
      std::copy(row, row + n, state);
      return impossible;
    }
  }
  // Differences within a row keep their digits whatever its level. (A first row is left to itself,
  // which makes it that of a mixture but for the order of the sums.)
  if (t == 0) level = 0.0;
  for (Index k = 0; k < n; ++k) state[k] = prediction[k] + (row[k] - level);
  const double top = state[first_largest(state, n)];
  for (Index k = 0; k < n; ++k) state[k] -= top;
  return explained ? level + top : impossible;
}

}  // namespace detail

LATENT_END
