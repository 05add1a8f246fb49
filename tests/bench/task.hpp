// What the drivers beside peers share: a task's files, the harness's variables, medians.
//
// $BENCHDATA/TASK.meta has lines "n 400", "d 1024", "k 36"; TASK.X.f64 holds n x d doubles.
#pragma once

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "figures.hpp"
#include "raw_file.hpp"

namespace bench {

inline std::string text_from(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : otherwise;
}

inline double number_from(const char* variable, double otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? std::atof(value) : otherwise;
}

struct Task {
  std::string name;
  std::string stem;  // of its files
  latent::Index n = 0;
  latent::Index d = 0;
  latent::Index k = 0;
  latent::RowMatrix<double> x;  // n x d
};

// Throws std::runtime_error where a file is missing or says something else.
inline Task read_task(const std::string& name) {
  Task task;
  task.name = name;
  task.stem = text_from("BENCHDATA", "/tmp/benchdata") + "/" + name;
  std::ifstream meta(task.stem + ".meta");
  std::string key;
  std::string value;
  while (meta >> key >> value) {
    if (key == "n") task.n = std::stol(value);
    if (key == "d") task.d = std::stol(value);
    if (key == "k") task.k = std::stol(value);
  }
  if (task.n < 1 || task.d < 1 || task.k < 1)
    throw std::runtime_error(task.stem + ".meta does not say n, d and k");
  task.x = read_raw(task.stem + ".X.f64", task.n, task.d);
  return task;
}

}  // namespace bench
