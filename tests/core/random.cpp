#include "latent/core/random.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

TEST_CASE("random: Philox 4x32-10 gives the published known answers") {
  using latent::detail::philox;
  using Words = latent::detail::PhiloxCounter;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones, ones, ones}, {ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: a draw depends on its coordinates alone, not on who asked before") {
  const latent::Random stream(42, latent::Purpose::sampling, 3, 5);
  latent::Random forward = stream.at(10);
  forward.uniform();
  const double second = forward.uniform();
  latent::Random other = stream.at(99);
  other.uniform();
  latent::Random again = latent::Random(42, latent::Purpose::sampling, 3, 5, 10);
  again.uniform();
  CHECK(latent_test::same_bits(again.uniform(), second));
}

TEST_CASE("random: every coordinate changes the stream, and all seeds are valid") {
  std::vector<std::uint64_t> first;
  for (const std::uint64_t seed : {0ull, 1ull, ~0ull})
    for (const auto purpose : {latent::Purpose::user, latent::Purpose::initialisation})
      for (const std::uint64_t restart : {0ull, 1ull})
        for (const std::uint64_t iteration : {0ull, 1ull, 1ull << 40})
          for (const std::uint64_t row : {0ull, 1ull, 1ull << 40})
            first.push_back(latent::Random(seed, purpose, restart, iteration, row).bits());
  for (std::size_t i = 0; i < first.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(first[i] != first[j]);
}

TEST_CASE("random: uniform, normal and below have the moments of their names") {
  latent::Random random(1);
  constexpr int n = 200000;
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0, fourth = 0;
  std::vector<int> counts(7);
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0.0 && u < 1.0));
    sum += u;
    squares += u * u;
    const double z = random.normal();
    normal_sum += z;
    normal_squares += z * z;
    fourth += z * z * z * z;
    ++counts[static_cast<std::size_t>(random.below(7))];
  }
  // Five standard errors of each mean.
  const double root = std::sqrt(static_cast<double>(n));
  CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12) / root);
  CHECK(std::abs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45) / root);
  CHECK(std::abs(normal_sum / n) < 5 / root);
  CHECK(std::abs(normal_squares / n - 1) < 5 * std::sqrt(2.0) / root);
  CHECK(std::abs(fourth / n - 3) < 5 * std::sqrt(96.0) / root);
  for (const int count : counts) CHECK(std::abs(count - n / 7.0) < 5 * std::sqrt(n * 6.0 / 49));
}

TEST_CASE("random: the normal quantile inverts the normal distribution function") {
  for (const double p : {1e-300, 1e-20, 1e-10, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999}) {
    const double z = latent::detail::normal_quantile(p);
    const double back = 0.5 * std::erfc(-z / std::sqrt(2.0));
    // A relative error of 1e-15 in z becomes about z^2 times that in p.
    CHECK(latent_test::close(back, p, 4e-15 * (1 + z * z)));
  }
}

TEST_CASE("random: shuffle permutes, and every order of three is equally likely") {
  std::vector<int> counts(6);
  latent::Random random(5);
  constexpr int n = 60000;
  for (int i = 0; i < n; ++i) {
    std::vector<int> items{0, 1, 2};
    random.shuffle(items);
    ++counts[static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2] ? 1 : 0))];
  }
  for (const int count : counts) CHECK(std::abs(count - n / 6.0) < 5 * std::sqrt(n * 5.0 / 36));
  Eigen::VectorXi eigen = Eigen::VectorXi::LinSpaced(100, 0, 99);
  random.shuffle(eigen);
  CHECK(eigen.sum() == 4950);
  CHECK(eigen != Eigen::VectorXi::LinSpaced(100, 0, 99));
}

TEST_CASE("random: the streams of version 1, forever") {
  // A change of these numbers is a new random_stream_version.
  CHECK(latent::random_stream_version == 1);
  latent::Random random(12345, latent::Purpose::initialisation, 2, 7, 100);
  CHECK(random.bits() == 0x74bd9868169cc27aull);
  CHECK(random.bits() == 0x805b87f15d0ef883ull);
  CHECK(random.uniform() == 0x1.3437d548cfb2p-1);
  CHECK(random.normal() == Approx(-0.10991148401334956).epsilon(4e-15));
  CHECK(random.below(1000) == 255);
}
