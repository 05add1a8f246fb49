#include "latent/core/statistics.hpp"

#include <array>
#include <tuple>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

namespace {

struct Inner {
  double a = 0;
  Eigen::Vector3d b = Eigen::Vector3d::Zero();
  double constant = 7;  // no field: a constant of the statistics
  auto fields() { return std::tie(a, b); }
};

struct Outer {
  latent::RowMatrix<double> m = latent::RowMatrix<double>::Zero(2, 3);
  Inner inner;
  std::array<double, 2> pair{};
  std::vector<Inner> list{2};
  auto fields() { return std::tie(m, inner, pair, list); }
};

Outer numbered(double first) {
  Outer outer;
  latent::Vector<double> packed(latent::packed_size(outer));
  for (latent::Index i = 0; i < packed.size(); ++i) packed[i] = first + static_cast<double>(i);
  latent::unpack(packed, outer);
  return outer;
}

}  // namespace

TEST_CASE("statistics: fields give size, pack and unpack, nested as they are") {
  Outer outer = numbered(1);
  REQUIRE(latent::packed_size(outer) == 6 + 4 + 2 + 8);
  CHECK(outer.m(0, 0) == 1);
  CHECK(outer.m(1, 2) == 6);
  CHECK(outer.inner.a == 7);
  CHECK(outer.inner.b[2] == 10);
  CHECK(outer.pair[1] == 12);
  CHECK(outer.list[1].b[2] == 20);
  const auto packed = latent::pack(outer);
  for (latent::Index i = 0; i < packed.size(); ++i) CHECK(packed[i] == static_cast<double>(i + 1));
  CHECK(outer.inner.constant == 7);
}

TEST_CASE("statistics: they form a vector space") {
  Outer a = numbered(1);
  latent::merge(a, numbered(100));
  CHECK(latent::pack(a)[3] == 4 + 103);
  latent::add_scaled(a, -1.0, numbered(100));
  CHECK(latent::pack(a) == latent::pack(numbered(1)));
  latent::scale(a, 0.5);
  CHECK(latent::pack(a)[19] == 10);
  latent::detail::set_zero(a);
  CHECK(latent::pack(a).isZero(0));
  CHECK(a.inner.constant == 7);
}

TEST_CASE("statistics: a plain number and a plain matrix are statistics too") {
  double x = 2;
  latent::merge(x, 3.0);
  CHECK(x == 5);
  Eigen::MatrixXd m = Eigen::MatrixXd::Ones(2, 2);
  latent::merge(m, m);
  CHECK(latent::pack(m) == Eigen::Vector4d(2, 2, 2, 2));
}

TEST_CASE("statistics: shapes that disagree are refused") {
  Eigen::MatrixXd a = Eigen::MatrixXd::Ones(2, 2);
  const Eigen::MatrixXd b = Eigen::MatrixXd::Ones(2, 3);
  CHECK_THAT(latent_test::message_of<latent::InvalidArgument>([&] { latent::merge(a, b); }),
             latent_test::contains("2 x 2 and 2 x 3"));
  Outer outer;
  CHECK_THAT(latent_test::message_of<latent::InvalidArgument>(
                 [&] { latent::unpack(Eigen::VectorXd::Zero(3), outer); }),
             latent_test::contains("must hold 20 numbers; got 3"));
  std::vector<double> c(2);
  CHECK_THROWS_AS(latent::merge(c, std::vector<double>(3)), latent::InvalidArgument);
}

TEST_CASE("statistics: all_finite sees every field") {
  Outer outer = numbered(1);
  CHECK(latent::all_finite(outer));
  outer.list[1].b[1] = std::numeric_limits<double>::infinity();
  CHECK_FALSE(latent::all_finite(outer));
}
