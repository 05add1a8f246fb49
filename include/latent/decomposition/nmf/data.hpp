// The data of a non-negative factorisation: checked, in units where nothing overflows, and laid out
// so that every pass can read rows in place.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

namespace detail {

using Observed = RowMatrix<std::uint8_t>;  // n x D: 1 where the entry counts, 0 where it is missing

// Rows that one reduction takes at a time: a lane, but an equal part of about 128 where there is only
// one lane, so that a few hundred long rows (images) use several threads. A rule of the shape alone.
inline Index nmf_unit_rows(Index rows, bool sparse) {
  constexpr Index part = 128;
  constexpr Index step = 8;
  if (rows > lane_rows || sparse) return lane_rows;
  const Index parts = (rows + part - 1) / part;
  return ((rows + parts - 1) / parts + step - 1) / step * step;
}

// X in units of 2^exponent, so that the largest entry is in [1/2, 1). The numbers themselves stay
// where they are; whoever sums products with them multiplies by `unit`, which is exact.
template <class S>
struct NMFData {
  Samples<S> source;      // dense rows lie side by side
  RowMatrix<S> filled{};  // n x D where entries are missing: the data, and guesses; else empty
  Observed observed{};    // n x D, or empty: all
  const S* first = nullptr;
  Index stride = 0;
  int exponent = 0;
  S unit = 1;
  double squares = 0.0;  // sum of v x^2 over what is observed, in units of 4^exponent
  double sum = 0.0;      // sum of v x, in units of 2^exponent
  double weight = 0.0;   // sum of v
  double entries = 0.0;  // sum of v over what is observed

  explicit NMFData(Samples<S> data) : source{std::move(data)} {}
  NMFData(const NMFData&) = delete;
  NMFData& operator=(const NMFData&) = delete;
  NMFData(NMFData&&) = default;
  NMFData& operator=(NMFData&&) = default;
  ~NMFData() = default;

  Index rows() const { return source.rows(); }
  Index cols() const { return source.cols(); }
  bool sparse() const { return source.sparse(); }
  bool masked() const { return observed.size() > 0; }
  double mean() const { return entries > 0.0 ? sum / entries : 0.0; }
  Index unit_rows() const { return nmf_unit_rows(rows(), sparse()); }
  Index units() const { return (rows() + unit_rows() - 1) / unit_rows(); }

  // count x D, row-major.
  Eigen::Map<const RowMatrix<S>, 0, Eigen::OuterStride<>> tile(Index row, Index count) const {
    return {first + row * stride, count, cols(), Eigen::OuterStride<>(stride)};
  }

  // The tiles of one unit: f(first_row, rows).
  template <class F>
  void for_each_tile(Index index, F&& f) const {
    const Index end = std::min(rows(), (index + 1) * unit_rows());
    for (Index row = index * unit_rows(); row < end; row += tile_rows)
      f(row, std::min(tile_rows, end - row));
  }
};

[[noreturn]] inline void fail_not_a_part(double value, Index row, Index col, std::string_view who) {
  fail<DataError>(who, ": data must be finite and not negative; got ",
                  is_nan(value) ? "NaN" : (value > 0.0 ? "inf" : concat(value)), " at row ", row,
                  ", column ", col);
}

// The largest entry of rows first ... first+count-1. Throws DataError where one counts and is
// negative or not finite, naming the first.
template <class S>
double largest_part(const Samples<S>& data, const Observed& observed, Index first, Index count,
                    std::string_view who) {
  S largest = 0;
  std::vector<S> buffer;
  const auto bad = [](S value) { return !is_finite(value) || value < S(0); };
  for (Index i = first; i < first + count; ++i) {
    if (observed.size() > 0) {
      for (Index j = 0; j < data.cols(); ++j) {
        if (observed(i, j) == 0) continue;
        const S value = data(i, j);
        if (bad(value)) fail_not_a_part(static_cast<double>(value), i, j, who);
        largest = std::max(largest, value);
      }
      continue;
    }
    const std::span<const S> row = data.row_values(i, buffer);
    const auto size = static_cast<Index>(row.size());
    S least = 0;
    for (const S value : row) {
      least = value < least ? value : least;
      largest = value > largest ? value : largest;
    }
    if (!(least < S(0)) && all_finite(row.data(), size)) continue;
    for (Index j = 0; j < data.cols(); ++j)
      if (const S value = data(i, j); bad(value))
        fail_not_a_part(static_cast<double>(value), i, j, who);
  }
  return static_cast<double>(largest);
}

// What stands for missing entries before anything is known: the mean of their column, 0 for one
// without any.
template <class S>
void fill_with_column_means(NMFData<S>& data) {
  for (Index j = 0; j < data.cols(); ++j) {
    double sum = 0.0;
    double count = 0.0;
    for (Index i = 0; i < data.rows(); ++i) {
      if (data.observed(i, j) == 0) continue;
      sum += data.source.weight(i) * static_cast<double>(data.filled(i, j));
      count += data.source.weight(i);
    }
    const S mean = count > 0.0 ? static_cast<S>(sum / count) : S(0);
    for (Index i = 0; i < data.rows(); ++i)
      if (data.observed(i, j) == 0) data.filled(i, j) = mean;
  }
}

// Rows that are not side by side, or in units far from 1, are copied once, as multiples of
// 2^exponent; so are those with missing entries.
template <class S, class Team>
void lay_out(NMFData<S>& data, Team& team) {
  constexpr int near = 40;
  const Samples<S>& source = data.source;
  const double unit = std::ldexp(1.0, -data.exponent);
  data.unit = static_cast<S>(unit);
  if (source.sparse()) return;
  const bool in_place =
      !data.masked() && source.contiguous_row(0) != nullptr && std::abs(data.exponent) <= near;
  if (!in_place) {
    RowMatrix<S> copy(source.rows(), source.cols());
    team.for_each_lane(lanes_of(source.rows()), [&](Index lane) {
      std::vector<S> buffer;
      const Index end = std::min(source.rows(), (lane + 1) * lane_rows);
      for (Index i = lane * lane_rows; i < end; ++i) {
        const std::span<const S> row = source.row_values(i, buffer);
        for (Index j = 0; j < source.cols(); ++j)
          copy(i, j) = static_cast<S>(static_cast<double>(row[static_cast<std::size_t>(j)]) * unit);
      }
    });
    data.unit = 1;
    if (data.masked()) {
      data.filled = std::move(copy);
      fill_with_column_means(data);
      data.first = data.filled.data();
      data.stride = data.cols();
      return;
    }
    const Vector<double> weights = source.weights();
    Samples<S> owned{std::move(copy)};
    data.source = weights.size() > 0 ? std::move(owned).weights(weights) : std::move(owned);
  }
  data.first = data.source.contiguous_row(0);
  data.stride = data.rows() > 1 ? data.source.contiguous_row(1) - data.first : data.cols();
}

// sum v x and sum v x^2 over what counts, of the laid-out rows.
template <class S, class Team>
void sum_up(NMFData<S>& data, Team& team) {
  using Sums = std::array<double, 3>;
  const Sums sums = team.reduce(
      lanes_of(data.rows()), [] { return Sums{}; },
      [&](Index lane, Sums& total) {
        std::vector<S> buffer;
        const Index end = std::min(data.rows(), (lane + 1) * lane_rows);
        const auto unit = static_cast<double>(data.unit);
        for (Index i = lane * lane_rows; i < end; ++i) {
          std::span<const S> row;
          if (data.masked())
            row = {data.filled.data() + i * data.cols(), static_cast<std::size_t>(data.cols())};
          else
            row = data.source.row_values(i, buffer);
          double sum = 0.0;
          double squares = 0.0;
          auto count = static_cast<double>(data.cols());
          for (std::size_t j = 0; j < row.size(); ++j) {
            if (data.masked() && data.observed(i, static_cast<Index>(j)) == 0) {
              count -= 1.0;
              continue;
            }
            const double value = static_cast<double>(row[j]) * unit;
            sum += value;
            squares += value * value;
          }
          const double v = data.source.weight(i);
          total[0] += v * sum;
          total[1] += v * squares;
          total[2] += v * count;
        }
      });
  data.sum = sums[0];
  data.squares = sums[1];
  data.entries = sums[2];
}

// Throws InvalidArgument (no rows, no columns) and DataError (negative, NaN or infinite where it
// counts).
template <class S, class Team>
NMFData<S> nmf_data(const Samples<S>& given, Observed observed, Team& team, std::string_view who) {
  check_shape(given, who);
  NMFData<S> data{given};
  if (observed.size() > 0 && observed.minCoeff() == 0) data.observed = std::move(observed);
  Vector<double> largest = Vector<double>::Zero(lanes_of(given.rows()));
  team.for_each_lane(largest.size(), [&](Index lane) {
    const Index first = lane * lane_rows;
    largest[lane] =
        largest_part(given, data.observed, first, std::min(lane_rows, given.rows() - first), who);
  });
  data.weight = total_weight(given, team);
  // The bounds keep 2^-exponent a normal number; what is beyond them is near enough to 1.
  constexpr int most = 1000;
  const double top = largest.maxCoeff();
  if (top > 0.0) data.exponent = std::clamp(std::ilogb(top) + 1, -most, most);
  lay_out(data, team);
  sum_up(data, team);
  return data;
}

// n x D of 0 and 1 for data of that shape.
template <class S, class Derived>
Observed checked_observed(const Eigen::DenseBase<Derived>& given, const Samples<S>& data,
                          std::string_view who) {
  const typename Derived::PlainObject values = given.derived();  // evaluated once
  require(values.rows() == data.rows() && values.cols() == data.cols(), who,
          ": observed must have the shape of the data, ", data.rows(), " x ", data.cols(), "; got ",
          values.rows(), " x ", values.cols());
  using T = typename Derived::Scalar;
  Observed result(values.rows(), values.cols());
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j) {
      const T value = values(i, j);
      require<DataError>(value == T(0) || value == T(1), who,
                         ": observed must be 0 or 1; got another number at row ", i, ", column ",
                         j);
      result(i, j) = value == T(1) ? 1 : 0;
    }
  return result;
}

}  // namespace detail

LATENT_END
