// Tables of numbers in text files: a header line, then one line a row, commas between.
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <vector>

#include "support/file.hpp"

namespace examples {

using CsvValues = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Csv {
  std::vector<std::string> names;  // of the columns
  CsvValues values;                // rows x columns
};

// Throws FileError, naming line and column (both from 1), where a cell is not a finite number, a
// line has more or fewer cells than the header, or there are no rows. Empty lines are skipped.
Csv read_csv(const std::filesystem::path& path);

}  // namespace examples
