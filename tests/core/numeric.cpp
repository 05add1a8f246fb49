#include "latent/core/numeric.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("numeric: tests of single numbers read their bits") {
  for (const double x : {0.0, -0.0, 1.0, -1e308, 5e-324, std::numeric_limits<double>::max()}) {
    CHECK(latent::is_finite(x));
    CHECK_FALSE(latent::is_nan(x));
    CHECK_FALSE(latent::is_negative_infinity(x));
  }
  for (const double x : {infinity, -infinity, not_a_number, -not_a_number})
    CHECK_FALSE(latent::is_finite(x));
  CHECK(latent::is_negative_infinity(-infinity));
  CHECK_FALSE(latent::is_negative_infinity(infinity));
  CHECK_FALSE(latent::is_negative_infinity(not_a_number));
  CHECK(latent::is_nan(not_a_number));
  CHECK(latent::is_nan(-not_a_number));
  CHECK_FALSE(latent::is_nan(infinity));
  CHECK(latent::is_nan(std::numeric_limits<float>::quiet_NaN()));
  CHECK_FALSE(latent::is_finite(-std::numeric_limits<float>::infinity()));
  CHECK(latent::is_finite(std::numeric_limits<float>::max()));
}

TEST_CASE("numeric: all_finite finds the one bad number wherever it stands") {
  for (const double bad : {infinity, -infinity, not_a_number, -not_a_number})
    for (latent::Index at = 0; at < 37; ++at) {
      std::vector<double> x(37, std::numeric_limits<double>::max());
      CHECK(latent::detail::all_finite(x.data(), 37));
      x[static_cast<std::size_t>(at)] = bad;
      CHECK_FALSE(latent::detail::all_finite(x.data(), 37));
      std::vector<float> y(37, -std::numeric_limits<float>::max());
      CHECK(latent::detail::all_finite(y.data(), 37));
      y[static_cast<std::size_t>(at)] = static_cast<float>(bad);
      CHECK_FALSE(latent::detail::all_finite(y.data(), 37));
    }
  CHECK(latent::detail::all_finite<double>(nullptr, 0));
}

TEST_CASE(
    "numeric: exp of what is not positive is right to 2 eps, and exactly 0 where it does not "
    "count") {
  double worst = 0;
  for (double x = 0; x > -667.0; x -= 0.00173) {
    const double exact = std::exp(x);
    worst = std::max(worst, std::abs(latent::detail::exp_nonpositive(x) - exact) / exact);
  }
  CHECK(worst <= 2 * latent_test::eps);
  float worst_float = 0;
  for (float x = 0; x > -68.5f; x -= 0.00173f) {
    const double exact = std::exp(static_cast<double>(x));
    worst_float = std::max(
        worst_float,
        static_cast<float>(
            std::abs(static_cast<double>(latent::detail::exp_nonpositive(x)) - exact) / exact));
  }
  CHECK(worst_float <= 2 * std::numeric_limits<float>::epsilon());
  CHECK(latent::detail::exp_nonpositive(0.0) == 1.0);
  CHECK(latent::detail::exp_nonpositive(0.0f) == 1.0f);
  for (const double x : {-668.0, -1000.0, -1e300, -infinity})
    CHECK(latent::detail::exp_nonpositive(x) == 0.0);
  CHECK(latent::detail::exp_nonpositive(-70.0f) == 0.0f);
}

TEST_CASE("numeric: exp has the same bits in a loop of any length") {
  std::vector<double> x;
  for (int i = 0; i < 67; ++i) x.push_back(-0.37 * i);
  for (std::size_t length = 1; length <= x.size(); ++length) {
    std::vector<double> y(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(length));
    for (double& value : y) value = latent::detail::exp_nonpositive(value);
    for (std::size_t i = 0; i < length; ++i)
      CHECK(latent_test::same_bits(y[i], latent::detail::exp_nonpositive(x[i])));
  }
}

TEST_CASE("numeric: log_sum_exp neither overflows nor answers NaN") {
  const double a[] = {1000.0, 1000.0};
  CHECK(latent_test::close(latent::log_sum_exp(a, 2), 1000.0 + std::log(2.0), 1e-15));
  const double b[] = {-infinity, -2000.0, -infinity};
  CHECK(latent::log_sum_exp(b, 3) == -2000.0);
  const double c[] = {-infinity, -infinity};
  CHECK(latent::is_negative_infinity(latent::log_sum_exp(c, 2)));
  CHECK(latent::is_negative_infinity(latent::log_sum_exp(c, 0)));
  CHECK(latent::xlogy(0.0, 0.0) == 0.0);
  CHECK(latent_test::close(latent::xlogy(2.0, 3.0), 2.0 * std::log(3.0), 1e-16));
}
