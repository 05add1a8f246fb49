// What a fit says about itself.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "latent/core/types.hpp"

LATENT_BEGIN

enum class Status {
  converged,          // the rule of convergence held
  max_iterations,     // the limit came first
  degenerate,         // a usable result of degenerate data; the notes say what was met
  not_monotone,       // the objective got worse by more than rounding; the better model is returned
  numerical_failure,  // statistics or objective stopped being finite, or a component collapsed under
                      // Singularity::fail; the last model before is returned
  stopped,            // an observer said so
};

inline const char* to_string(Status status) {
  switch (status) {
    case Status::converged:
      return "converged";
    case Status::max_iterations:
      return "max_iterations";
    case Status::degenerate:
      return "degenerate";
    case Status::not_monotone:
      return "not_monotone";
    case Status::numerical_failure:
      return "numerical_failure";
    case Status::stopped:
      return "stopped";
  }
  return "unknown";
}

// One line of the trace.
struct Iteration {
  Index index = 0;
  double objective = 0.0;  // what is monotone: inertia falls, log-likelihood (plus log prior) rises
  double log_likelihood = 0.0;  // weighted total; 0 where the model has none
  double change = 0.0;          // what the rule of convergence looked at; 0 at the start
  double seconds = 0.0;         // since the fit began
};

// Something worth knowing that is no error: a floor that engaged, an empty cluster that was moved.
struct Note {
  Index iteration = 0;
  Index component = -1;  // the cluster or component concerned; -1 = none
  double value = 0.0;    // weight, distance, ... as the message says
  std::string message;
};

// Of a fit with restarts: that of the best run, with the seconds of all of them.
struct Report {
  Status status = Status::max_iterations;
  Index iterations = 0;
  double seconds = 0.0;
  std::vector<Iteration> trace;  // trace[0] is the start
  std::vector<Note> notes;
  Index evaluations = 0;  // passes over the data that evaluated the model: E-steps, assignments
  // The final objective of each run of a fit with restarts, in order; where there were short runs, of
  // those that were continued, the most promising first.
  std::vector<double> restarts;
  std::vector<double> short_runs;  // the objective that each short run had reached, in order

  bool converged() const { return status == Status::converged; }
};

namespace detail {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace detail

LATENT_END
