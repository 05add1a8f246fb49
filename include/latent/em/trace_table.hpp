// A fit as data: every iteration's likelihood, parameters, expected counts and responsibilities, as
// a table for reading (Markdown, LaTeX) or for computing (CSV).
//
//   TraceTable trace{x};                                      // an observer; {} without responsibilities
//   const auto fit = EM{}.fit(start, x, {}, {}, trace);
//   trace.complete(fit.report);                               // what only the report knows
//   trace.to_markdown();
//   trace.to_csv({.columns = {{TraceGroup::iteration}, {TraceGroup::parameters}}});
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/core/table.hpp"
#include "latent/em/em.hpp"
#include "latent/em/parameter_names.hpp"

LATENT_BEGIN

// What became known of one iteration: the E-step of the model before, and the model that the M-step
// made from it. Row 0 is the start, which has no E-step before it. Empty = unknown.
struct TraceRow {
  Index restart = 0;
  Index index = 0;
  std::optional<double> log_likelihood;  // weighted total, of the model after
  std::optional<double> objective;       // of the model after
  std::optional<double> change;          // what the rule of convergence looked at
  std::optional<double> seconds;         // since the fit began
  Vector<double> parameters;             // of the model after: model.parameters()
  Vector<double> counts;                 // K: n(k) = sum_i w_i r(i, k)
  Vector<double> statistics;             // the other expected statistics, packed
  RowMatrix<double> responsibilities;    // n x K: r(i, k) under the model before
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

// An observer for EM::fit and for the fits of mixtures. It holds every iteration: memory O(iterations
// (parameters + statistics)), and with data O(iterations n K) and one more pass over the data an
// iteration.
//
// Several runs, of a fit with restarts or of one fit after another, follow each other, each with its
// start. A run bears the number that the engine gives it (view.restart), else it is counted. A view
// whose index does not continue the row before begins a new run.
class TraceTable {
 public:
  TraceTable() = default;

  // With the data of the fit: a matrix or a source, viewed or owned as samples(x) does. The
  // responsibilities are those of model.responsibilities(x), where the model has that and answers
  // with a matrix; else none are recorded.
  template <class Data>
  requires(!std::is_same_v<detail::Bare<Data>, TraceTable>) explicit TraceTable(Data&& x)
      : data_{wide(std::forward<Data>(x))} {}

  // View: EM's IterationView, or what has the same members.
  template <class View>
  void on_iteration(const View& view) {
    bool goes_on = !rows_.empty() && view.index == rows_.back().index + 1;
    Index run = goes_on ? rows_.back().restart : runs_;
    if constexpr (requires { view.restart; }) {
      goes_on = goes_on && view.restart == rows_.back().restart;
      run = view.restart;
    }
    if (!goes_on) ++runs_;
    if (!goes_on && view.index == 1) {
      TraceRow start;
      start.restart = run;
      start.parameters = parameters_of(view.before);
      rows_.push_back(std::move(start));
    }
    TraceRow row;
    row.restart = run;
    row.index = view.index;
    row.log_likelihood = view.log_likelihood;
    row.objective = view.objective;
    if constexpr (requires { view.change; }) row.change = view.change;
    row.parameters = parameters_of(view.after);
    if constexpr (requires { view.statistics.n.size(), pack(view.statistics.family); }) {
      row.counts = view.statistics.n;
      row.statistics = pack(view.statistics.family);
    } else {
      row.statistics = pack(view.statistics);
    }
    if (data_) {
      if constexpr (requires {
                      view.before.responsibilities(*data_).template cast<double>().rows();
                    })
        row.responsibilities = view.before.responsibilities(*data_).template cast<double>();
    }
    rows_.push_back(std::move(row));
  }

  // Adds what only the report knows: the start's log-likelihood and objective, and everybody's change
  // and seconds. In a table of several runs, to the run whose numbers the report has: the best. A fit
  // without iterations gets the row of its start, without parameters. Throws InvalidArgument where
  // no run is the report's.
  void complete(const Report& report);

  void clear() {
    rows_.clear();
    names_.clear();
    runs_ = 0;
  }

  // All rows, in the order in which they were seen.
  const std::vector<TraceRow>& rows() const { return rows_; }
  const std::vector<std::string>& parameter_names() const { return names_; }

  // One row an iteration. Throws InvalidArgument for decimals out of their range.
  Table table(const TraceOptions& options = {}) const;

  // The responsibilities of one iteration, one row a row of the data (counted from 0), one column a
  // component: "row", r(0), r(1), ... Throws InvalidArgument where none were recorded.
  Table responsibilities(Index iteration, Index restart = 0) const;

  std::string to_markdown(const TraceOptions& options = {}) const {
    return table(options).to_markdown();
  }
  std::string to_csv(const TraceOptions& options = {}) const { return table(options).to_csv(); }
  std::string to_latex(const TraceOptions& options = {}) const { return table(options).to_latex(); }

 private:
  // float data are kept as double, which changes no number.
  template <class Data>
  static Samples<double> wide(Data&& x) {
    if constexpr (std::is_same_v<detail::Bare<Data>, Samples<double>>) {
      return std::forward<Data>(x);
    } else if constexpr (detail::IsSamples<detail::Bare<Data>>::value) {
      RowMatrix<double> values(x.rows(), x.cols());
      x.read(0, x.rows(), values);
      Samples<double> data{std::move(values)};
      if (x.has_weights()) data = std::move(data).weights(x.weights());
      if (x.has_labels()) data = std::move(data).labels(x.labels());
      return data;
    } else {
      return wide(samples(std::forward<Data>(x)));
    }
  }

  template <class M>
  Vector<double> parameters_of(const M& model) {
    Vector<double> all;
    if constexpr (detail::HasParameters<M>) {
      all = model.parameters();
      if (all.size() > static_cast<Index>(names_.size()))
        names_ = detail::parameter_names(model, all.size());
    }
    return all;
  }

  struct Widths {
    Index counts = 0, statistics = 0, rows = 0, components = 0;
  };
  Widths widths() const;
  std::vector<TraceColumns> columns_of(const TraceOptions& options) const;
  std::vector<std::string> names_of(TraceGroup group, const Widths& most) const;
  std::vector<Cell> cells_of(const TraceRow& row, TraceGroup group, const Widths& most) const;

  std::optional<Samples<double>> data_;
  std::vector<TraceRow> rows_;
  std::vector<std::string> names_;
  Index runs_ = 0;
};

// The trace of a report: iteration, objective, log-likelihood, change, seconds. Of any fit.
inline Table trace_table(const Report& report) {
  Table table{{{"iteration"}, {"objective"}, {"log-likelihood"}, {"change"}, {"seconds", 6}}};
  for (const Iteration& at : report.trace)
    table.row({at.index, at.objective, at.log_likelihood, at.change, at.seconds});
  return table;
}

namespace detail {

inline Cell cell_of(const std::optional<double>& value) {
  return value ? Cell{*value} : Cell{};
}

// `count` cells: the numbers, then empty ones.
inline std::vector<Cell> cells_of(const Vector<double>& values, Index count) {
  std::vector<Cell> cells;
  for (Index i = 0; i < count; ++i) cells.push_back(i < values.size() ? Cell{values[i]} : Cell{});
  return cells;
}

}  // namespace detail

inline void TraceTable::complete(const Report& report) {
  const std::size_t length = report.trace.size();
  if (rows_.empty() && length == 1) rows_.emplace_back();
  const auto is_run = [&](std::size_t first) {
    if (length == 0 || first + length > rows_.size()) return false;
    for (std::size_t i = 0; i < length; ++i) {
      const TraceRow& row = rows_[first + i];
      const Iteration& at = report.trace[i];
      if (row.index != at.index || row.restart != rows_[first].restart) return false;
      if (row.objective && detail::bits_of(&*row.objective) != detail::bits_of(&at.objective))
        return false;
    }
    return first + length == rows_.size() || rows_[first + length].index == 0;
  };
  std::size_t first = 0;
  while (first < rows_.size() && !is_run(first)) ++first;
  detail::require(first < rows_.size(),
                  "TraceTable::complete: the report must be that of a fit that the table observed");
  for (std::size_t i = 0; i < length; ++i) {
    const Iteration& at = report.trace[i];
    TraceRow& row = rows_[first + i];
    row.log_likelihood = at.log_likelihood;
    row.objective = at.objective;
    row.seconds = at.seconds;
    if (at.index > 0) row.change = at.change;
  }
}

inline std::vector<TraceColumns> TraceTable::columns_of(const TraceOptions& options) const {
  if (!options.columns.empty()) return options.columns;
  std::vector<TraceColumns> columns;
  if (runs_ > 1) columns.push_back({TraceGroup::restart});
  for (const TraceGroup group : {TraceGroup::iteration, TraceGroup::log_likelihood,
                                 TraceGroup::objective, TraceGroup::parameters, TraceGroup::counts})
    columns.push_back({group});
  return columns;
}

// Fits of several sizes may be in one table: the widest row counts.
inline TraceTable::Widths TraceTable::widths() const {
  Widths most;
  for (const TraceRow& row : rows_) {
    most.counts = std::max(most.counts, row.counts.size());
    most.statistics = std::max(most.statistics, row.statistics.size());
    most.rows = std::max(most.rows, row.responsibilities.rows());
    most.components = std::max(most.components, row.responsibilities.cols());
  }
  return most;
}

inline std::vector<std::string> TraceTable::names_of(TraceGroup group, const Widths& most) const {
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
      return names_;
    case TraceGroup::counts:
      return detail::numbered("n", most.counts);
    case TraceGroup::statistics:
      return detail::counted("s", most.statistics);
    case TraceGroup::responsibilities:
      return detail::numbered("r", most.rows, most.components);
  }
  return {};
}

inline std::vector<Cell> TraceTable::cells_of(const TraceRow& row, TraceGroup group,
                                              const Widths& most) const {
  switch (group) {
    case TraceGroup::restart:
      return {row.restart};
    case TraceGroup::iteration:
      return {row.index};
    case TraceGroup::log_likelihood:
      return {detail::cell_of(row.log_likelihood)};
    case TraceGroup::objective:
      return {detail::cell_of(row.objective)};
    case TraceGroup::change:
      return {detail::cell_of(row.change)};
    case TraceGroup::seconds:
      return {detail::cell_of(row.seconds)};
    case TraceGroup::parameters:
      return detail::cells_of(row.parameters, static_cast<Index>(names_.size()));
    case TraceGroup::counts:
      return detail::cells_of(row.counts, most.counts);
    case TraceGroup::statistics:
      return detail::cells_of(row.statistics, most.statistics);
    case TraceGroup::responsibilities: {
      std::vector<Cell> cells;
      for (Index i = 0; i < most.rows; ++i)
        for (Index k = 0; k < most.components; ++k)
          cells.push_back(i < row.responsibilities.rows() && k < row.responsibilities.cols()
                              ? Cell{row.responsibilities(i, k)}
                              : Cell{});
      return cells;
    }
  }
  return {};
}

inline Table TraceTable::table(const TraceOptions& options) const {
  const Widths most = widths();
  const std::vector<TraceColumns> groups = columns_of(options);
  std::vector<Column> heads;
  for (const TraceColumns& group : groups)
    for (const std::string& name : names_of(group.group, most))
      heads.push_back({name, group.decimals});
  Table table{std::move(heads)};
  for (const TraceRow& row : rows_) {
    if (!options.start && row.index == 0) continue;
    if (options.restart >= 0 && row.restart != options.restart) continue;
    std::vector<Cell> cells;
    for (const TraceColumns& group : groups)
      for (Cell& cell : cells_of(row, group.group, most)) cells.push_back(std::move(cell));
    table.row(std::move(cells));
  }
  return table;
}

inline Table TraceTable::responsibilities(Index iteration, Index restart) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const TraceRow& row) {
    return row.index == iteration && row.restart == restart && row.responsibilities.size() > 0;
  });
  detail::require(found != rows_.end(),
                  "TraceTable::responsibilities: the table must have been given the data and seen "
                  "the iteration; got iteration ",
                  iteration, " of run ", restart);
  const RowMatrix<double>& r = found->responsibilities;
  std::vector<Column> heads{{"row"}};
  for (const std::string& name : detail::numbered("r", r.cols())) heads.push_back({name});
  Table table{std::move(heads)};
  for (Index i = 0; i < r.rows(); ++i) {
    std::vector<Cell> cells{i};
    for (Index k = 0; k < r.cols(); ++k) cells.emplace_back(r(i, k));
    table.row(std::move(cells));
  }
  return table;
}

LATENT_END
