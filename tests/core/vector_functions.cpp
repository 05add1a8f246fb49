// Exponentials, logarithms and sums of vectors beside those of the standard library.
#include "latent/core/vector_functions.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/transposed.hpp"
#include "support/catch.hpp"

using latent::Index;

namespace {

template <class S>
using V = typename latent::detail::VectorOf<S>::Type;

template <class S, class F>
S each_lane(S x, const F& f) {
  constexpr Index lanes = latent::detail::vector_lanes<S>;
  std::vector<S> in(static_cast<std::size_t>(lanes), x);
  std::vector<S> out(in.size());
  latent::detail::store(out.data(), f(latent::detail::load(in.data())));
  for (const S y : out) CHECK((y == out.front() || (std::isnan(y) && std::isnan(out.front()))));
  return out.front();
}

template <class S>
void check_exp(double least) {
  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  double worst = 0.0;
  for (int i = 0; i <= 4000; ++i) {
    const auto x = static_cast<S>(least * static_cast<double>(i) / 4000.0);
    const S found = each_lane<S>(
        x, [](const V<S>& v) -> V<S> { return latent::detail::exp_of_nonpositive<S>(v); });
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(static_cast<double>(found) - exact) / exact);
  }
  CHECK(worst <= 2.0 * eps);
  const auto zero = [](S x) {
    return each_lane<S>(
        x, [](const V<S>& v) -> V<S> { return latent::detail::exp_of_nonpositive<S>(v); });
  };
  CHECK(zero(S(0)) == S(1));
  CHECK(zero(static_cast<S>(1.01 * least)) == S(0));
  CHECK(zero(-std::numeric_limits<S>::infinity()) == S(0));
}

template <class S>
void check_sums_and_squares() {
  constexpr int count = 11;
  constexpr auto room = static_cast<std::size_t>(latent::detail::whole_squares<S, count>);
  V<S> parts[room] = {};
  std::vector<double> exact(room, 0.0);
  for (std::size_t i = 0; i < room; ++i) {
    std::vector<S> lanes(static_cast<std::size_t>(latent::detail::vector_lanes<S>));
    for (std::size_t e = 0; e < lanes.size(); ++e) {
      lanes[e] = static_cast<S>((i + 1) * 32 + e);  // whole numbers: sums are exact
      exact[i] += static_cast<double>(lanes[e]);
    }
    parts[i] = latent::detail::load(lanes.data());
    CHECK(latent::detail::sum_of_lanes<S>(parts[i]) == exact[i]);
  }
  S sums[room];
  latent::detail::sums_of_lanes<count>(parts, sums);
  for (std::size_t i = 0; i < count; ++i) CHECK(static_cast<double>(sums[i]) == exact[i]);
}

}  // namespace

TEST_CASE("vector functions: e^x of x <= 0 to 2 eps, and exactly 0 where it does not count") {
  check_exp<double>(-667.0);
  check_exp<float>(-68.9);
}

TEST_CASE("vector functions: log x of x >= 1 to 2 eps, and exactly 0 at 1") {
  double worst = 0.0;
  latent::Random random(4);
  for (int i = 0; i < 20000; ++i) {
    const double x = i < 10000 ? 1.0 + random.uniform() * std::ldexp(1.0, -(i % 50))
                               : std::ldexp(1.0 + random.uniform(), i % 60);
    const double found =
        each_lane<double>(x, [](const V<double>& v) { return latent::detail::log_of_positive(v); });
    const double exact = std::log(x);
    if (exact == 0.0)
      CHECK(found == 0.0);
    else
      worst = std::max(worst, std::abs(found - exact) / exact);
  }
  CHECK(worst <= 2.0 * std::numeric_limits<double>::epsilon());
}

TEST_CASE("vector functions: what is not finite is found by its bits") {
  const auto odd = [](double x) {
    return latent::detail::any_lane<double>(latent::detail::not_finite<double>(latent::detail::load(
        std::vector<double>(static_cast<std::size_t>(latent::detail::vector_lanes<double>), x)
            .data())));
  };
  CHECK(odd(std::numeric_limits<double>::quiet_NaN()));
  CHECK(odd(std::numeric_limits<double>::infinity()));
  CHECK(odd(-std::numeric_limits<double>::infinity()));
  CHECK_FALSE(odd(std::numeric_limits<double>::max()));
  CHECK_FALSE(odd(0.0));
}

TEST_CASE("vector functions: lanes of several vectors are added at once") {
  check_sums_and_squares<double>();
  check_sums_and_squares<float>();
}

TEST_CASE("transposed: every shape, with strides of its own") {
  for (const Index rows : {1, 3, 8, 16, 17, 33})
    for (const Index columns : {1, 2, 7, 8, 16, 31}) {
      latent::RowMatrix<float> from = latent::RowMatrix<float>::Random(rows, columns + 3);
      latent::RowMatrix<float> to = latent::RowMatrix<float>::Constant(columns, rows + 5, -9.0f);
      latent::detail::transpose_into(from.data(), from.cols(), rows, columns, to.data(), to.cols());
      CHECK(to.leftCols(rows) == from.leftCols(columns).transpose());
      CHECK((to.rightCols(5).array() == -9.0f).all());
    }
}
