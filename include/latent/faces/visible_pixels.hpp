// Codes of faces of which only some pixels are seen: the rest are hidden, damaged or missing.
#pragma once

#include <cmath>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "latent/core/product.hpp"
#include "latent/decomposition/covariance_solver.hpp"
#include "latent/decomposition/pca_model.hpp"
#include "latent/faces/length.hpp"
#include "latent/faces/lighting.hpp"
#include "latent/faces/match.hpp"

LATENT_BEGIN

namespace detail {

// Which pixels are seen, by image: the columns, ascending.
using VisibleColumns = std::vector<std::vector<Index>>;

// mask: n x D, or D pixels in a row or column, or rows x cols, for all n images alike; nonzero =
// visible. One list an image, or one for all. Throws InvalidArgument (shape) and DataError (an
// image without a visible pixel).
template <class Mask>
VisibleColumns visible_columns(const Mask& mask, Index images, const ImageShape& shape) {
  static_assert(std::is_integral_v<typename Mask::Scalar>,
                "a mask holds bool or integers: nonzero = visible");
  const Index D = shape.rows * shape.cols;
  const bool each = mask.rows() == images && mask.cols() == D;
  const bool picture = mask.rows() == shape.rows && mask.cols() == shape.cols;
  const bool vector = mask.size() == D && (mask.rows() == 1 || mask.cols() == 1);
  require(each || picture || vector, "Eigenfaces: a mask must be ", images, " x ", D,
          ", one row an image, or ", shape.rows, " x ", shape.cols, " for all; got ", mask.rows(),
          " x ", mask.cols());
  const RowMatrix<typename Mask::Scalar> given = mask.matrix();  // evaluated once, row by row
  VisibleColumns columns(each ? static_cast<std::size_t>(images) : 1);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto* pixel = given.data() + static_cast<Index>(i) * D;
    for (Index j = 0; j < D; ++j)
      if (pixel[j] != 0) columns[i].push_back(j);
    require<DataError>(!columns[i].empty(), "Eigenfaces: a mask must leave a visible pixel; row ",
                       i, " of it leaves none");
  }
  return columns;
}

// The code z that minimises sum_visible (x - mean - W z)^2 (R. Everson and L. Sirovich, "Karhunen-
// Loeve procedure for gappy data", J. Optical Society of America A 12, 1995): the solution of
// (W_v' W_v) z = W_v' (x_v - mean_v). With every pixel visible it is the projection. Directions of
// face space that the visible pixels do not determine (eigenvalues of W_v' W_v below D eps of S)
// stay at the mean face. O(v L^2 + L^3) once a mask, O(v L) an image. T is always double: a
// template, so that only who masks compiles the solver.
template <class T>
class VisibleCoder {
 public:
  template <class S>
  VisibleCoder(const PCAModel<S>& space, const std::vector<Index>& visible)
      : visible_{visible},
        axes_(static_cast<Index>(visible.size()), space.components()),
        mean_(static_cast<Index>(visible.size())) {
    for (Index i = 0; i < axes_.rows(); ++i) {
      const Index column = visible[static_cast<std::size_t>(i)];
      axes_.row(i) = space.projection().row(column).template cast<T>();
      mean_[i] = space.parts().mean[column];
    }
    const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> normal =
        product(axes_.transpose(), axes_);
    const SymmetricEigen<T> eigen(normal);
    const double floor = static_cast<double>(space.columns()) *
                         static_cast<double>(std::numeric_limits<S>::epsilon());
    const auto& vectors = eigen.vectors;
    RowMatrix<T> scaled = vectors;
    for (Index j = 0; j < scaled.cols(); ++j)
      scaled.col(j) *= eigen.values[j] > floor ? 1.0 / eigen.values[j] : 0.0;
    solution_ = product(scaled, vectors.transpose());
    per_pixel_ =
        std::sqrt(static_cast<double>(space.columns()) / static_cast<double>(mean_.size()));
  }

  struct Code {
    RowMatrix<T> code;      // 1 x L
    double distance = 0.0;  // of the visible pixels to their reconstruction, times sqrt(D / v)
  };

  // pixel(j): of column j, asked of visible columns alone.
  template <class Pixel>
  Code encode(const Pixel& pixel) const {
    RowMatrix<T> rest(1, mean_.size());
    for (Index i = 0; i < rest.cols(); ++i)
      rest(0, i) = pixel(visible_[static_cast<std::size_t>(i)]) - mean_[i];
    Code result;
    const RowMatrix<T> along = product(rest, axes_);
    result.code = product(along, solution_);
    const RowMatrix<T> codes_transposed = result.code.transpose();
    const RowMatrix<T> seen = product(axes_, codes_transposed);
    result.distance = per_pixel_ * distance_between(rest.data(), seen.data(), rest.cols());
    return result;
  }

  const std::vector<Index>& visible() const { return visible_; }

 private:
  std::vector<Index> visible_;
  RowMatrix<T> axes_;      // v x L, the visible rows of the projection
  Vector<double> mean_;    // v
  RowMatrix<T> solution_;  // L x L, the pseudo-inverse of axes' axes
  double per_pixel_ = 1.0;
};

template <class S>
struct VisibleCodes {
  RowMatrix<S> codes;             // n x L
  Vector<double> distance;        // n, from face space
  std::vector<ImageLight> light;  // n, from the visible pixels
};

// What is hidden is never looked at. Throws DataError naming the first visible pixel that is not
// finite.
template <class S, class Team>
VisibleCodes<S> encode_visible(const PCAModel<S>& space, const Samples<S>& data,
                               const VisibleColumns& columns, Lighting lighting, Team& team,
                               std::string_view who) {
  constexpr Index strip = 16;  // images of one job: none depends on another
  VisibleCodes<S> result{RowMatrix<S>(data.rows(), space.components()), Vector<double>(data.rows()),
                         std::vector<ImageLight>(static_cast<std::size_t>(data.rows()))};
  std::vector<VisibleCoder<double>> common;
  if (columns.size() == 1) common.emplace_back(space, columns.front());
  team.for_each_lane((data.rows() + strip - 1) / strip, [&](Index job) {
    RowMatrix<double> image(1, data.cols());
    std::vector<VisibleCoder<double>> own;
    for (Index row = job * strip; row < std::min(data.rows(), (job + 1) * strip); ++row) {
      data.read(row, 1, image);
      if (common.empty()) {
        own.clear();
        own.emplace_back(space, columns[static_cast<std::size_t>(row)]);
      }
      const VisibleCoder<double>& coder = common.empty() ? own.front() : common.front();
      const std::vector<Index>& visible = coder.visible();
      for (const Index column : visible)
        require<DataError>(is_finite(image(0, column)), who,
                           ": visible pixels must be finite; got another at row ", row, ", column ",
                           column);
      ImageLight light;
      if (lighting == Lighting::standardized)
        light = light_of(static_cast<Index>(visible.size()),
                         [&](Index i) { return image(0, visible[static_cast<std::size_t>(i)]); });
      const auto code = coder.encode([&](Index column) { return relit(image(0, column), light); });
      result.codes.row(row) = code.code.template cast<S>();
      result.distance[row] = code.distance;
      result.light[static_cast<std::size_t>(row)] = light;
    }
  });
  return result;
}

}  // namespace detail

LATENT_END
