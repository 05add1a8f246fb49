#include "latent/metrics/confusion.hpp"

#include <vector>

#include "support/catch.hpp"

using latent::confusion;
using latent::Confusion;

TEST_CASE("confusion: rows are the truth, columns the answers, and the last are nobody") {
  Eigen::VectorXi truth(8);
  Eigen::RowVectorXi answers(8);
  truth << 7, 7, 7, 3, 3, -1, -1, 900;
  answers << 7, 3, -1, 3, 3, 7, -1, 7;
  const Confusion table = confusion(answers, truth);
  CHECK(table.classes == std::vector<int>{3, 7, 900});
  Eigen::Matrix<Eigen::Index, 4, 4> expected;
  expected << 2, 0, 0, 0,  //
      1, 1, 0, 1,          //
      0, 1, 0, 0,          //
      0, 1, 0, 1;
  CHECK(table.counts == expected);
  CHECK(table.rows() == 8);
  CHECK(table.right() == 4);
  CHECK(table.accuracy() == 0.5);
  CHECK(table.count(7, 3) == 1);
  CHECK(table.count(3, 7) == 0);
  CHECK(table.count(-1, 7) == 1);
  CHECK(table.count(7, -1) == 1);
  CHECK(table.count(8, 7) == 0);
  CHECK(table.recall(7) == 1.0 / 3.0);
  CHECK(table.recall(3) == 1.0);
  CHECK(table.precision(3) == 2.0 / 3.0);
  CHECK(table.precision(7) == 1.0 / 3.0);
  CHECK(table.precision(900) == 0.0);
  CHECK(table.recall(8) == 0.0);
}

TEST_CASE("confusion: nobody on either side is a table of one") {
  const Eigen::VectorXi none = Eigen::VectorXi::Constant(3, -1);
  const Confusion table = confusion(none, none);
  CHECK(table.classes.empty());
  CHECK(table.count(-1, -1) == 3);
  CHECK(table.accuracy() == 1.0);
}

TEST_CASE("confusion: bad labels are typed errors") {
  const Eigen::Vector3i three(0, 1, 2);
  CHECK_THROWS_AS(confusion(three, Eigen::Vector2i(0, 1)), latent::InvalidArgument);
  CHECK_THROWS_AS(confusion(Eigen::VectorXi(), Eigen::VectorXi()), latent::InvalidArgument);
  CHECK_THROWS_AS(confusion(three, Eigen::Vector3i(0, -2, 1)), latent::DataError);
}
