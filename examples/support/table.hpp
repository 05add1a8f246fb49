// Markdown tables whose columns also line up in a terminal.
#pragma once

#include <algorithm>
#include <concepts>
#include <ostream>
#include <string>
#include <vector>

#include "support/number.hpp"

namespace examples {

// Table table{{"k", "theta"}};  table.row(1, fixed(0.7130, 3));  std::cout << table;
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }

  template <class... Cells>
  void row(const Cells&... cells) {
    rows_.push_back({text(cells)...});
    rows_.back().resize(rows_.front().size());
  }
  void row(std::vector<std::string> cells) {
    cells.resize(rows_.front().size());
    rows_.push_back(std::move(cells));
  }

  std::string markdown() const {
    std::string result;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      append_row(result, rows_[r]);
      if (r == 0) append_rule(result);
    }
    return result;
  }
  friend std::ostream& operator<<(std::ostream& out, const Table& table) {
    return out << table.markdown();
  }

 private:
  static std::string text(const std::string& cell) { return cell; }
  static std::string text(const char* cell) { return cell; }
  template <std::integral T>
  static std::string text(T cell) {
    return std::to_string(cell);
  }

  // The number of characters: in UTF-8 every byte but the continuations begins one.
  static std::size_t length(const std::string& cell) {
    return static_cast<std::size_t>(std::count_if(cell.begin(), cell.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
  }
  std::size_t width(std::size_t column) const {
    std::size_t most = 3;
    for (const auto& row : rows_) most = std::max(most, length(row[column]));
    return most;
  }
  // A column of numbers stands on the right.
  bool numeric(std::size_t column) const {
    return std::all_of(rows_.begin() + 1, rows_.end(), [column](const auto& row) {
      return row[column].empty() || row[column].find_first_of("0123456789") <= 1;
    });
  }
  void append_row(std::string& result, const std::vector<std::string>& row) const {
    result += '|';
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(width(c) - length(row[c]), ' ');
      result += numeric(c) ? ' ' + padding + row[c] + " |" : ' ' + row[c] + padding + " |";
    }
    result += '\n';
  }
  void append_rule(std::string& result) const {
    result += '|';
    for (std::size_t c = 0; c < rows_.front().size(); ++c)
      result += ' ' + std::string(width(c) - 1, '-') + (numeric(c) ? ": |" : "- |");
    result += '\n';
  }

  std::vector<std::vector<std::string>> rows_;
};

}  // namespace examples
