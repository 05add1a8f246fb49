// What the laws of latent models are tried on: parts of the data, rows in another order, other
// weights; and when two sums of the same rows count as the same.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/e_step.hpp"

LATENT_BEGIN

namespace testing::detail {

using namespace latent::detail;

// What may be taken apart: rows, or the sequences of a model of sequences.
struct Unit {
  Index first = 0;
  Index count = 1;
};

template <class M, class S>
std::vector<Unit> units_of(const Samples<S>& data) {
  std::vector<Unit> units;
  if constexpr (is_sequential<M>()) {
    const std::vector<Index> one{0, data.rows()};
    const std::vector<Index>& starts = data.has_sequences() ? data.sequence_starts() : one;
    for (std::size_t s = 0; s + 1 < starts.size(); ++s)
      units.push_back({starts[s], starts[s + 1] - starts[s]});
  } else {
    for (Index i = 0; i < data.rows(); ++i) units.push_back({i, 1});
  }
  return units;
}

// A model of sequences and data of one sequence: the laws are tried on the same rows as up to eight
// sequences, since one cannot be taken apart.
template <class M, class S>
Samples<S> divisible(const Samples<S>& data) {
  if constexpr (is_sequential<M>()) {
    const Index n = data.rows();
    if (data.has_sequences() && data.sequence_starts().size() > 2) return data;
    const Index parts = std::clamp<Index>(n / 4, 1, 8);
    std::vector<Index> lengths;
    for (Index p = 0; p < parts; ++p) lengths.push_back((p + 1) * n / parts - p * n / parts);
    return data.sequences(lengths);
  } else {
    return data;
  }
}

// Data together with the units they consist of.
template <class M, class S>
struct Subject {
  Samples<S> data;
  std::vector<Unit> units;
  double mass = 0.0;  // the sum of the weights

  explicit Subject(const Samples<S>& given) : data{divisible<M>(given)}, units{units_of<M>(data)} {
    for (Index i = 0; i < data.rows(); ++i) mass += data.weight(i);
  }

  Index size() const { return static_cast<Index>(units.size()); }

  // The units first ... last-1.
  std::vector<Index> range(Index first, Index last) const {
    std::vector<Index> ids;
    for (Index u = first; u < last; ++u) ids.push_back(u);
    return ids;
  }
  std::vector<Index> all() const { return range(0, size()); }

  // A copy of these units, in this order. `multipliers`, where not empty, has a factor on the weight
  // for every unit of the data. `Change(row, column, value)` gives what stands in the copy.
  template <class Change>
  Samples<S> pick(const std::vector<Index>& ids, const Vector<double>& multipliers,
                  const Change& change) const {
    Index n = 0;
    std::vector<Index> lengths;
    for (const Index id : ids) {
      lengths.push_back(units[static_cast<std::size_t>(id)].count);
      n += lengths.back();
    }
    // One row more, cut off below, so that a part without any weight is a source like others.
    RowMatrix<S> x(n + 1, data.cols());
    Vector<double> weights = Vector<double>::Ones(n + 1);
    Labels labels = Labels::Constant(n + 1, -1);
    Index to = 0;
    for (const Index id : ids) {
      const Unit unit = units[static_cast<std::size_t>(id)];
      for (Index row = unit.first; row < unit.first + unit.count; ++row, ++to) {
        for (Index j = 0; j < data.cols(); ++j) x(to, j) = change(row, j, data(row, j));
        weights[to] = data.weight(row) * (multipliers.size() > 0 ? multipliers[id] : 1.0);
        labels[to] = data.label(row);
      }
    }
    x.row(n) = x.row(0);
    lengths.push_back(1);
    Samples<S> copy(std::move(x));
    if (data.has_weights() || multipliers.size() > 0) copy = std::move(copy).weights(weights);
    if (data.has_labels()) copy = std::move(copy).labels(labels);
    if (is_sequential<M>() || data.has_sequences())
      copy = std::move(copy).sequences(lengths_of(ids, lengths, n));
    return copy.slice(0, n);
  }
  Samples<S> pick(const std::vector<Index>& ids, const Vector<double>& multipliers = {}) const {
    return pick(ids, multipliers, [](Index, Index, S value) { return value; });
  }

  // Other labels, one a row.
  Samples<S> labelled(const Labels& labels) const { return data.labels(labels); }

 private:
  // The data of a model of rows may lie in sequences, which it does not see.
  std::vector<Index> lengths_of(const std::vector<Index>& ids, const std::vector<Index>& lengths,
                                Index n) const {
    if constexpr (is_sequential<M>()) return lengths;
    return ids.empty() ? lengths : std::vector<Index>{n, 1};
  }
};

template <class M, class S, class Assign = Soft, class Exec = Serial>
EStep<StatisticsOf<M>> expected(const M& model, const Samples<S>& data, const Assign& assign = {},
                                const Step& step = {}, const Exec& executor = {}) {
  auto&& team = executor.team();
  return detail::e_step(model, data, assign, step, team);
}

inline bool identical(const Vector<double>& a, const Vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (Index i = 0; i < a.size(); ++i)
    if (bits_of(&a[i]) != bits_of(&b[i])) return false;
  return true;
}

// The largest difference, relative to the largest number; for messages.
inline double distance(const Vector<double>& a, const Vector<double>& b) {
  double difference = 0.0;
  double size = 0.0;
  for (Index i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!is_finite(a[i]) || !is_finite(b[i])) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(a[i] - b[i]));
    size = std::max({size, std::abs(a[i]), std::abs(b[i])});
  }
  return size > 0.0 ? difference / size : 0.0;
}

// A Mixture: its E-step is the library's.
template <class M>
concept HasFamilyStatistics = requires(const M& model, StatisticsOf<M>& s,
                                       const RowMatrix<ScalarOf<M>>& tile) {
  s.n[0] += 1.0;
  model.family.accumulate(Eigen::Ref<const RowMatrix<ScalarOf<M>>>(tile), tile, s.family);
};

template <class M>
constexpr double epsilon_of() {
  return static_cast<double>(std::numeric_limits<ScalarOf<M>>::epsilon());
}

// What rounding may do to a sum of log densities whose absolute values sum to `magnitude`, over rows
// whose weights sum to `mass`: the densities have the model's scalar, and so have the parameters,
// which is all that is left where p(x) is nearly 1; a lane adds them one by one in double, where
// equal terms are all rounded the same way.
template <class M>
double rounding(double magnitude, double mass) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  return 64.0 * epsilon_of<M>() * (magnitude + mass) +
         static_cast<double>(lane_rows) * eps * magnitude;
}

// How far two sums over the same rows may differ. A number counts in units of what the rows add to
// it without regard to sign, taken from up to 256 rows, so that neither another number of its
// matrix nor cancellation sets its scale. A responsibility is known to eps |log p(x_i)|, a product
// over a tile to eps times its rows, a sum over n rows to eps n; eps is that of the model's scalar
// for the first two.
template <class M>
class Yardstick {
 public:
  template <class S>
  Yardstick(const M& model, const Subject<M, S>& subject, const EStep<StatisticsOf<M>>& whole) {
    scale_ = latent::pack(whole.statistics).cwiseAbs();
    const Index available = subject.size();
    const Index affordable = std::max<Index>(16, 20000000 / std::max<Index>(1, scale_.size()));
    const Index taken = std::min({available, Index{256}, affordable});
    Vector<double> rows = Vector<double>::Zero(scale_.size());
    for (Index t = 0; t < taken; ++t) {
      const Unit unit = subject.units[static_cast<std::size_t>(t * available / taken)];
      rows += latent::pack(expected(model, subject.data.slice(unit.first, unit.count)).statistics)
                  .cwiseAbs();
    }
    rows *= static_cast<double>(available) / static_cast<double>(taken);
    const double surprise = whole.sums.magnitude / std::max(subject.mass, 1e-300);
    constexpr double eps = std::numeric_limits<double>::epsilon();
    tolerance_ = 8.0 * (epsilon_of<M>() * (static_cast<double>(tile_rows) +
                                           4.0 * (is_finite(surprise) ? surprise : 1000.0)) +
                        eps * static_cast<double>(subject.data.rows()));
    Index at = 0;
    auto shape = whole.statistics;
    visit_leaves(
        [&](const double*, Index n) {
          double largest = 0.0;
          for (Index i = at; i < at + n; ++i) {
            if (is_finite(rows[i])) scale_[i] = std::max(scale_[i], rows[i]);
            largest = std::max(largest, scale_[i]);
          }
          for (Index i = at; i < at + n; ++i) {
            allowed_.push_back(tolerance_ * scale_[i] + 16.0 * epsilon_of<M>() * largest);
            leaf_.push_back(leaves_);
          }
          at += n;
          ++leaves_;
        },
        shape);
  }

  double tolerance() const { return tolerance_; }

  // What differs, in words; empty where nothing does.
  std::string difference(const EStep<StatisticsOf<M>>& a, const EStep<StatisticsOf<M>>& b) const {
    const std::string of_statistics = difference(a.statistics, b.statistics);
    if (!of_statistics.empty()) return of_statistics;
    const double size = a.sums.magnitude + b.sums.magnitude;
    const std::string of_log_likelihood =
        of_sum("the log-likelihood", a.sums.log_likelihood, b.sums.log_likelihood, size);
    if (!of_log_likelihood.empty()) return of_log_likelihood;
    return of_sum("the objective", a.sums.objective, b.sums.objective,
                  size + std::abs(a.sums.objective));
  }
  std::string difference(const StatisticsOf<M>& a, const StatisticsOf<M>& b) const {
    const Vector<double> x = latent::pack(a);
    const Vector<double> y = latent::pack(b);
    if (x.size() != y.size() || x.size() != scale_.size())
      return concat("the number of statistics is ", x.size(), " and ", y.size());
    Index worst = -1;
    double largest = 0.0;
    for (Index i = 0; i < x.size(); ++i) {
      if (bits_of(&x[i]) == bits_of(&y[i])) continue;
      const double gap = std::abs(x[i] - y[i]);
      if (!is_finite(gap))
        return concat("statistic ", leaf_[static_cast<std::size_t>(i)], " (in the order of ",
                      "fields()) is ", x[i], " and ", y[i]);
      const double excess = gap / std::max(allowed_[static_cast<std::size_t>(i)], 1e-300);
      if (excess > std::max(1.0, largest)) {
        largest = excess;
        worst = i;
      }
    }
    if (worst < 0) return {};
    const double scale = scale_[worst];
    return concat("statistic ", leaf_[static_cast<std::size_t>(worst)],
                  " (in the order of fields()) is ", x[worst], " and ", y[worst], ", ",
                  std::abs(x[worst] - y[worst]) / (scale > 0.0 ? scale : 1.0),
                  " of its scale apart");
  }

 private:
  std::string of_sum(std::string_view name, double a, double b, double size) const {
    if (bits_of(&a) == bits_of(&b) || std::abs(a - b) <= tolerance_ * size) return {};
    return concat(name, " is ", a, " and ", b);
  }

  Vector<double> scale_;
  std::vector<double> allowed_;
  std::vector<int> leaf_;
  int leaves_ = 0;
  double tolerance_ = 0.0;
};

// The laws found broken, a sentence each.
class Verdict {
 public:
  void add(std::string sentence) { broken_.push_back(std::move(sentence)); }
  // `difference` is empty where the law holds.
  void expect_none(std::string_view law, const std::string& difference) {
    if (!difference.empty()) add(concat(law, ": ", difference));
  }
  void expect_bits(std::string_view law, const Vector<double>& a, const Vector<double>& b) {
    if (!identical(a, b)) add(concat(law, ": bits differ, by ", distance(a, b)));
  }
  // Tries a law; an exception on the way breaks it.
  template <class F>
  void attempt(std::string_view law, F&& f) {
    try {
      f();
    } catch (const std::exception& error) {
      add(concat(law, ": an exception came instead, ", std::string_view(error.what())));
    }
  }
  std::vector<std::string> sentences() && { return std::move(broken_); }

 private:
  std::vector<std::string> broken_;
};

// A factor in [0, 2) for each unit, from a stream of its own. s(w u) and 2 s(w) - s(w u) are both
// statistics of data, with weights that are not negative.
inline Vector<double> random_multipliers(Index size, Index direction) {
  const Random stream(17, Purpose::user, static_cast<std::uint64_t>(direction));
  Vector<double> u(size);
  for (Index i = 0; i < size; ++i) u[i] = 2.0 * stream.at(static_cast<std::uint64_t>(i)).uniform();
  return u;
}

}  // namespace testing::detail

LATENT_END
