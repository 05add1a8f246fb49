#include "latent/core/product.hpp"

#include "latent/core/random.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

namespace {

template <class Matrix>
Matrix drawn(latent::Index rows, latent::Index cols, std::uint64_t seed) {
  latent::Random random(seed);
  Matrix m(rows, cols);
  for (latent::Index i = 0; i < rows; ++i)
    for (latent::Index j = 0; j < cols; ++j)
      m(i, j) = static_cast<typename Matrix::Scalar>(random.normal());
  return m;
}

// sum of |a||b|: the scale of the rounding error.
template <class A, class B, class C>
void check_product(const A& a, const B& b, const C& c) {
  using S = typename C::Scalar;
  REQUIRE(c.rows() == a.rows());
  REQUIRE(c.cols() == b.cols());
  for (latent::Index i = 0; i < c.rows(); ++i)
    for (latent::Index j = 0; j < c.cols(); ++j) {
      double exact = 0;
      double scale = 0;
      for (latent::Index m = 0; m < a.cols(); ++m) {
        const double term = static_cast<double>(a(i, m)) * static_cast<double>(b(m, j));
        exact += term;
        scale += std::abs(term);
      }
      const double tolerance = static_cast<double>(a.cols() + 2) *
                               static_cast<double>(std::numeric_limits<S>::epsilon());
      REQUIRE(latent_test::close_on(scale, static_cast<double>(c(i, j)), exact, tolerance));
    }
}

}  // namespace

TEST_CASE("product: agrees with the definition for every storage order and shape") {
  using Row = latent::RowMatrix<double>;
  using Col = Eigen::MatrixXd;
  for (const latent::Index n : {1, 2, 7, 33})
    for (const latent::Index m : {1, 3, 40})
      for (const latent::Index k : {1, 2, 9, 50}) {
        const Row a = drawn<Row>(n, m, 1);
        const Row b = drawn<Row>(m, k, 2);
        check_product(a, b, latent::product(a, b));
        check_product(a, b, latent::product(Col(a), b));
        check_product(a, b, latent::product(a, Col(b)));
        check_product(a, b, latent::product(Col(a), Col(b)));
        check_product(a.transpose(), a, latent::product(a.transpose(), a));
        const latent::RowMatrix<float> af = a.cast<float>();
        const latent::RowMatrix<float> bf = b.cast<float>();
        check_product(af, bf, latent::product(af, bf));
      }
}

TEST_CASE("product: works on blocks, adds, and scales") {
  using Row = latent::RowMatrix<double>;
  const Row a = drawn<Row>(20, 15, 3);
  const Row b = drawn<Row>(15, 12, 4);
  Row c = Row::Ones(20, 12);
  latent::add_product(a, b, c, -2.0);
  CHECK(latent_test::close_matrix(c, Row(Row::Ones(20, 12) - 2 * a * b), 1e-14));
  check_product(a.block(2, 3, 9, 5), b.block(1, 4, 5, 6),
                latent::product(a.block(2, 3, 9, 5), b.block(1, 4, 5, 6)));
  Row empty = Row::Ones(3, 2);
  latent::add_product(Row(3, 0), Row(0, 2), empty);
  CHECK(empty == Row::Ones(3, 2));
}

TEST_CASE("product: shapes that disagree are refused") {
  using Row = latent::RowMatrix<double>;
  Row c(3, 3);
  const Row a(3, 2);
  const Row b(3, 3);
  CHECK_THAT(
      latent_test::message_of<latent::InvalidArgument>([&] { latent::add_product(a, b, c); }),
      latent_test::contains("3 x 2 times 3 x 3 into 3 x 3"));
}
