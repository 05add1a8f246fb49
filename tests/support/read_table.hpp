// Reads the tables that ship with the project.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "latent/core/types.hpp"

namespace latent_test {

// data/<name>.csv: numbers below one line of names. Where there is a class, it is the last column.
inline latent::RowMatrix<double> read_table(const std::string& name) {
  const std::string path = LATENT_TEST_DATA_DIR "/" + name + ".csv";
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  std::string line;
  std::getline(in, line);
  std::vector<double> numbers;
  latent::Index rows = 0;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    std::istringstream cells(line);
    std::string cell;
    while (std::getline(cells, cell, ',')) numbers.push_back(std::stod(cell));
    ++rows;
  }
  return Eigen::Map<latent::RowMatrix<double>>(numbers.data(), rows,
                                               static_cast<latent::Index>(numbers.size()) / rows);
}

}  // namespace latent_test
