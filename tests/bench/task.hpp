// What the drivers beside peers share: a task's files, the harness's variables, medians.
//
// $BENCHDATA/TASK.meta has lines "n 400", "d 1024", "k 36"; TASK.X.f64 holds n x d doubles.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

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

struct Timing {
  int iterations = 0;
  int repetitions = 0;
  double fit = 0.0;        // seconds, median
  double iteration = 0.0;  // seconds
};

// The median fit of `most` iterations, or as many as BUDGET pays for, less that of one, by the
// iteration: checks, set-up and the closing pass cancel. fit(iterations) answers seconds. BUDGET, REPS
// and FIXED: see the drivers.
inline Timing measure(const std::function<double(int)>& fit, int most) {
  const double budget = number_from("BUDGET", 6.0);
  const int repetitions = std::max(1, static_cast<int>(number_from("REPS", 3.0)));
  const int fixed = static_cast<int>(number_from("FIXED", 0.0));
  if (fixed > 0 && most > 1) {
    const double seconds = fit(fixed);
    return {fixed, 1, seconds, seconds / fixed};
  }
  double shortest = fit(1);
  if (most <= 1 && shortest < budget) {
    std::vector<double> whole;
    for (int r = 0; r < repetitions; ++r) whole.push_back(fit(1));
    return {1, repetitions, median(whole), median(whole)};
  }
  if (most <= 1 || shortest > budget) return {1, 1, shortest, shortest};
  shortest = std::min(shortest, fit(1));
  const double affordable = budget / repetitions / shortest;
  const int iterations =
      static_cast<int>(std::clamp(affordable, 2.0, static_cast<double>(std::max(2, most))));
  std::vector<double> ones;
  std::vector<double> whole;
  for (int r = 0; r < repetitions; ++r) {
    if (shortest * repetitions < budget / 2) ones.push_back(fit(1));
    whole.push_back(fit(iterations));
  }
  const double one = ones.empty() ? shortest : median(ones);
  const double all = median(whole);
  const double each = (all - one) / (iterations - 1);
  // Noise can eat the difference; then the whole fit counts.
  return {iterations, repetitions, all, each > 0.2 * all / iterations ? each : all / iterations};
}

// One line of what a harness reads. scalar: "float64" or "float32".
inline void print_line(const std::string& peer, const Task& task, const char* scalar, int threads,
                       const Timing& timing, double quality, const std::string& note = "") {
  std::printf(
      "{\"peer\":\"%s\",\"task\":\"%s\",\"dtype\":\"%s\",\"threads\":%d,\"n\":%ld,\"d\":%ld,"
      "\"k\":%ld,\"iters\":%d,\"reps\":%d,\"seconds_total\":%.6g,\"seconds_per_iter\":%.6g,"
      "\"quality\":%.12g,\"blas\":\"%s\",\"note\":\"%s\"}\n",
      peer.c_str(), task.name.c_str(), scalar, threads, static_cast<long>(task.n),
      static_cast<long>(task.d), static_cast<long>(task.k), timing.iterations, timing.repetitions,
      timing.fit, timing.iteration, quality, text_from("OPENBLAS_CORETYPE", "default").c_str(),
      note.c_str());
  std::fflush(stdout);
}

// `EXE TASK THREADS` for tasks whose names begin with `prefix`: run(name, threads). What a harness asks
// of every peer, and this one does not do, is no failure.
inline int run_peer(int argc, char* argv[], const std::string& prefix,
                    const std::function<void(const std::string&, int)>& run) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s TASK THREADS\n", argv[0]);
    return 2;
  }
  const std::string name = argv[1];
  if (name.rfind(prefix, 0) != 0) return 0;
  try {
    run(name, std::atoi(argv[2]));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
  return 0;
}

}  // namespace bench
