// Reads the shipped tables: numbers with one header line.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "latent/core/types.hpp"

namespace latent_test {

inline latent::RowMatrix<double> read_csv(const std::string& path) {
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
