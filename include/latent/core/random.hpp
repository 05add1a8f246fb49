// Counter-based random numbers: a draw is a function of (seed, purpose, restart, iteration, row,
// draw), so it does not matter which thread asks, or in which order. Generator: Philox4x32-10
// (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"). Uniforms,
// normals and the shuffle are our own, since those of the standard library differ between
// implementations.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "latent/core/types.hpp"

LATENT_BEGIN

// What a stream of random numbers is for. Streams of different purposes never meet. The values are
// part of the stream's definition: new purposes go at the end.
enum class Purpose : std::uint32_t {
  user = 0,
  initialisation = 1,
  relocation = 2,
  sampling = 3,
  assignment = 4,
  projection = 5,
  batches = 6,
};

// The version of the streams: it changes when the same seed would give other numbers.
inline constexpr int random_stream_version = 1;

namespace detail {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

inline PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

inline std::uint32_t low(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}
inline std::uint32_t high(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}

// Wichura 1988, algorithm AS 241 (PPND16): the normal quantile to about 1e-16.
inline double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    const double numerator =
        (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r +
             45921.953931549871457) *
                r +
            13731.693765509461125) *
               r +
           1971.5909503065514427) *
              r +
          133.14166789178437745) *
             r +
         3.387132872796366608);
    const double denominator =
        (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
             21213.794301586595867) *
                r +
            5394.1960214247511077) *
               r +
           687.1870074920579083) *
              r +
          42.313330701600911252) *
             r +
         1.0);
    return q * numerator / denominator;
  }
  double r = std::sqrt(-std::log(q < 0.0 ? p : 1.0 - p));
  double value;
  if (r <= 5.0) {
    r -= 1.6;
    value = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r +
                  0.24178072517745061177) *
                     r +
                 1.27045825245236838258) *
                    r +
                3.64784832476320460504) *
                   r +
               5.7694972214606914055) *
                  r +
              4.6303378461565452959) *
                 r +
             1.42343711074968357734) /
            (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r +
                  0.0151986665636164571966) *
                     r +
                 0.14810397642748007459) *
                    r +
                0.68976733498510000455) *
                   r +
               1.6763848301838038494) *
                  r +
              2.05319162663775882187) *
                 r +
             1.0);
  } else {
    r -= 5.0;
    value = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r +
                  0.0012426609473880784386) *
                     r +
                 0.026532189526576123093) *
                    r +
                0.29656057182850489123) *
                   r +
               1.7848265399172913358) *
                  r +
              5.4637849111641143699) *
                 r +
             6.6579046435011037772) /
            (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r +
                  1.8463183175100546818e-5) *
                     r +
                 7.868691311456132591e-4) *
                    r +
                0.0148753612908506148525) *
                   r +
               0.13692988092273580531) *
                  r +
              0.59983220655588793769) *
                 r +
             1.0);
  }
  return q < 0.0 ? -value : value;
}

// The index that a number u in [0, 1) selects among weights of the given sum; never one of weight 0.
template <class S>
Index draw(const S* weights, Index count, double sum, double u) {
  double rest = u * sum;
  Index chosen = -1;
  for (Index k = 0; k < count; ++k) {
    const auto weight = static_cast<double>(weights[k]);
    if (weight <= 0.0) continue;
    chosen = k;
    rest -= weight;
    if (rest < 0.0) break;
  }
  return chosen < 0 ? 0 : chosen;
}

}  // namespace detail

// Sequential draws from one cell of the stream (seed, purpose, restart, iteration, row). Cheap to
// make: one a row.
class Random {
 public:
  explicit Random(std::uint64_t seed, Purpose purpose = Purpose::user, std::uint64_t restart = 0,
                  std::uint64_t iteration = 0, std::uint64_t row = 0)
      : row_{row} {
    // The stream's coordinates become a key of their own, so that row and draw have a whole
    // counter.
    const detail::PhiloxKey key{detail::low(seed), detail::high(seed)};
    const auto first = detail::philox(
        {static_cast<std::uint32_t>(purpose), 0, detail::low(restart), detail::high(restart)}, key);
    const auto mixed =
        detail::philox({first[2], first[3], detail::low(iteration), detail::high(iteration)},
                       {first[0], first[1]});
    key_ = {mixed[0], mixed[1]};
  }

  // The same stream at another row, from its first draw.
  Random at(std::uint64_t row) const {
    Random other = *this;
    other.row_ = row;
    other.draw_ = 0;
    return other;
  }

  std::uint64_t bits() {
    const auto block = detail::philox(
        {detail::low(draw_), detail::high(draw_), detail::low(row_), detail::high(row_)}, key_);
    ++draw_;
    return (std::uint64_t{block[1]} << 32) | block[0];
  }

  // Uniform on [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  // Uniform on (0, 1): the middle of one of 2^52 equal cells.
  double uniform_open() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }

  // Standard normal, by inversion: one draw a number.
  double normal() { return detail::normal_quantile(uniform_open()); }

  // Uniform on 0 ... bound - 1, without bias; bound >= 1.
  Index below(Index bound) {
    const auto n = static_cast<std::uint64_t>(bound);
    const std::uint64_t rejected =
        (0 - n) % n;  // 2^64 mod n: so many words would favour the low results
    std::uint64_t word = bits();
    while (word < rejected) word = bits();
    return static_cast<Index>(word % n);
  }

  // Fisher-Yates.
  template <class Container>
  void shuffle(Container& items) {
    for (Index i = static_cast<Index>(items.size()) - 1; i > 0; --i) {
      using std::swap;
      const Index j = below(i + 1);
      swap(items[static_cast<typename Size<Container>::type>(i)],
           items[static_cast<typename Size<Container>::type>(j)]);
    }
  }

 private:
  template <class Container>
  struct Size {
    using type = decltype(std::declval<const Container&>().size());
  };

  detail::PhiloxKey key_{};
  std::uint64_t row_ = 0;
  std::uint64_t draw_ = 0;
};

LATENT_END
