#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFInit;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::same_bits;

namespace {

template <class Fit>
void same_on_all(const Fit& fit) {
  const auto serial = fit(latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto other = fit(latent::Threads{threads});
    CHECK(same_bits(other.weights, serial.weights));
    CHECK(same_bits(other.model.components(), serial.model.components()));
    CHECK(same_bits(other.objective, serial.objective));
    CHECK(other.report.iterations == serial.report.iterations);
    for (std::size_t t = 0; t < serial.report.trace.size(); ++t)
      CHECK(same_bits(other.report.trace[t].objective, serial.report.trace[t].objective));
  }
}

}  // namespace

TEST_CASE("nmf: any number of threads gives the same bits") {
  const Index n = GENERATE(250, 5000);
  const latent::RowMatrix<double> x = latent_test::parts_data(n, 33, 4, 3);
  const std::pair<NMFSolver, NMFLoss> ways[] = {
      {NMFSolver::hals, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};
  for (const auto& [solver, loss] : ways) {
    const NMF nmf{.components = 5, .solver = solver, .loss = loss, .max_iterations = 4};
    same_on_all([&](const auto& executor) { return nmf.fit(x, executor); });
  }
  const Eigen::MatrixXf single = x.cast<float>();
  const NMF nmf{.components = 5, .init = NMFInit::random, .max_iterations = 4, .seed = 7};
  same_on_all([&](const auto& executor) { return nmf.fit(single, executor); });
  const Eigen::VectorXd v = Eigen::VectorXd::LinSpaced(n, 0.0, 3.0);
  same_on_all(
      [&](const auto& executor) { return nmf.fit(latent::samples(x).weights(v), executor); });
  const auto model = nmf.fit(x).model;
  const auto w = model.transform(x, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    CHECK(same_bits(model.transform(x, latent::Threads{threads}), w));
    CHECK(same_bits(model.error(x, latent::Threads{threads}), model.error(x, latent::Serial{})));
  }
}

TEST_CASE("nmf: columns that fill several strips give the same bits on any number of threads") {
  const latent::RowMatrix<double> x = latent_test::parts_data(120, 700, 4, 3);
  const NMF nmf{.components = 5, .max_iterations = 3};
  same_on_all([&](const auto& executor) { return nmf.fit(x, executor); });
}

TEST_CASE("nmf: storage order, alignment and stride change no bit") {
  const latent::RowMatrix<double> x = latent_test::parts_data(130, 21, 4, 3);
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    const NMF nmf{.components = 4, .loss = loss, .max_iterations = 5};
    const auto base = nmf.fit(x);
    const auto same = [&](const auto& fit) {
      CHECK(same_bits(fit.weights, base.weights));
      CHECK(same_bits(fit.model.components(), base.model.components()));
    };
    same(nmf.fit(Eigen::MatrixXd(x)));
    same(nmf.fit(2.0 * x - x));
    Eigen::VectorXd buffer(130 * 25 + 8);
    for (Index shift = 0; shift < 8; ++shift) {
      Eigen::Map<latent::RowMatrix<double>, 0, Eigen::OuterStride<>> moved(
          buffer.data() + shift, 130, 21, Eigen::OuterStride<>(25));
      moved = x;
      same(nmf.fit(moved));
    }
  }
}
