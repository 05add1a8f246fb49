// From log joint densities to responsibilities: the one place where an E-step of a mixture decides.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/vector_functions.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/component_tile.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// What respond() keeps of each row of a tile; reused from tile to tile. Numbers of rows that are settled
// without exponentials (a known label, say) mean nothing: those rows are mended after the vectors have
// gone over all.
template <class S>
struct RowPeaks {
  Vector<S> largest;                  // max_k a_k
  Vector<S> sum;                      // sum_k e^(a_k - largest), of annealed rows to the power beta
  Vector<S> untempered;               // the sum of annealed rows without the power
  Vector<S> factor;                   // what responsibilities of the row sum to; 0 beyond the last
  Vector<double> weight;              // 0 beyond the last
  Vector<double> log_sum;             // log sum
  std::vector<Index> place;           // where the largest is, the first of equals; of hard EM
  std::vector<double> of_label;       // a_label where the label is known
  std::vector<std::uint8_t> unsound;  // a NaN or +inf is among the row's densities; empty = none is
  bool plain = true;                  // no known label, and all that a row needs is finite

  void begin(const Block<S>& block, Index padded, bool weighted) {
    const Index rows = block.x.rows();
    largest.resize(padded);
    sum.resize(padded);
    log_sum.resize(padded);
    weight.resize(padded);
    weight.head(rows) = block.weights;
    weight.tail(padded - rows).setZero();
    factor.resize(padded);
    if (weighted)
      factor = weight.template cast<S>();
    else
      factor.setOnes();
    unsound.clear();
    plain = true;
  }
};

// Notes of `lanes` rows which of them have a density that is NaN or +inf.
template <class S>
void find_unsound(const ComponentTile<S>& joint, Index first, RowPeaks<S>& peaks) {
  peaks.unsound.resize(static_cast<std::size_t>(joint.rows()), 0);
  const Index end = std::min(first + vector_lanes<S>, joint.rows());
  for (Index i = first; i < end; ++i)
    for (Index k = 0; k < joint.components(); ++k) {
      const S a = joint.component(k)[i];
      if (is_finite(a) || is_negative_infinity(a)) continue;
      peaks.unsound[static_cast<std::size_t>(i)] = 1;
      peaks.plain = false;
    }
}

// Vectors of rows: joint becomes e^(a - max), to the power beta where annealed, and times factor /
// sum where `shares`.
template <class S, Assignment A>
void exponentiate(ComponentTile<S>& joint, const A& assign, const Step& step, bool shares,
                  RowPeaks<S>& peaks) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  constexpr bool annealed = std::same_as<A, Annealed>;
  const Index components = joint.components();
  const auto beta = static_cast<S>(exponent(assign, step));
  if constexpr (annealed) peaks.untempered.resize(joint.padded_rows());
  for (Index at = 0; at < joint.padded_rows(); at += lanes) {
    V largest = load(joint.component(0) + at);
    auto odd = not_finite<S>(largest);
    for (Index k = 1; k < components; ++k) {
      const V a = load(joint.component(k) + at);
      odd |= not_finite<S>(a);
      largest = a > largest ? a : largest;
    }
    if (any_lane<S>(odd)) find_unsound(joint, at, peaks);
    V sum{};
    V untempered{};
    for (Index k = 0; k < components; ++k) {
      S* a = joint.component(k) + at;
      const V below = load(a) - largest;
      V e;
      if constexpr (annealed) {
        untempered += exp_of_nonpositive<S>(below);
        e = exp_of_nonpositive<S>(V(below * beta));
      } else {
        e = exp_of_nonpositive<S>(below);
      }
      store(a, e);
      sum += e;
    }
    if (shares) {
      const V share = load(peaks.factor.data() + at) / sum;
      for (Index k = 0; k < components; ++k) {
        S* e = joint.component(k) + at;
        store(e, V(load(e) * share));
      }
    }
    store(peaks.largest.data() + at, largest);
    store(peaks.sum.data() + at, sum);
    if constexpr (annealed) store(peaks.untempered.data() + at, untempered);
  }
  for (Index i = 0; i < joint.rows(); ++i) peaks.plain = peaks.plain && is_finite(peaks.largest[i]);
}

// log[i] = log sum[i]; garbage where sum[i] < 1.
template <class S>
void log_of_sums(const Vector<S>& sum, double* log) {
  for (Index i = 0; i < sum.size(); i += vector_lanes<double>)
    store(log + i, log_of_positive(load_doubles(sum.data() + i)));
}

// The sums of a tile whose rows are all plain, and the log-likelihoods of the rows in place of log_sum.
template <class S>
Expectation sums_of_plain_rows(RowPeaks<S>& peaks) {
  using V = typename VectorOf<double>::Type;
  V total{};
  V size{};
  for (Index i = 0; i < peaks.sum.size(); i += vector_lanes<double>) {
    const V value = load_doubles(peaks.largest.data() + i) + load(peaks.log_sum.data() + i);
    const V w = load(peaks.weight.data() + i);
    total += w * value;
    size += w * (value < V{} ? -value : value);
    store(peaks.log_sum.data() + i, value);
  }
  const double sum = sum_of_lanes<double>(total);
  return {sum, sum, sum_of_lanes<double>(size)};
}

// Turns log joint densities into responsibilities, in place, and returns the tile's sums.
//   known label y:          r = 1 at y;                  log p(x, y), also as objective
//   row impossible under
//   every component:        r = prior weights;           -inf
//   else:                   r as `assign` says           log p(x) = log sum_k p(x, k)
// Rows of weight 0 count for nothing, whatever their densities. With `weighted` the weights are
// multiplied into r. A row with NaN or +inf among the log densities that matter to it has r = 0 and
// the log-likelihood NaN, which reaches the sums, and the engine reports it. Beyond the last row r
// is 0.
template <class S, Assignment A>
Expectation respond(ComponentTile<S>& joint, const Block<S>& block, const Vector<double>& prior,
                    bool weighted, const A& assign, const Step& step, RowPeaks<S>& peaks,
                    Vector<double>* row_log_likelihood = nullptr) {
  constexpr bool annealed = std::same_as<A, Annealed>;
  constexpr bool shares = annealed || std::same_as<A, Soft>;
  const Index rows = joint.rows();
  const Index components = joint.components();
  peaks.begin(block, joint.padded_rows(), weighted);
  joint.clear_padding();  // anything finite
  if ((block.labels.array() >= 0).any()) {
    peaks.plain = false;
    peaks.of_label.resize(static_cast<std::size_t>(rows));
    for (Index i = 0; i < rows; ++i)
      if (block.labels[i] >= 0)
        peaks.of_label[static_cast<std::size_t>(i)] =
            static_cast<double>(joint.component(block.labels[i])[i]);
  }
  if constexpr (std::same_as<A, Hard>) {
    peaks.place.assign(static_cast<std::size_t>(rows), 0);
    for (Index i = 0; i < rows; ++i) {
      Index& place = peaks.place[static_cast<std::size_t>(i)];
      for (Index k = 1; k < components; ++k)
        if (joint.component(k)[i] > joint.component(place)[i]) place = k;
    }
  }
  exponentiate(joint, assign, step, shares, peaks);
  log_of_sums(peaks.sum, peaks.log_sum.data());
  Vector<double> log_untempered(annealed ? joint.padded_rows() : Index{0});
  if constexpr (annealed) log_of_sums(peaks.untempered, log_untempered.data());
  joint.clear_padding();
  if (std::same_as<A, Soft> && peaks.plain) {
    const Expectation sums = sums_of_plain_rows(peaks);
    if (row_log_likelihood != nullptr) *row_log_likelihood = peaks.log_sum.head(rows);
    return sums;
  }

  const Random stream(step.seed, Purpose::assignment, static_cast<std::uint64_t>(step.restart),
                      static_cast<std::uint64_t>(step.iteration));
  const double beta = exponent(assign, step);
  if (row_log_likelihood != nullptr) row_log_likelihood->resize(rows);
  Expectation sums;
  std::vector<S> shares_of_row(static_cast<std::size_t>(components));
  for (Index i = 0; i < rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double weight = block.weights[i];
    const int label = block.labels[i];
    double log_likelihood = label >= 0 ? peaks.of_label[at] : static_cast<double>(peaks.largest[i]);
    const bool sound = label >= 0
                           ? is_finite(log_likelihood) || is_negative_infinity(log_likelihood)
                           : peaks.unsound.empty() || peaks.unsound[at] == 0;
    if (!sound) log_likelihood = std::numeric_limits<double>::quiet_NaN();
    double objective = log_likelihood;
    Index chosen = label;  // the one component that has the whole row; -1 = shared
    if (!sound) {
      for (Index k = 0; k < components; ++k) joint.component(k)[i] = S(0);
    } else if (label < 0 && !is_finite(log_likelihood)) {
      for (Index k = 0; k < components; ++k)
        joint.component(k)[i] = peaks.factor[i] * static_cast<S>(prior[k]);
    } else if (label < 0) {
      if constexpr (annealed) {
        log_likelihood += log_untempered[i];
        objective += peaks.log_sum[i] / beta;
      } else {
        log_likelihood += peaks.log_sum[i];
        if constexpr (!std::same_as<A, Hard>) objective = log_likelihood;
      }
      if constexpr (std::same_as<A, Hard>) {
        chosen = peaks.place[at];
      } else if constexpr (std::same_as<A, Stochastic>) {
        for (Index k = 0; k < components; ++k)
          shares_of_row[static_cast<std::size_t>(k)] = joint.component(k)[i];
        const auto place = static_cast<std::uint64_t>(block.first_row + i);
        chosen = draw(shares_of_row.data(), components, static_cast<double>(peaks.sum[i]),
                      stream.at(place).uniform());
      }
    }
    if (chosen >= 0 && sound)
      for (Index k = 0; k < components; ++k)
        joint.component(k)[i] = k == chosen ? peaks.factor[i] : S(0);
    if (row_log_likelihood != nullptr) (*row_log_likelihood)[i] = log_likelihood;
    if (weight > 0.0) {
      sums.log_likelihood += weight * log_likelihood;
      sums.objective += weight * objective;
      sums.magnitude += weight * std::abs(log_likelihood);
    }
  }
  return sums;
}

// The same for a tile of rows, n x K.
template <class S, Assignment A>
Expectation respond(RowMatrix<S>& joint, const Block<S>& block, const Vector<double>& prior,
                    bool weighted, const A& assign, const Step& step,
                    Vector<double>* row_log_likelihood = nullptr) {
  ComponentTile<S> tile(joint);
  RowPeaks<S> peaks;
  const Expectation sums =
      respond(tile, block, prior, weighted, assign, step, peaks, row_log_likelihood);
  tile.copy_to(joint);
  return sums;
}

// The posterior of a tile, unweighted, for those who ask a model.
template <class S>
Expectation posterior(RowMatrix<S>& joint, const Block<S>& block, const Vector<double>& prior,
                      Vector<double>* row_log_likelihood = nullptr) {
  return respond(joint, block, prior, false, Soft{}, Step{}, row_log_likelihood);
}

}  // namespace detail

LATENT_END
