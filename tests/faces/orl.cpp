// The faces of the Olivetti Research Laboratory, 400 images of 32 x 32 pixels, which may not be
// passed on: the test reads them from LATENT_EXTRA_DATA_DIR. References: LAPACK in double.
#include <cstdint>
#include <fstream>
#include <string>

#include "latent/eigenfaces.hpp"
#include "support/catch.hpp"

using latent::Eigenfaces;
using latent::Index;

namespace {

using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// n x 1024, or 0 rows where there is no such file. Images 10 i ... 10 i + 9 show person i.
Bytes faces() {
  const std::string folder = LATENT_EXTRA_DATA_DIR;
  std::ifstream file(folder + "/orl/orl_32x32_u8.bin", std::ios::binary);
  Bytes images(400, 1024);
  if (folder.empty() || !file.read(reinterpret_cast<char*>(images.data()), images.size()))
    images.resize(0, 1024);
  return images;
}

}  // namespace

TEST_CASE("eigenfaces: the ORL faces have the reference's spectrum and errors") {
  const Bytes images = faces();
  if (images.rows() == 0) LATENT_SKIP("needs orl/orl_32x32_u8.bin in LATENT_EXTRA_DATA_DIR");
  Eigen::VectorXi people(400);
  for (Index i = 0; i < 400; ++i) people[i] = static_cast<int>(i / 10);
  const auto [model, report] = Eigenfaces{.shape = {32, 32}}.fit(images, people);
  CHECK(report.converged());
  CHECK(model.components() == 399);
  CHECK(model.mean_face().sum() == Approx(136072.75).epsilon(1e-13));
  const Eigen::VectorXd variance = model.space().explained_variance();
  const double eigenvalues[8] = {276323.19730534847, 164511.93640243865, 90962.37174623013,
                                 58044.692045318254, 41398.92208643137,  36317.64892462012,
                                 28679.467937204212, 23522.06997295934};
  for (Index j = 0; j < 8; ++j) CHECK(variance[j] == Approx(eigenvalues[j]).epsilon(1e-11));
  CHECK(variance.sum() == Approx(1157774.0862781953).epsilon(1e-12));
  CHECK(variance[35] == Approx(3673.1219752671986).epsilon(1e-11));
  const Eigen::VectorXd ratio = model.space().explained_variance_ratio();
  CHECK(ratio.head(20).sum() == Approx(0.7651875583540247).epsilon(1e-11));
  CHECK(ratio.sum() == Approx(1.0).epsilon(1e-12));

  const Eigen::MatrixXd v = model.space().projection();
  CHECK((v.transpose() * v - Eigen::MatrixXd::Identity(399, 399)).cwiseAbs().maxCoeff() <=
        10 * 1024 * 2.2e-16);
  const Eigen::MatrixXd x = images.cast<double>();
  const Eigen::MatrixXd codes = model.encode(images);
  const std::pair<Index, double> errors[] = {
      {0, 1127.8121592407224},  {1, 858.6399040531393},   {5, 512.9068694098606},
      {10, 385.5075507496012},  {20, 264.82432682933353}, {36, 178.51654314793953},
      {50, 138.97677267054948}, {100, 68.19760764533254}, {200, 19.329245878127335}};
  for (const auto& [l, error] : errors) {
    Eigen::MatrixXd kept = codes;
    kept.rightCols(399 - l).setZero();
    CHECK((model.decode(kept) - x).squaredNorm() / (400.0 * 1024.0) ==
          Approx(error).epsilon(1e-10));
  }
  CHECK((model.reconstruct(images) - x).norm() <= 35 * 1024 * 2.2e-16 * x.norm());
}

TEST_CASE("eigenfaces: half of the ORL images recognise the other half as often as the reference") {
  const Bytes images = faces();
  if (images.rows() == 0) LATENT_SKIP("needs orl/orl_32x32_u8.bin in LATENT_EXTRA_DATA_DIR");
  Bytes known(200, 1024);
  Bytes asked(200, 1024);
  Eigen::VectorXi people(200);
  for (Index i = 0; i < 200; ++i) {
    people[i] = static_cast<int>(i / 5);
    known.row(i) = images.row(i / 5 * 10 + i % 5);
    asked.row(i) = images.row(i / 5 * 10 + 5 + i % 5);
  }
  const std::pair<Index, int> expected[] = {{1, 36}, {5, 129}, {20, 165}, {50, 175}, {199, 174}};
  for (const auto& [l, right] : expected) {
    const auto model = Eigenfaces{.shape = {32, 32}, .keep = l}.fit(known, people).model;
    int count = 0;
    for (Index i = 0; i < 200; ++i) count += model.identify(asked.row(i)).label == people[i];
    CHECK(count == right);
  }
}
