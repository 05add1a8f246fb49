// The rows of a trace, and the columns that a table of them may have.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/table.hpp"
#include "latent/core/types.hpp"
#include "latent/em/parameter_names.hpp"

LATENT_BEGIN

// What became known of one iteration: the E-step of the model before, and the model that the M-step
// made from it. The start of a run is a row that has no E-step before it. Empty = unknown.
struct TraceRow {
  Index restart = 0;
  Index index = 0;  // of the start 0, or that of the iteration after which a fit was resumed
  bool start = false;
  std::optional<double> log_likelihood;  // weighted total, of the model after
  std::optional<double> objective;       // of the model after
  std::optional<double> change;          // what the rule of convergence looked at
  std::optional<double> seconds;         // since the fit began
  Vector<double> parameters;             // of the model after: model.parameters()
  Vector<double> counts;                 // K: n(k) = sum_i w_i r(i, k), from which the M-step went
  Vector<double> statistics;             // the other statistics, packed
  RowMatrix<double> responsibilities;    // n x K: p(k | x_i) under the model before
};

// Columns that belong together, and the names they have in the table.
enum class TraceGroup {
  restart,           // restart
  iteration,         // iteration
  log_likelihood,    // log-likelihood
  objective,         // objective
  change,            // change
  seconds,           // seconds
  parameters,        // as parameter_names() says, else p1, p2, ...
  counts,            // n(0), n(1), ...
  statistics,        // s1, s2, ... in the order of pack
  responsibilities,  // r(0,0), r(0,1), ...: n K columns, row of data by row of data
};

struct TraceColumns {
  TraceGroup group;
  int decimals = -1;  // see Column
};

struct TraceOptions {
  // In the order they shall have; empty = restart (where there are several), iteration,
  // log_likelihood, objective, parameters and counts.
  std::vector<TraceColumns> columns = {};
  bool start = true;   // with the rows of the starts
  Index restart = -1;  // this run only; -1 = all
};

namespace detail {

// The most numbers of a kind that any row has: fits of several sizes may be in one table.
struct TraceWidths {
  Index counts = 0, statistics = 0, rows = 0, components = 0;

  explicit TraceWidths(const std::vector<TraceRow>& trace) {
    for (const TraceRow& row : trace) {
      counts = std::max(counts, row.counts.size());
      statistics = std::max(statistics, row.statistics.size());
      rows = std::max(rows, row.responsibilities.rows());
      components = std::max(components, row.responsibilities.cols());
    }
  }
};

inline std::vector<std::string> trace_names(TraceGroup group, const TraceWidths& most,
                                            const std::vector<std::string>& parameters) {
  switch (group) {
    case TraceGroup::restart:
      return {"restart"};
    case TraceGroup::iteration:
      return {"iteration"};
    case TraceGroup::log_likelihood:
      return {"log-likelihood"};
    case TraceGroup::objective:
      return {"objective"};
    case TraceGroup::change:
      return {"change"};
    case TraceGroup::seconds:
      return {"seconds"};
    case TraceGroup::parameters:
      return parameters;
    case TraceGroup::counts:
      return numbered("n", most.counts);
    case TraceGroup::statistics:
      return counted("s", most.statistics);
    case TraceGroup::responsibilities:
      return numbered("r", most.rows, most.components);
  }
  return {};
}

inline Cell trace_cell(const std::optional<double>& value) {
  return value ? Cell{*value} : Cell{};
}

// `count` cells: the numbers, then empty ones.
inline std::vector<Cell> trace_cells(const Vector<double>& values, Index count) {
  std::vector<Cell> cells;
  for (Index i = 0; i < count; ++i) cells.push_back(i < values.size() ? Cell{values[i]} : Cell{});
  return cells;
}

inline std::vector<Cell> trace_cells(const TraceRow& row, TraceGroup group, const TraceWidths& most,
                                     Index parameters) {
  switch (group) {
    case TraceGroup::restart:
      return {row.restart};
    case TraceGroup::iteration:
      return {row.index};
    case TraceGroup::log_likelihood:
      return {trace_cell(row.log_likelihood)};
    case TraceGroup::objective:
      return {trace_cell(row.objective)};
    case TraceGroup::change:
      return {trace_cell(row.change)};
    case TraceGroup::seconds:
      return {trace_cell(row.seconds)};
    case TraceGroup::parameters:
      return trace_cells(row.parameters, parameters);
    case TraceGroup::counts:
      return trace_cells(row.counts, most.counts);
    case TraceGroup::statistics:
      return trace_cells(row.statistics, most.statistics);
    case TraceGroup::responsibilities: {
      const RowMatrix<double>& r = row.responsibilities;
      std::vector<Cell> cells;
      for (Index i = 0; i < most.rows; ++i)
        for (Index k = 0; k < most.components; ++k)
          cells.push_back(i < r.rows() && k < r.cols() ? Cell{r(i, k)} : Cell{});
      return cells;
    }
  }
  return {};
}

}  // namespace detail

LATENT_END
