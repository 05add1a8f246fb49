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
#include "latent/core/numeric.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/core/table.hpp"
#include "latent/core/types.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/em/trace_row.hpp"

LATENT_BEGIN

// An observer for EM::fit and for the fits of mixtures. It holds every iteration: memory O(iterations
// (parameters + statistics)), and with data O(iterations n K) and one more pass over the data an
// iteration.
//
// Several runs, of a fit with restarts or of one fit after another, follow each other, each with its
// start. A run bears the number that the engine gives it (view.restart; 0 for every fit without
// restarts); from an engine that gives none, it is counted. A view that does not continue the row
// before begins a new run; a resumed fit continues its own rows.
//
// The statistics are those that the M-step was given: where the E-step is not Soft or the fit is
// accelerated, they are not the sums of the responsibilities.
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
    bool goes_on = !rows_.empty() && view.index > 1 && view.index == rows_.back().index + 1;
    Index run = goes_on ? rows_.back().restart : runs_;
    if constexpr (requires { view.restart; }) {
      goes_on = goes_on && view.restart == rows_.back().restart;
      run = view.restart;
    }
    if (!goes_on) {
      ++runs_;
      TraceRow start;
      start.restart = run;
      start.index = view.index - 1;
      start.start = true;
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
    if constexpr (requires { view.statistics.n.size(), latent::pack(view.statistics.family); }) {
      row.counts = view.statistics.n;
      row.statistics = latent::pack(view.statistics.family);
    } else {
      row.statistics = latent::pack(view.statistics);
    }
    if (data_) {
      if constexpr (requires {
                      view.before.responsibilities(*data_).template cast<double>().rows();
                    })
        row.responsibilities = view.before.responsibilities(*data_).template cast<double>();
    }
    rows_.push_back(std::move(row));
  }

  // Adds what only the report knows: the start's log-likelihood and objective, and every row's change
  // and seconds. In a table of several runs, to the first whose numbers are the report's: the best.
  // An empty table gets the row of a fit without iterations, without parameters. Throws
  // InvalidArgument where no run is the report's.
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
      if (x.has_sequences()) {
        const std::vector<Index>& starts = x.sequence_starts();
        std::vector<Index> lengths;
        for (std::size_t i = 1; i < starts.size(); ++i)
          lengths.push_back(starts[i] - starts[i - 1]);
        data = std::move(data).sequences(lengths);
      }
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

  std::vector<TraceColumns> columns_of(const TraceOptions& options) const;

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

inline void TraceTable::complete(const Report& report) {
  const std::vector<Iteration>& trace = report.trace;
  if (rows_.empty() && trace.size() == 1) {
    rows_.emplace_back();
    rows_.back().start = true;
    ++runs_;
  }
  const auto end_of = [&](std::size_t first) {
    std::size_t end = first + 1;
    while (end < rows_.size() && !rows_[end].start) ++end;
    return end;
  };
  // A run of the fit's last iterations, to the bit; all of them unless the fit was resumed.
  const auto is_run = [&](std::size_t first, std::size_t end) {
    if (trace.empty() || trace.back().index + 1 != static_cast<Index>(trace.size()) ||
        rows_[end - 1].index != trace.back().index)
      return false;
    for (std::size_t i = first; i < end; ++i) {
      const Iteration& at = trace[static_cast<std::size_t>(rows_[i].index)];
      if (rows_[i].objective &&
          detail::bits_of(&*rows_[i].objective) != detail::bits_of(&at.objective))
        return false;
    }
    return true;
  };
  std::size_t first = 0;
  while (first < rows_.size() && !is_run(first, end_of(first))) first = end_of(first);
  detail::require(first < rows_.size(),
                  "TraceTable::complete: the report must be that of a fit that the table observed");
  for (std::size_t i = first; i < end_of(first); ++i) {
    TraceRow& row = rows_[i];
    const Iteration& at = trace[static_cast<std::size_t>(row.index)];
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

inline Table TraceTable::table(const TraceOptions& options) const {
  const detail::TraceWidths most(rows_);
  const std::vector<TraceColumns> groups = columns_of(options);
  std::vector<Column> heads;
  for (const TraceColumns& group : groups)
    for (const std::string& name : detail::trace_names(group.group, most, names_))
      heads.push_back({name, group.decimals});
  Table table{std::move(heads)};
  const auto parameters = static_cast<Index>(names_.size());
  for (const TraceRow& row : rows_) {
    if (row.start && !options.start) continue;
    if (options.restart >= 0 && row.restart != options.restart) continue;
    std::vector<Cell> cells;
    for (const TraceColumns& group : groups)
      for (Cell& cell : detail::trace_cells(row, group.group, most, parameters))
        cells.push_back(std::move(cell));
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
