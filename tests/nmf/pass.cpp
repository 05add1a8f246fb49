#include "latent/decomposition/nmf/pass.hpp"

#include "latent/core/executor.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;

TEST_CASE("nmf pass: missing entries count as what the new weights give") {
  RowMatrix<double> x = latent_test::parts_data(40, 11, 3, 3);
  x *= 0.9 / x.maxCoeff();  // units of 1
  latent::detail::Observed observed(40, 11);
  const RowMatrix<double> drawn = latent_test::uniform_parts(40, 11, 99);
  for (Index i = 0; i < x.size(); ++i) observed.data()[i] = drawn.data()[i] > 0.33 ? 1 : 0;
  auto team = latent::Serial{}.team();
  auto data = latent::detail::nmf_data(latent::samples(x), observed, team, "test");
  latent::detail::NMFPool<double> pool;
  const latent::detail::NMFProblem problem;
  const RowMatrix<double> h = latent_test::uniform_parts(3, 11, 1);
  RowMatrix<double> w = latent_test::uniform_parts(3, 40, 2);
  latent::detail::NMFPass<double> pass{data, problem, h};
  const auto sums = pass.run(w, true, pool, team);
  RowMatrix<double> filled = w.transpose() * h;
  for (Index i = 0; i < x.size(); ++i)
    if (observed.data()[i] == 1) filled.data()[i] = x.data()[i];
  const RowMatrix<double> cross = w * filled;
  CHECK(latent_test::close_matrix(sums.cross, cross, 64 * latent_test::eps));
}
