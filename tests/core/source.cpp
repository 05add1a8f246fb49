#include "latent/core/source.hpp"

#include "latent/core/blocks.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::samples;
using latent_test::message_of;

namespace {

template <class S>
latent::RowMatrix<double> rows_of(const latent::Samples<S>& source) {
  latent::RowMatrix<double> out(source.rows(), source.cols());
  for (latent::Index first = 0; first < source.rows(); first += 5) {
    const latent::Index count = std::min<latent::Index>(5, source.rows() - first);
    latent::RowMatrix<double> tile(count, source.cols());
    source.read(first, count, tile);
    out.middleRows(first, count) = tile;
  }
  return out;
}

Eigen::MatrixXd numbers(latent::Index n, latent::Index d) {
  Eigen::MatrixXd x(n, d);
  for (latent::Index i = 0; i < n; ++i)
    for (latent::Index j = 0; j < d; ++j) x(i, j) = static_cast<double>(10 * i + j);
  return x;
}

}  // namespace

TEST_CASE("source: every kind of matrix and expression gives its rows") {
  const Eigen::MatrixXd x = numbers(13, 4);
  const latent::RowMatrix<double> row_major = x;
  CHECK(rows_of(samples(x)) == x);
  CHECK(rows_of(samples(row_major)) == x);
  const auto block = x.block(2, 1, 7, 2);
  CHECK(rows_of(samples(block)) == x.block(2, 1, 7, 2));
  CHECK(rows_of(samples(x.block(2, 1, 7, 2))) == x.block(2, 1, 7, 2));
  CHECK(rows_of(samples(row_major.block(2, 1, 7, 2))) == x.block(2, 1, 7, 2));
  CHECK(rows_of(samples(x.transpose())) == x.transpose());
  CHECK(rows_of(samples(x + x)) == 2 * x);
  CHECK(rows_of(samples(x * x.transpose())) == x * x.transpose());
  CHECK(rows_of(samples(x.rowwise().reverse())) == x.rowwise().reverse());
  CHECK(rows_of(samples(x.array().square().matrix())) == x.array().square().matrix());
  CHECK(rows_of(samples(x.array())) == x);
  CHECK(rows_of(samples(x.col(2))) == x.col(2));
  CHECK(rows_of(samples(x.row(2))) == x.row(2));
  CHECK(rows_of(samples(x(Eigen::seq(0, 6, 2), Eigen::all))) == x(Eigen::seq(0, 6, 2), Eigen::all));
  const Eigen::Matrix<double, 4, 2> fixed = x.topLeftCorner<4, 2>();
  CHECK(rows_of(samples(fixed)) == fixed);
  const Eigen::Map<const Eigen::MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> strided(
      x.data(), 6, 2, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(13, 2));
  CHECK(rows_of(samples(strided)) == strided);
  const Eigen::Ref<const Eigen::MatrixXd> ref = x;
  CHECK(rows_of(samples(ref)) == x);
  CHECK(rows_of(samples(Eigen::MatrixXd(x))) == x);
  CHECK(rows_of(samples(latent::RowMatrix<double>(x))) == x);
}

TEST_CASE("source: lvalues, maps and refs are viewed, temporaries are owned") {
  Eigen::MatrixXd x = numbers(6, 3);
  const auto view = samples(x);
  const auto map_view = samples(Eigen::Map<Eigen::MatrixXd>(x.data(), 6, 3));
  const auto ref_view = samples(Eigen::Ref<Eigen::MatrixXd>(x));
  const auto owned = samples(Eigen::MatrixXd(x));
  const auto owned_block = samples(x.topRows(2));
  const auto owned_ref = samples(Eigen::Ref<const Eigen::MatrixXd>(x));
  x(1, 1) = -5;
  CHECK(view(1, 1) == -5);
  CHECK(map_view(1, 1) == -5);
  CHECK(ref_view(1, 1) == -5);
  CHECK(owned(1, 1) == 11);
  CHECK(owned_block(1, 1) == 11);
  CHECK(owned_ref(1, 1) == 11);
  const auto copy = owned;  // a copy owns a copy
  auto moved = samples(Eigen::MatrixXd(x));
  const auto target = std::move(moved);
  CHECK(copy(1, 1) == 11);
  CHECK(target(1, 1) == -5);
}

TEST_CASE("source: a temporary Ref to const that had to copy does not dangle") {
  const latent::RowMatrix<double> row_major = numbers(50, 3);
  // The Ref is column-major, so it holds a converted copy that dies at the end of the line.
  const auto source = samples(Eigen::Ref<const Eigen::MatrixXd>(row_major));
  const Eigen::MatrixXd noise = Eigen::MatrixXd::Constant(50, 3, -1);
  CHECK(rows_of(source) == row_major);
  CHECK(noise(0, 0) == -1);
}

TEST_CASE("source: float stays float, integers and bool become double") {
  const Eigen::MatrixXf f = numbers(4, 2).cast<float>();
  static_assert(std::is_same_v<decltype(samples(f))::Scalar, float>);
  CHECK(rows_of(samples(f)) == numbers(4, 2));
  const Eigen::MatrixXi i = numbers(4, 2).cast<int>();
  static_assert(std::is_same_v<decltype(samples(i))::Scalar, double>);
  CHECK(rows_of(samples(i)) == numbers(4, 2));
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  const Bytes bytes = Bytes::Constant(3, 2, 253);
  CHECK(rows_of(samples(bytes))(2, 1) == 253.0);
  using Bools = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;
  CHECK(rows_of(samples(Bools::Constant(2, 2, true)))(1, 0) == 1.0);
}

TEST_CASE(
    "source: tiles start at aligned addresses, so that bits cannot depend on where the data lie") {
  alignas(64) std::array<double, 64> store{};
  for (latent::Index offset = 0; offset < 8; ++offset) {
    const auto source =
        samples(Eigen::Map<const latent::RowMatrix<double>>(store.data() + offset, 14, 4));
    latent::detail::BlockReader<double, double> reader(source);
    const auto block = reader.read(0, 14);
    CHECK(reinterpret_cast<std::uintptr_t>(block.x.data()) % EIGEN_MAX_ALIGN_BYTES == 0);
    CHECK(block.weights == Eigen::VectorXd::Ones(14));
    CHECK(block.labels == Eigen::VectorXi::Constant(14, -1));
  }
}

TEST_CASE("source: weights and labels are copied and checked") {
  const Eigen::MatrixXd x = numbers(3, 2);
  Eigen::Vector3d w(1, 0, 2.5);
  Eigen::Vector3i y(0, -1, 4);
  const auto source = samples(x).weights(w).labels(y);
  w[0] = 99;
  y[0] = 99;
  CHECK(source.weight(0) == 1.0);
  CHECK(source.weight(2) == 2.5);
  CHECK(source.label(0) == 0);
  CHECK(source.label(1) == -1);
  CHECK(samples(x).weights(Eigen::RowVector3f(1, 2, 3)).weight(2) == 3.0);
  CHECK(samples(x).label(0) == -1);
  CHECK(samples(x).weight(0) == 1.0);

  CHECK_THAT(
      message_of<latent::InvalidArgument>([&] { samples(x).weights(Eigen::Vector2d(1, 1)); }),
      latent_test::contains("one weight a row; got 2 x 1 weights for 3 rows"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { samples(x).labels(Eigen::Vector2i(1, 1)); }),
             latent_test::contains("one label a row"));
  CHECK_THAT(message_of<latent::DataError>([&] { samples(x).weights(Eigen::Vector3d(1, -2, 1)); }),
             latent_test::contains("weights(1) = -2"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(samples(x).weights(Eigen::Vector3d(1, nan, 1)), latent::DataError);
  CHECK_THROWS_AS(
      samples(x).weights(Eigen::Vector3d(1, std::numeric_limits<double>::infinity(), 1)),
      latent::DataError);
  CHECK_THROWS_AS(samples(x).weights(Eigen::Vector3d(0, 0, 0)), latent::DataError);
  CHECK_THROWS_AS(samples(x).weights(Eigen::Vector3d(1e308, 1e308, 1e308)), latent::DataError);
  CHECK_THAT(message_of<latent::DataError>([&] { samples(x).labels(Eigen::Vector3i(0, 1, -2)); }),
             latent_test::contains("labels(2) = -2"));
}

TEST_CASE("source: chaining works on named sources without changing them") {
  const Eigen::MatrixXd x = numbers(3, 2);
  const auto plain = samples(x);
  const auto weighted = plain.weights(Eigen::Vector3d(1, 2, 3));
  CHECK_FALSE(plain.has_weights());
  CHECK(weighted.has_weights());
  CHECK(&weighted.weights() == &weighted.weights());
}

TEST_CASE("source: lanes and tiles cover every row once, whatever n") {
  for (const latent::Index n : {1, 255, 256, 257, 2047, 2048, 2049, 5000}) {
    latent::Index next = 0;
    for (latent::Index lane = 0; lane < latent::detail::lanes_of(n); ++lane)
      latent::detail::for_each_tile(n, lane, [&](latent::Index first, latent::Index count) {
        CHECK(first == next);
        CHECK((count >= 1 && count <= 256));
        next += count;
      });
    CHECK(next == n);
  }
  CHECK(latent::detail::lanes_of(0) == 0);
}

TEST_CASE("source: a slice has the rows, weights and labels of its place, and shares the data") {
  RowMatrix<double> x(7, 2);
  for (Index i = 0; i < 7; ++i) x.row(i) << static_cast<double>(i), -static_cast<double>(i);
  latent::Vector<double> weights(7);
  weights << 1, 2, 3, 4, 5, 6, 7;
  const latent::Labels labels{{-1, 0, 1, 2, 3, 4, 5}};
  const auto data = latent::samples(x).weights(weights).labels(labels);
  const auto part = data.slice(2, 3);
  REQUIRE(part.rows() == 3);
  for (Index i = 0; i < 3; ++i) {
    CHECK(part(i, 1) == x(i + 2, 1));
    CHECK(part.weight(i) == weights[i + 2]);
    CHECK(part.label(i) == labels[i + 2]);
  }
  CHECK(part.contiguous_row(0) == x.data() + 4);
  CHECK(part.slice(1, 2)(1, 0) == 4.0);
  CHECK(data.slice(7, 0).rows() == 0);
  const auto owner = [&] { return latent::samples(RowMatrix<double>(2.0 * x)).slice(1, 2); }();
  CHECK(owner(0, 0) == 2.0);  // the data live as long as any slice of them
  const Eigen::MatrixXd columns = x;
  CHECK(latent::samples(columns).slice(3, 2)(1, 0) == 4.0);
  for (const auto& [first, count] :
       {std::pair<Index, Index>{-1, 2}, {0, 8}, {6, 2}, {0, -1}, {8, 0}})
    CHECK_THROWS_AS(data.slice(first, count), latent::InvalidArgument);
}

TEST_CASE(
    "source: sequences are handed out whole, in lanes that depend on their beginnings alone") {
  std::vector<Index> lengths;
  Index n = 0;
  for (const Index length : {1, 255, 10, 300, 5, 2000, 1, 1, 700, 3})
    lengths.push_back(length), n += length;
  RowMatrix<double> x(n, 1);
  for (Index i = 0; i < n; ++i) x(i, 0) = static_cast<double>(i);
  const auto data = latent::samples(x).sequences(lengths);
  REQUIRE(data.sequence_starts().size() == lengths.size() + 1);
  std::vector<Index> seen;
  Index next = 0;
  for (Index lane = 0; lane < latent::detail::lanes_of(n); ++lane)
    latent::detail::for_each_sequence_block<double>(
        data, lane, [&](const latent::Block<double>& block) {
          CHECK(block.first_row == next);
          CHECK(block.x(0, 0) == static_cast<double>(next));
          CHECK(next / latent::detail::lane_rows == lane);
          Index rows = 0;
          for (const Index length : block.sequences) {
            seen.push_back(length);
            rows += length;
          }
          CHECK(rows == block.x.rows());
          CHECK((block.sequences.size() == 1 || rows <= latent::detail::tile_rows));
          next += rows;
        });
  CHECK(next == n);
  CHECK(seen == lengths);

  const auto part = data.slice(256, 310);
  CHECK(part.sequence_starts() == std::vector<Index>{0, 10, 310});
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { data.slice(256, 11); }),
             latent_test::contains("must not cut a sequence"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { data.slice(255, 11); }),
             latent_test::contains("must not cut a sequence"));
}

TEST_CASE("source: lengths of sequences that do not fit the rows are refused") {
  const RowMatrix<double> x = RowMatrix<double>::Zero(10, 1);
  const auto said = [&](const std::vector<Index>& lengths) {
    return message_of<latent::InvalidArgument>([&] { latent::samples(x).sequences(lengths); });
  };
  CHECK_THAT(said({4, 5}), latent_test::contains("sum to the 10 rows; got 9"));
  CHECK_THAT(said({4, 7}), latent_test::contains("got lengths[1] = 7 after 4 rows"));
  CHECK_THAT(said({4, 0, 6}), latent_test::contains("got lengths[1] = 0"));
  CHECK_THAT(said({4, -1, 7}), latent_test::contains("got lengths[1] = -1"));
  CHECK_THAT(said({}), latent_test::contains("got 0"));
}
