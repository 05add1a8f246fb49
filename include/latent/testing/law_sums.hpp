// Laws of the E-step: its statistics are sums over rows, linear in their weights, and nothing else
// decides about them.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/e_step.hpp"
#include "latent/testing/law_data.hpp"

LATENT_BEGIN

namespace testing::detail {

template <class M, class S>
void laws_of_merging(const M& model, const Subject<M, S>& subject,
                     const EStep<StatisticsOf<M>>& whole, const Yardstick<M>& yardstick,
                     Verdict& verdict) {
  const Vector<double> packed = latent::pack(whole);
  const Index size = subject.size();

  verdict.expect_bits("the same E-step again gives the same bits",
                      latent::pack(expected(model, subject.data)), packed);

  auto merged = expected(model, subject.pick(subject.range(0, size / 3 + 1)));
  if (size > 1) {
    latent::merge(merged, expected(model, subject.pick(subject.range(size / 3 + 1, size))));
    verdict.expect_none("merging the statistics of two parts gives those of the whole",
                        yardstick.difference(merged, whole));
  }
  auto cut = EStep<StatisticsOf<M>>{model.zero(), {}};
  Index length = 1;  // 1, 6, 31, 156, 156, ...: cuts that share no divisor with a tile
  for (Index first = 0; first < size; length = std::min<Index>(5 * length + 1, 156)) {
    const Index last = std::min(size, first + length);
    const Unit begin = subject.units[static_cast<std::size_t>(first)];
    const Unit end = subject.units[static_cast<std::size_t>(last - 1)];
    latent::merge(
        cut, expected(model, subject.data.slice(begin.first, end.first + end.count - begin.first)));
    // Many small cuts say no more than some: the rest is one.
    if (last > 8 * 156 && last < size) {
      const Index rest = subject.units[static_cast<std::size_t>(last)].first;
      latent::merge(cut, expected(model, subject.data.slice(rest, subject.data.rows() - rest)));
      break;
    }
    first = last;
  }
  verdict.expect_none("blocks may be cut anywhere", yardstick.difference(cut, whole));

  auto neutral = whole;
  latent::merge(neutral.statistics, model.zero());
  verdict.expect_bits("zero() is neutral", latent::pack(neutral), packed);

  auto restored = model.zero();
  latent::unpack(latent::pack(whole.statistics), restored);
  verdict.expect_bits("pack and unpack are inverse", latent::pack(restored),
                      latent::pack(whole.statistics));
  // Few rows, which nothing has merged yet, so that what fields() leaves out is there to be lost.
  const auto few =
      expected(model, subject.pick(subject.range(0, std::min<Index>(size, 64)))).statistics;
  latent::unpack(latent::pack(few), restored);
  verdict.expect_bits("the M-step needs nothing that fields() leaves out",
                      latent::pack(expected(model.maximize(restored), subject.data)),
                      latent::pack(expected(model.maximize(few), subject.data)));

  std::vector<Index> order = subject.all();
  Random(1).shuffle(order);
  verdict.expect_none("rows in another order give the same statistics",
                      yardstick.difference(expected(model, subject.pick(order)), whole));
}

// Rows of weight 0 are given other values: those at the end of the number range for a Mixture,
// whose E-step is the library's; four times their own for other models, which may multiply by the
// weight last. Rows that the model refuses stay as they are.
template <class M, class S>
Samples<S> with_extremes(const M& model, const Subject<M, S>& subject,
                         const Vector<double>& multipliers) {
  double largest = 0.0;
  for (Index i = 0; i < subject.data.rows(); ++i)
    for (Index j = 0; j < subject.data.cols(); ++j) {
      const auto value = static_cast<double>(subject.data(i, j));
      if (is_finite(value)) largest = std::max(largest, std::abs(value));
    }
  double factor = 4.0;
  if constexpr (HasFamilyStatistics<M>) {
    using Narrow = std::conditional_t<std::is_same_v<ScalarOf<M>, float>, float, S>;
    const double end = 0.25 * static_cast<double>(std::numeric_limits<Narrow>::max());
    if (largest > 0.0) factor = std::exp2(std::floor(std::log2(end) - std::log2(largest)));
  }
  std::vector<double> of_row(static_cast<std::size_t>(subject.data.rows()), 1.0);
  for (Index u = 0; u < subject.size(); ++u) {
    if (multipliers[u] != 0.0) continue;
    const Unit unit = subject.units[static_cast<std::size_t>(u)];
    for (Index i = unit.first; i < unit.first + unit.count; ++i)
      of_row[static_cast<std::size_t>(i)] = factor;
  }
  const auto scaled = [&](Index row, Index, S value) {
    const S changed =
        static_cast<S>(static_cast<double>(value) * of_row[static_cast<std::size_t>(row)]);
    return is_finite(changed) ? changed : value;
  };
  Samples<S> extreme = subject.pick(subject.all(), multipliers, scaled);
  try {
    auto team = Serial{}.team();
    check_model_and_data(model, extreme, team, "broken_laws");
  } catch (const std::exception&) {
    return subject.pick(subject.all(), multipliers);
  }
  return extreme;
}

template <class M, class S>
void laws_of_weights(const M& model, const Subject<M, S>& subject,
                     const EStep<StatisticsOf<M>>& whole, const Yardstick<M>& yardstick,
                     Verdict& verdict) {
  const Index size = subject.size();
  Vector<double> multipliers(size);
  std::vector<Index> repeated;
  std::vector<Index> kept;
  for (Index i = 0; i < size; ++i) {
    multipliers[i] = static_cast<double>((i + 1) % 3);
    for (Index copy = 0; copy < (i + 1) % 3; ++copy) repeated.push_back(i);
    if ((i + 1) % 3 != 0) kept.push_back(i);
  }
  const auto weighted = expected(model, subject.pick(subject.all(), multipliers));
  verdict.expect_none("a weight of 2 is a row given twice, of 0 a row left out",
                      yardstick.difference(weighted, expected(model, subject.pick(repeated))));
  verdict.expect_none(
      "rows of weight 0 count for nothing, whatever they hold",
      yardstick.difference(expected(model, with_extremes(model, subject, multipliers)),
                           expected(model, subject.pick(kept, multipliers))));

  auto fourfold = expected(model, subject.pick(subject.all(), Vector<double>::Constant(size, 4.0)));
  latent::scale(fourfold, 0.25);
  verdict.expect_bits("weights scaled by a power of two scale the statistics exactly",
                      latent::pack(fourfold), latent::pack(whole));

  const Vector<double> u = random_multipliers(size, 0);
  auto sum = expected(model, subject.pick(subject.all(), u));
  latent::merge(sum, expected(model, subject.pick(subject.all(),
                                                  Vector<double>((2.0 - u.array()).matrix()))));
  latent::scale(sum, 0.5);
  verdict.expect_none("statistics are linear in the weights", yardstick.difference(sum, whole));
}

template <class M, class S>
void laws_of_threads(const M& model, const Subject<M, S>& subject, Verdict& verdict) {
  // A lane is the unit of work: with fewer rows than two lanes and a bit, they are repeated.
  std::vector<Index> ids = subject.all();
  Index rows = subject.data.rows();
  const bool few = rows <= 2 * lane_rows;
  while (rows <= 2 * lane_rows) {
    ids.insert(ids.end(), ids.begin(), ids.begin() + subject.size());
    rows += subject.data.rows();
  }
  const Samples<S> data = few ? subject.pick(ids) : subject.data;
  const auto try_variant = [&](const char* name, const auto& assign, const Step& step,
                               const std::vector<int>& counts) {
    const Vector<double> serial = latent::pack(expected(model, data, assign, step));
    for (const int threads : counts)
      verdict.expect_bits(concat("Threads{", threads, "} gives the bits of Serial{}", name),
                          latent::pack(expected(model, data, assign, step, Threads{threads})),
                          serial);
  };
  try_variant("", Soft{}, Step{}, {1, 2, 3, 8});
  if constexpr (Assigns<M, Hard>) try_variant(" in a hard E-step", Hard{}, Step{}, {3});
  if constexpr (Assigns<M, Stochastic>)
    try_variant(" in a stochastic E-step", Stochastic{}, Step{5, 1, 3}, {2, 3, 8});
}

// A row's draw depends on its place alone, not on the block that it came in. Float models may
// compute another posterior for a row that stands alone, and rarely another draw: not for them.
template <class M, class S>
void law_of_draws(const M& model, const Subject<M, S>& subject, const Yardstick<M>& yardstick,
                  Verdict& verdict) {
  if constexpr (Assigns<M, Stochastic> && !is_sequential<M>() &&
                std::is_same_v<ScalarOf<M>, double>) {
    const Step step{5, 1, 3};
    const Samples<S> data = subject.data.slice(0, std::min(subject.data.rows(), tile_rows));
    const auto together = expected(model, data, Stochastic{}, step);
    EStep<StatisticsOf<M>> apart{model.zero(), {}};
    decltype(auto) ready = detail::prepared(model);
    BlockReader<double, S> reader{data};
    for (Index i = 0; i < data.rows(); ++i)
      latent::merge(apart.sums, expect_block<M>(ready, reader.read(i, 1), Stochastic{}, step,
                                                apart.statistics));
    verdict.expect_none("the draw of a row depends on its place alone",
                        yardstick.difference(apart.statistics, together.statistics));
  }
}

}  // namespace testing::detail

LATENT_END
