// Rows in eight bits a column, which prove most distances too large without reading the rows.
//
// With a shift s and a unit u common to all rows, x = s + u (q + r), q whole numbers in
// -127 ... 127. By the triangle inequality
//
//   |x - c| >= u (|q(x) - q(c)| - |r(x)| - |r(c)|)
//
// and |q(x) - q(c)|^2 is a whole number, computed exactly. The errors |r| are taken of the rows
// themselves, so the bound holds however well u fits the data. It costs D bytes a row where the row
// has 8 D, and of centres that are not nearest few pass it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Beyond every distance that a sketch can prove; stands for unknown ones.
inline constexpr float out_of_reach = 1e15f;

// A float that is at least `value` and exceeds it by little; value >= 0.
inline float rounded_up(double value) {
  constexpr double limit = static_cast<double>(out_of_reach);
  return value < limit ? static_cast<float>(value * (1.0 + 0x1p-20) + 0x1p-100) : out_of_reach;
}

class RowSketch {
 public:
  struct Code {
    std::vector<std::int8_t> values;
    std::int32_t constant = 0;  // |q|^2 + 256 sum q
    float error = 0.0f;         // |r|, in units
  };

  RowSketch() = default;

  // Shift and unit from up to 1024 rows; the codes are to be set row by row.
  template <class S>
  explicit RowSketch(const Samples<S>& data) : cols_{std::min(data.cols(), most_columns)} {
    const Index count = std::min<Index>(data.rows(), 1024);
    const auto row_of = [&](Index i) { return i * data.rows() / count; };
    shift_ = Vector<double>::Zero(cols_);
    Vector<double> largest = Vector<double>::Zero(cols_);
    Vector<double> squares = Vector<double>::Zero(cols_);
    const auto divisor = static_cast<double>(count);
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < cols_; ++j)
        shift_[j] += static_cast<double>(data(row_of(i), j)) / divisor;
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < cols_; ++j) {
        const double t = std::abs(static_cast<double>(data(row_of(i), j)) - shift_[j]);
        largest[j] = std::max(largest[j], t);
        squares[j] += t * t / divisor;
      }
    // The reach of the codes: what the widest column needs, outliers left aside.
    double reach = 0.0;
    for (Index j = 0; j < cols_; ++j)
      reach = std::max(reach, std::min(largest[j], 4.5 * std::sqrt(squares[j])));
    unit_ = reach / 127.0;
    usable_ = unit_ > 0x1p-500 && unit_ < 0x1p500;
    if (!usable_) return;
    inverse_ = 1.0 / unit_;
    stride_ = (cols_ + width - 1) / width * width;
    codes_.resize(data.rows(), stride_);
    norms_.resize(static_cast<std::size_t>(data.rows()));
    errors_.resize(static_cast<std::size_t>(data.rows()));
  }

  // False where the sampled rows are all the same, or vary beyond all measure.
  bool usable() const { return usable_; }
  double unit() const { return unit_; }

  template <class S>
  void set(Index row, const S* x) {
    std::uint8_t* code = codes_.data() + row * stride_;
    const Sums sums =
        encode(x, [&](Index j, int q) { code[j] = static_cast<std::uint8_t>(q + 128); });
    for (Index j = cols_; j < stride_; ++j) code[j] = 128;
    norms_[static_cast<std::size_t>(row)] = sums.norm;
    errors_[static_cast<std::size_t>(row)] = sums.error;
  }

  template <class S>
  Code code(const S* x) const {
    Code code;
    if (!usable_) return code;
    code.values.assign(static_cast<std::size_t>(stride_), 0);
    const Sums sums = encode(x, [&](Index j, int q) {
      code.values[static_cast<std::size_t>(j)] = static_cast<std::int8_t>(q);
    });
    code.constant = sums.norm + 256 * sums.sum;
    code.error = sums.error;
    return code;
  }

  // Keeps those of found[0 ... number - 1], rows counted from `first`, whose distance from c may be
  // less than reach[row] units; returns their number. The others are farther for certain, by a
  // factor 1 + 2^-20 at least, which is more than direct differences of fewer than 2^30 columns
  // round by.
  int within(Index first, const Code& c, const float* reach, int number, int* found) const {
    std::int32_t products[tile_rows];
    multiply(first, c, number, found, products);
    const std::int32_t* norms = norms_.data() + first;
    const float* errors = errors_.data() + first;
    int kept = 0;
    for (int n = 0; n < number; ++n) {  // without branches, which nothing could predict
      const int i = found[n];
      const std::int32_t squared = norms[i] + c.constant - 2 * products[n];
      const float limit = reach[i] + errors[i] + c.error;
      found[kept] = i;
      kept += static_cast<int>(static_cast<float>(squared) <= limit * limit * (1.0f + 0x1p-18f));
    }
    return kept;
  }

 private:
  // Products of so many columns fit 32 bits: 4 * 127^2 * 2^14 + 256 * 127 * 2^14 < 2^31. A distance
  // in some of the columns is a bound for that in all.
  static constexpr Index most_columns = Index{1} << 14;

  static constexpr int width = 32;  // codes are filled up to a multiple

  struct Sums {
    std::int32_t norm;
    std::int32_t sum;
    float error;
  };

  template <class S, class Put>
  Sums encode(const S* x, const Put& put) const {
    std::int32_t norm = 0;
    std::int32_t sum = 0;
    double squared_error = 0.0;
    for (Index j = 0; j < cols_; ++j) {
      const double y = (static_cast<double>(x[j]) - shift_[j]) * inverse_;
      const int whole = static_cast<int>(std::clamp(y, -127.0, 127.0) + 127.5) - 127;
      const double r = y - static_cast<double>(whole);
      squared_error += r * r;
      norm += whole * whole;
      sum += whole;
      put(j, whole);
    }
    // The last term covers the rounding of y, 3 eps |y|.
    const double error = std::sqrt(squared_error);
    return {norm, sum,
            rounded_up(error + 0x1p-40 * (error + std::sqrt(static_cast<double>(norm))))};
  }

  // products[n] = the product of the codes.
  void multiply(Index first, const Code& c, int number, const int* found,
                std::int32_t* products) const {
    const std::uint8_t* codes = codes_.data() + first * stride_;
    const std::int8_t* values = c.values.data();
    for (int n = 0; n < number; ++n) {
      const std::uint8_t* code = codes + found[n] * stride_;
      std::int32_t sum = 0;
      for (Index begin = 0; begin < stride_; begin += width)
        for (int j = 0; j < width; ++j) sum += int{code[begin + j]} * int{values[begin + j]};
      products[n] = sum;
    }
  }

  Index cols_ = 0;
  Index stride_ = 0;
  bool usable_ = false;
  double unit_ = 0.0;
  double inverse_ = 0.0;
  Vector<double> shift_;  // D
  Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>
      codes_;                        // n x stride
  std::vector<std::int32_t> norms_;  // n: |q|^2
  std::vector<float> errors_;        // n: |r|
};

}  // namespace detail

LATENT_END
