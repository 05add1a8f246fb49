// Sparse matrices as sources, and factors of columns and rows.
#include <Eigen/SparseCore>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::RowMatrix;
using latent::samples;
using latent::Samples;
using latent_test::message_of;

namespace {

template <class S = double>
using Sparse = Eigen::SparseMatrix<S, Eigen::RowMajor>;

// Two numbers in three are zero; row 3 has none but zeros.
RowMatrix<double> numbers(Index rows, Index cols) {
  latent::Random random{5};
  RowMatrix<double> x = RowMatrix<double>::Zero(rows, cols);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      if (i != 3 && random.below(3) == 0) x(i, j) = static_cast<double>(random.below(9)) - 3.5;
  return x;
}

// Through read, in tiles of five rows, and through operator().
template <class S>
RowMatrix<double> rows_of(const Samples<S>& source) {
  RowMatrix<double> out(source.rows(), source.cols());
  for (Index first = 0; first < source.rows(); first += 5) {
    const Index count = std::min<Index>(5, source.rows() - first);
    RowMatrix<double> tile = RowMatrix<double>::Constant(5, source.cols(), -99);
    source.read(first, count, tile);
    out.middleRows(first, count) = tile.topRows(count);
  }
  for (Index i = 0; i < source.rows(); ++i)
    for (Index j = 0; j < source.cols(); ++j) CHECK(static_cast<double>(source(i, j)) == out(i, j));
  return out;
}

// Through sparse_row.
template <class S>
RowMatrix<double> entries_of(const Samples<S>& source) {
  RowMatrix<double> out = RowMatrix<double>::Zero(source.rows(), source.cols());
  std::vector<S> buffer;
  Index stored = 0;
  for (Index i = 0; i < source.rows(); ++i) {
    const latent::SparseRow<S> row = source.sparse_row(i, buffer);
    for (Index p = 0; p < row.count; ++p)
      out(i, row.indices[p]) = static_cast<double>(row.values[p]);
    stored += row.count;
  }
  CHECK(source.stored_entries() == stored);
  return out;
}

}  // namespace

TEST_CASE("sparse source: every kind of sparse matrix and expression gives its rows") {
  const RowMatrix<double> x = numbers(13, 7);
  const auto check = [](const auto& source, const auto& expected) {
    CHECK(source.sparse());
    CHECK(source.contiguous_row(0) == nullptr);
    CHECK(rows_of(source) == expected);
    CHECK(entries_of(source) == expected);
  };
  const Sparse<> row_major = x.sparseView();
  const Eigen::SparseMatrix<double> column_major = x.sparseView();
  check(samples(row_major), x);
  check(samples(column_major), x);
  check(samples(Sparse<>(row_major)), x);
  check(samples(Eigen::SparseMatrix<double>(column_major)), x);
  check(samples(2.0 * row_major), 2.0 * x);
  check(samples(row_major.transpose()), x.transpose());
  check(samples(column_major.transpose()), x.transpose());
  check(samples(row_major.middleRows(2, 6)), x.middleRows(2, 6));
  check(samples(column_major.middleCols(2, 3)), x.middleCols(2, 3));
  check(samples(Eigen::SparseVector<double, Eigen::RowMajor>(row_major.row(4))), x.row(4));
  const Eigen::Map<const Sparse<>> map(13, 7, row_major.nonZeros(), row_major.outerIndexPtr(),
                                       row_major.innerIndexPtr(), row_major.valuePtr());
  check(samples(map), x);
  check(samples(Eigen::Ref<const Sparse<>>(row_major)), x);
  const Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t> wide = x.sparseView();
  check(samples(wide), x);
  const Eigen::SparseMatrix<double, Eigen::ColMajor, short> narrow = x.sparseView();
  check(samples(narrow), x);

  Sparse<> loose = row_major;
  loose.uncompress();
  loose.coeffRef(3, 5) = 8;
  REQUIRE_FALSE(loose.isCompressed());
  RowMatrix<double> changed = x;
  changed(3, 5) = 8;
  check(samples(loose), changed);
  Eigen::SparseMatrix<double> loose_columns = column_major;
  loose_columns.uncompress();
  loose_columns.coeffRef(3, 5) = 8;
  check(samples(loose_columns), changed);
  CHECK_FALSE(samples(x).sparse());
}

TEST_CASE("sparse source: float stays float, integers become double") {
  const RowMatrix<double> x = 2.0 * numbers(9, 4);
  const Sparse<float> f = x.cast<float>().sparseView();
  static_assert(std::is_same_v<decltype(samples(f))::Scalar, float>);
  CHECK(rows_of(samples(f)) == x);
  const Sparse<int> i = RowMatrix<int>(x.cast<int>()).sparseView();
  static_assert(std::is_same_v<decltype(samples(i))::Scalar, double>);
  CHECK(rows_of(samples(i)) == x);
  const Eigen::SparseMatrix<std::uint8_t> bytes =
      Eigen::Matrix<std::uint8_t, 2, 2>::Constant(200).sparseView();
  CHECK(rows_of(samples(bytes))(1, 1) == 200.0);
}

TEST_CASE("sparse source: what outlives the source is viewed, what does not is owned") {
  RowMatrix<double> dense = numbers(6, 5);
  dense(0, 2) = 9;
  Sparse<> x = dense.sparseView();
  const auto view = samples(x);
  const auto map_view = samples(
      Eigen::Map<Sparse<>>(6, 5, x.nonZeros(), x.outerIndexPtr(), x.innerIndexPtr(), x.valuePtr()));
  const auto owned = samples(Sparse<>(x));
  const auto owned_rows = samples(x.middleRows(1, 4));
  const double before = x.valuePtr()[0];
  const Index column = x.innerIndexPtr()[0];
  x.valuePtr()[0] = -77;
  CHECK(view(0, column) == -77);
  CHECK(map_view(0, column) == -77);
  CHECK(owned(0, column) == before);
  const auto copy = owned;
  auto moved = samples(Sparse<>(x));
  const auto target = std::move(moved);
  CHECK(copy(0, column) == before);
  CHECK(target(0, column) == -77);
  x.valuePtr()[x.outerIndexPtr()[1]] = -78;
  CHECK_FALSE(rows_of(owned_rows).cwiseEqual(-78.0).any());
}

TEST_CASE("sparse source: weights, labels, sequences and slices go with the rows") {
  const RowMatrix<double> x = numbers(8, 3);
  const Sparse<> sparse = x.sparseView();
  const Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(8, 0.0, 7.0);
  const Eigen::VectorXi y = Eigen::VectorXi::LinSpaced(8, -1, 6);
  const auto source = samples(sparse).weights(w).labels(y).sequences({3, 5});
  const auto part = source.slice(3, 5);
  CHECK(rows_of(part) == x.bottomRows(5));
  CHECK(entries_of(part) == x.bottomRows(5));
  CHECK(rows_of(part.slice(0, 5)) == x.bottomRows(5));
  CHECK(part.weights() == w.tail(5));
  CHECK(part.labels() == y.tail(5));
  CHECK(part.sequence_starts() == std::vector<Index>{0, 5});
  CHECK(rows_of(samples(sparse).slice(2, 4).slice(1, 2)) == x.middleRows(3, 2));
  latent::detail::for_each_block<float>(source, 0, [&](const latent::Block<float>& block) {
    CHECK(block.x.cast<double>() == x);
    CHECK(block.weights == w);
    CHECK(block.labels == y);
  });
}

TEST_CASE("sparse source: matrices without rows, columns or entries have none") {
  CHECK(samples(Sparse<>()).rows() == 0);
  CHECK(samples(Sparse<>(0, 4)).cols() == 4);
  CHECK(samples(Sparse<>(4, 0)).rows() == 4);
  CHECK(samples(Eigen::SparseMatrix<double>(0, 4)).cols() == 4);
  CHECK(samples(Eigen::SparseMatrix<double>(4, 0)).rows() == 4);
  CHECK(rows_of(samples(Sparse<>(3, 2))) == RowMatrix<double>::Zero(3, 2));
  CHECK(message_of<InvalidArgument>([] {
          latent::detail::check_shape(samples(Sparse<>(0, 4)), "fit");
        }) == "fit: data must have at least one row; got 0 x 4");
}

TEST_CASE("sparse source: stored zeros are zeros, and the sign of nothing changes") {
  Sparse<> x(2, 4);
  x.insert(0, 1) = 0.0;
  x.insert(0, 3) = 2.0;
  x.insert(1, 0) = 0.0;
  CHECK(samples(x).stored_entries() == 3);
  CHECK(rows_of(samples(x)) == RowMatrix<double>(x));
  CHECK_NOTHROW(latent::detail::check_finite(samples(x), 0, 2, "fit"));
}

TEST_CASE("sparse source: a stored NaN or infinity is named by its place") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool scaled : {false, true}) {
    Sparse<> x = numbers(20, 6).sparseView();
    x.coeffRef(12, 4) = nan;
    x.coeffRef(15, 0) = -std::numeric_limits<double>::infinity();
    const auto source =
        scaled ? samples(x).scale_columns(latent::Vector<double>::Constant(6, 2.0)) : samples(x);
    CHECK_NOTHROW(latent::detail::check_finite(source, 0, 12, "fit"));
    const auto said = [&](Index first) {
      return message_of<DataError>(
          [&] { latent::detail::check_finite(source, first, 20 - first, "fit"); });
    };
    CHECK(said(0) == "fit: data must be finite; got NaN at row 12, column 4");
    CHECK(said(13) == "fit: data must be finite; got -inf at row 15, column 0");
  }
}

TEST_CASE("sparse source: arrays put together wrongly are refused") {
  const std::array<int, 3> starts{0, 2, 4};
  const std::array<double, 4> values{1, 2, 3, 4};
  const auto said = [&](const std::array<int, 4>& columns) {
    const Eigen::Map<const Sparse<>> x(2, 5, 4, starts.data(), columns.data(), values.data());
    return message_of<DataError>([&] { samples(x); });
  };
  CHECK(
      said({0, 3, 4, 2}) ==
      "samples: the columns of a sparse row must increase and not repeat; got 2 after 4 in row 1");
  CHECK(
      said({0, 3, 2, 2}) ==
      "samples: the columns of a sparse row must increase and not repeat; got 2 after 2 in row 1");
  CHECK(said({0, 5, 1, 2}) == "samples: a sparse row must have columns in 0 ... 4; got 5 in row 0");
  CHECK(said({-1, 3, 1, 2}) ==
        "samples: a sparse row must have columns in 0 ... 4; got -1 in row 0");
  const auto said_of_columns = [&](const std::array<int, 4>& rows) {
    const Eigen::Map<const Eigen::SparseMatrix<double>> x(5, 2, 4, starts.data(), rows.data(),
                                                          values.data());
    return message_of<DataError>([&] { samples(x); });
  };
  CHECK(said_of_columns({0, 3, 2, 2}) ==
        "samples: a sparse column must not repeat a row; got row 2 twice in column 1");
  CHECK(said_of_columns({0, 3, 2, 5}) ==
        "samples: a sparse column must have rows in 0 ... 4; got 5 in column 1");
  // In a column of a column-major matrix the order does not matter.
  const std::array<int, 4> unordered{0, 3, 4, 2};
  const Eigen::Map<const Eigen::SparseMatrix<double>> x(5, 2, 4, starts.data(), unordered.data(),
                                                        values.data());
  CHECK(samples(x)(2, 1) == 4);
  CHECK(samples(x)(4, 1) == 3);
  CHECK(message_of<InvalidArgument>([] {
          const Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t> wide(1, Index{1} << 31);
          samples(wide);
        }) == "samples: the columns of sparse data must fit an int; got 2147483648");
}

TEMPLATE_TEST_CASE("source: factors multiply columns and rows wherever numbers are read", "",
                   double, float) {
  using S = TestType;
  const RowMatrix<S> x = numbers(11, 6).cast<S>();
  const Sparse<S> sparse = x.sparseView();
  latent::Random random{9};
  latent::Vector<double> a(6);
  latent::Vector<double> r(11);
  for (double& factor : a) factor = random.normal();
  for (double& factor : r) factor = random.normal();
  a[2] = 0.0;
  RowMatrix<double> expected(11, 6);
  for (Index i = 0; i < 11; ++i)
    for (Index j = 0; j < 6; ++j)
      expected(i, j) =
          static_cast<double>(static_cast<S>(static_cast<double>(x(i, j)) * a[j] * r[i]));
  const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> columns = x;
  for (const auto& source : {samples(x), samples(columns), samples(sparse)}) {
    const auto scaled = source.scale_columns(a).scale_rows(r);
    CHECK(scaled.scaled());
    CHECK(scaled.contiguous_row(0) == nullptr);
    CHECK(rows_of(scaled) == expected);
    CHECK(rows_of(scaled.slice(4, 5)) == expected.middleRows(4, 5));
    if (source.sparse()) CHECK(entries_of(scaled.slice(4, 5)) == expected.middleRows(4, 5));
    CHECK_FALSE(source.scaled());
    CHECK(rows_of(source) == x.template cast<double>());
    std::vector<S> buffer;
    for (Index i = 0; i < 11; ++i) {
      double sum = 0.0;
      for (const S value : scaled.row_values(i, buffer)) sum += static_cast<double>(value);
      CHECK(sum == Approx(expected.row(i).sum()).margin(1e-5));
    }
    // Powers of two are exact, so factors may come one by one.
    const latent::Vector<double> two = latent::Vector<double>::Constant(11, 2.0);
    CHECK(rows_of(source.scale_rows(two).scale_rows(two)) == 4.0 * x.template cast<double>());
    CHECK(rows_of(source.scale_rows(two).scale_columns(two.head(6))) ==
          4.0 * x.template cast<double>());
  }
}

TEST_CASE("source: factors of the wrong number or not finite are refused") {
  const RowMatrix<double> x = numbers(4, 3);
  latent::Vector<double> factors = latent::Vector<double>::Ones(3);
  CHECK(message_of<InvalidArgument>([&] { samples(x).scale_rows(factors); }) ==
        "samples: there must be one factor a row; got 3 factors for 4 rows");
  factors[1] = std::numeric_limits<double>::infinity();
  CHECK(message_of<DataError>([&] { samples(x).scale_columns(factors); }) ==
        "samples: factors must be finite; got that of column 1 = inf");
  factors[1] = 1e200;
  CHECK(message_of<DataError>([&] { samples(x).scale_columns(factors).scale_columns(factors); }) ==
        "samples: products of factors must be finite; got that of column 1 = inf");
  // Products of numbers and factors are checked like numbers.
  RowMatrix<float> f = RowMatrix<float>::Ones(2, 3);
  f(1, 1) = 1e30f;
  CHECK(message_of<DataError>([&] {
          latent::detail::check_finite(samples(f).scale_columns(factors), 0, 2, "fit");
        }) == "fit: data must be finite; got inf at row 0, column 1");
}
