// Raw arrays of little-endian doubles, row-major, as numpy's `tofile` writes them.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>

#include "latent/core/types.hpp"

namespace bench {

// rows x cols. Throws std::runtime_error where the file is missing or has another size.
inline latent::RowMatrix<double> read_raw(const std::string& path, latent::Index rows,
                                          latent::Index cols) {
  latent::RowMatrix<double> x(rows, cols);
  const auto bytes = static_cast<std::streamsize>(x.size()) * std::streamsize{sizeof(double)};
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || static_cast<std::streamsize>(file.tellg()) != bytes)
    throw std::runtime_error(path + " does not hold " + std::to_string(rows) + " x " +
                             std::to_string(cols) + " doubles");
  file.seekg(0);
  file.read(reinterpret_cast<char*>(x.data()), bytes);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return x;
}

}  // namespace bench
