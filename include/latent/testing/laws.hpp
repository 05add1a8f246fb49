// The laws every latent model obeys, as a check to run on a model of one's own:
//
//   for (const auto& broken : latent::testing::broken_laws(start, samples(x))) std::cout << broken;
//
// An empty answer means that the model may be used with weights, threads, and wherever statistics are
// merged or blended.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/em.hpp"

LATENT_BEGIN

namespace testing {

namespace detail {

using namespace latent::detail;

// Rows of a source as a source of their own.
template <class S>
Samples<S> pick(const Samples<S>& data, const std::vector<Index>& rows) {
  const auto n = static_cast<Index>(rows.size());
  RowMatrix<S> x(n, data.cols());
  Vector<double> weights(n);
  Labels labels(n);
  for (Index i = 0; i < n; ++i) {
    const Index row = rows[static_cast<std::size_t>(i)];
    for (Index j = 0; j < data.cols(); ++j) x(i, j) = data(row, j);
    weights[i] = data.weight(row);
    labels[i] = data.label(row);
  }
  return samples(std::move(x)).weights(weights).labels(labels);
}

inline std::vector<Index> range(Index first, Index last) {
  std::vector<Index> rows;
  for (Index i = first; i < last; ++i) rows.push_back(i);
  return rows;
}

template <class M, class S, class Exec = Serial>
auto expected(const M& model, const Samples<S>& data, const Exec& executor = {}) {
  auto&& team = executor.team();
  return e_step(model, data, Soft{}, Step{}, team);
}

// Largest difference in units of the largest number; infinite where something is not finite.
inline double distance(const Vector<double>& a, const Vector<double>& b) {
  if (a.size() != b.size() || !all_finite(a.data(), a.size()) || !all_finite(b.data(), b.size()))
    return std::numeric_limits<double>::infinity();
  double difference = 0.0;
  double size = 0.0;
  for (Index i = 0; i < a.size(); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    size = std::max({size, std::abs(a[i]), std::abs(b[i])});
  }
  return size > 0.0 ? difference / size : 0.0;
}

inline bool identical(const Vector<double>& a, const Vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (Index i = 0; i < a.size(); ++i)
    if (bits_of(&a[i]) != bits_of(&b[i])) return false;
  return true;
}

}  // namespace detail

// The laws that `model` breaks on `data` (at least two rows; more than 2048 make the law of threads
// bite), each as a sentence with the distance found. Sums are compared to 1e-11 of their largest
// number (float models: 1e-4).
template <class Model, class S>
std::vector<std::string> broken_laws(const Model& model, const Samples<S>& data) {
  using detail::distance;
  using detail::expected;
  using detail::pick;
  const double tolerance = std::is_same_v<ScalarOf<Model>, float> ? 1e-4 : 1e-11;
  {
    auto team = Serial{}.team();
    detail::check_model_and_data(model, data, team, "broken_laws");
  }
  const Index n = data.rows();
  std::vector<std::string> broken;
  const auto compare = [&](const char* law, const Vector<double>& a, const Vector<double>& b) {
    const double found = distance(a, b);
    if (!(found <= tolerance)) broken.push_back(detail::concat(law, ": differs by ", found));
  };
  const auto compare_bits = [&](const std::string& law, const Vector<double>& a,
                                const Vector<double>& b) {
    if (!detail::identical(a, b))
      broken.push_back(detail::concat(law, ": bits differ, by ", distance(a, b)));
  };

  const auto whole = expected(model, data);
  const Vector<double> packed = pack(whole);

  {  // Statistics add up.
    auto first = expected(model, pick(data, detail::range(0, n / 3)));
    const auto second = expected(model, pick(data, detail::range(n / 3, n)));
    merge(first, second);
    compare("merging the statistics of two parts gives those of the whole", pack(first), packed);
    auto neutral = whole;
    merge(neutral.statistics, model.zero());
    compare_bits("zero() is neutral", pack(neutral), packed);
    auto restored = whole;
    scale(restored, 0.5);
    unpack(packed, restored);
    compare_bits("pack and unpack are inverse", pack(restored), packed);
  }
  {  // Order does not matter.
    std::vector<Index> order = detail::range(0, n);
    Random(1).shuffle(order);
    compare("rows in another order give the same statistics",
            pack(expected(model, pick(data, order))), packed);
  }
  {  // Weights are frequencies.
    Vector<double> weights(n);
    std::vector<Index> repeated;
    for (Index i = 0; i < n; ++i) {
      weights[i] = static_cast<double>(i % 3) * data.weight(i);
      for (Index copy = 0; copy < i % 3; ++copy) repeated.push_back(i);
    }
    const auto weighted = expected(model, pick(data, detail::range(0, n)).weights(weights));
    compare("a weight of 2 is a row given twice, of 0 a row left out", pack(weighted),
            pack(expected(model, pick(data, repeated))));
    for (Index i = 0; i < n; ++i) weights[i] = 4.0 * data.weight(i);
    auto fourfold = expected(model, pick(data, detail::range(0, n)).weights(weights));
    scale(fourfold, 0.25);
    compare_bits("weights scaled by a power of two scale the statistics exactly", pack(fourfold),
                 packed);
  }
  for (const int threads : {1, 2, 3, 8})
    compare_bits(detail::concat("Threads{", threads, "} gives the bits of Serial{}"),
                 pack(expected(model, data, Threads{threads})), packed);
  {  // Steps rise, and the report belongs to the model returned.
    const auto fit = EM{.max_iterations = 10, .tolerance = 0}.fit(model, data, Serial{});
    if (fit.report.status == Status::not_monotone)
      broken.push_back("an M-step lowered the objective");
    if (fit.report.status == Status::numerical_failure)
      broken.push_back("ten steps ended in numbers that are not finite");
    const double again = expected(fit.model, data).sums.log_likelihood;
    if (!(std::abs(again - fit.log_likelihood) <= tolerance * std::max(1.0, std::abs(again))))
      broken.push_back(detail::concat("the log-likelihood reported, ", fit.log_likelihood,
                                      ", is not that of the model, ", again));
  }
  try {  // What an accelerated step may propose.
    (void)model.maximize(model.zero());
    auto odd = whole.statistics;
    scale(odd, -1.0);
    (void)model.maximize(odd);
  } catch (const std::exception& error) {
    broken.push_back(std::string("maximize must not throw for odd statistics: ") + error.what());
  }
  return broken;
}

}  // namespace testing

LATENT_END
