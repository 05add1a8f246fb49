// Tables of numbers as text: Markdown, CSV, LaTeX. They are returned as strings; nothing is printed.
//
//   Table table{{{"iteration"}, {"theta", 3}}};
//   table.row({1, 0.7130});
//   table.to_markdown();
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/table_text.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

struct Column {
  std::string name;
  int decimals = -1;  // 0 ... 20 decimals; -1 = the shortest text that reads back as the double
  std::string latex = {};  // the head in LaTeX, taken as it is; empty = the name, escaped
};

enum class Digits {
  columns,   // as each column says
  shortest,  // the shortest text that reads back as the same double, in every column
};

// A cell is empty, a whole number, a double or text; it is made from what it shall hold. (No
// std::variant: compilers warn of its moves in the program that includes this.)
struct Cell {
  enum class Kind { empty, whole, number, text };

  Cell() = default;
  template <std::integral T>
  requires(!std::same_as<T, bool>) Cell(T value)
      : kind{Kind::whole}, whole{static_cast<Index>(value)} {}
  template <std::floating_point T>
  Cell(T value) : kind{Kind::number}, number{static_cast<double>(value)} {}
  Cell(std::string value) : kind{Kind::text}, text{std::move(value)} {}
  Cell(const char* value) : kind{Kind::text}, text{value} {}

  Kind kind = Kind::empty;
  Index whole = 0;
  double number = 0.0;
  std::string text = {};
};

// Named columns and rows of cells. In every format a point is the decimal point, whatever the
// locale. Numbers that are not finite are written
//   Markdown, CSV   inf, -inf, nan (whatever the sign and payload of the NaN)
//   LaTeX           $\infty$, $-\infty$, NaN
// and an empty cell is written as nothing, so that "unknown" and "not a number" stay apart. Text is
// UTF-8.
class Table {
 public:
  // Throws InvalidArgument for decimals out of their range.
  explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {
    for (const Column& column : columns_)
      detail::require(column.decimals >= -1 && column.decimals <= 20,
                      "Table: decimals must be -1 (shortest) or in 0 ... 20; got ", column.decimals,
                      " for column \"", column.name, "\"");
  }

  // One cell a column. Throws InvalidArgument for another number of them.
  Table& row(std::vector<Cell> cells) {
    detail::require(cells.size() == columns_.size(), "Table: a row must have a cell a column, ",
                    columns_.size(), "; got ", cells.size());
    rows_.push_back(std::move(cells));
    return *this;
  }

  Index rows() const { return static_cast<Index>(rows_.size()); }
  Index cols() const { return static_cast<Index>(columns_.size()); }
  const std::vector<Column>& columns() const { return columns_; }

  // The cells of a row. Throws InvalidArgument outside the table.
  const std::vector<Cell>& cells(Index row) const {
    detail::require(row >= 0 && row < rows(), "Table: row must lie in the table, ", rows(), " x ",
                    cols(), "; got ", row);
    return rows_[static_cast<std::size_t>(row)];
  }

  // Throws InvalidArgument outside the table.
  const Cell& cell(Index row, Index col) const {
    detail::require(row >= 0 && row < rows() && col >= 0 && col < cols(),
                    "Table: cell must lie in the table, ", rows(), " x ", cols(), "; got (", row,
                    ", ", col, ")");
    return rows_[static_cast<std::size_t>(row)][static_cast<std::size_t>(col)];
  }

  // The columns named, in this order, each under a head and with decimals of its own:
  //   select({{"iteration", {"step"}}, {"probability(0)", {"A", 3, "$\\theta_A$"}}})
  // Throws InvalidArgument where no column has the name.
  Table select(const std::vector<std::pair<std::string, Column>>& chosen) const {
    std::vector<Column> heads;
    std::vector<std::size_t> from;
    for (const auto& [name, head] : chosen) {
      const auto found =
          std::find_if(columns_.begin(), columns_.end(),
                       [&name = name](const Column& column) { return column.name == name; });
      if (found == columns_.end()) [[unlikely]]
        detail::fail<InvalidArgument>("Table::select: must name one of the columns ", names(),
                                      "; got \"", name, "\"");
      from.push_back(static_cast<std::size_t>(found - columns_.begin()));
      heads.push_back(head);
    }
    Table out{std::move(heads)};
    for (const auto& row : rows_) {
      std::vector<Cell> cells;
      for (const std::size_t c : from) cells.push_back(row[c]);
      out.rows_.push_back(std::move(cells));
    }
    return out;
  }

  // GitHub's tables, padded so that they line up in a terminal; columns of numbers stand on the
  // right. In text, `|` and `\` are escaped and a line break becomes a space; other Markdown is left
  // to work.
  std::string to_markdown(Digits digits = Digits::columns) const {
    if (columns_.empty()) return {};
    const auto cells = lines(digits, detail::Markup::markdown);
    std::vector<std::size_t> width(columns_.size(), 3);
    for (const auto& line : cells)
      for (std::size_t c = 0; c < line.size(); ++c)
        width[c] = std::max(width[c], detail::text_width(line[c]));
    std::string out;
    for (std::size_t l = 0; l < cells.size(); ++l) {
      out += '|';
      for (std::size_t c = 0; c < cells[l].size(); ++c) {
        const std::string padding(width[c] - detail::text_width(cells[l][c]), ' ');
        out += numeric(c) ? ' ' + padding + cells[l][c] + " |" : ' ' + cells[l][c] + padding + " |";
      }
      out += '\n';
      if (l > 0) continue;
      out += '|';
      for (std::size_t c = 0; c < columns_.size(); ++c)
        out += ' ' + std::string(width[c] - 1, '-') + (numeric(c) ? ": |" : "- |");
      out += '\n';
    }
    return out;
  }

  // RFC 4180: commas, lines that end in CR LF, the names first. Every finite number reads back as
  // the same double (std::from_chars, strtod in the C locale) unless the columns' decimals are asked
  // for.
  std::string to_csv(Digits digits = Digits::shortest) const {
    std::string out;
    if (columns_.empty()) return out;
    for (const auto& cells : lines(digits, detail::Markup::csv)) {
      std::string line = joined(cells, ",");
      if (line.empty()) line = "\"\"";  // an empty line would count as none
      out += line + "\r\n";
    }
    return out;
  }

  // A tabular environment without caption, which needs no package. Text is escaped; characters
  // outside ASCII are left to the document's encoding.
  std::string to_latex(Digits digits = Digits::columns) const {
    if (columns_.empty()) return {};
    std::string out = "\\begin{tabular}{";
    for (std::size_t c = 0; c < columns_.size(); ++c) out += numeric(c) ? 'r' : 'l';
    out += "}\n\\hline\n";
    const auto cells = lines(digits, detail::Markup::latex);
    for (std::size_t l = 0; l < cells.size(); ++l)
      out += joined(cells[l], " & ") + (l == 0 ? " \\\\\n\\hline\n" : " \\\\\n");
    return out + "\\hline\n\\end{tabular}\n";
  }

 private:
  static std::string joined(const std::vector<std::string>& cells, const char* between) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) line += (c > 0 ? between : "") + cells[c];
    return line;
  }

  std::string text_of(const Cell& cell, int decimals, detail::Markup markup) const {
    switch (cell.kind) {
      case Cell::Kind::empty:
        return {};
      case Cell::Kind::whole:
        return markup == detail::Markup::latex ? detail::latex_number(detail::concat(cell.whole))
                                               : detail::concat(cell.whole);
      case Cell::Kind::number:
        return detail::number_text(cell.number, decimals, markup);
      case Cell::Kind::text:
        return detail::escaped_text(cell.text, markup);
    }
    return {};
  }

  // The rows as text, the heads first.
  std::vector<std::vector<std::string>> lines(Digits digits, detail::Markup markup) const {
    std::vector<std::vector<std::string>> all(1);
    for (const Column& column : columns_)
      all[0].push_back(markup == detail::Markup::latex && !column.latex.empty()
                           ? column.latex
                           : detail::escaped_text(column.name, markup));
    for (const auto& row : rows_) {
      all.emplace_back();
      for (std::size_t c = 0; c < row.size(); ++c)
        all.back().push_back(
            text_of(row[c], digits == Digits::shortest ? -1 : columns_[c].decimals, markup));
    }
    return all;
  }

  // No text but such as begins with a digit: "1.06*" stands among numbers.
  bool numeric(std::size_t column) const {
    return std::all_of(rows_.begin(), rows_.end(), [column](const auto& row) {
      const std::string& text = row[column].text;
      return text.empty() || detail::begins_with_digit(text);
    });
  }

  std::string names() const {
    std::string all;
    for (const Column& column : columns_) all += (all.empty() ? "\"" : ", \"") + column.name + "\"";
    return all;
  }

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

LATENT_END
