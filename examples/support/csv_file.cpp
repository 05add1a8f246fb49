#include "support/csv_file.hpp"

#include <cmath>
#include <locale>
#include <sstream>

namespace examples {

namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\"");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t first = 0;
  for (std::size_t comma = 0; comma != std::string::npos; first = comma + 1) {
    comma = line.find(',', first);
    cells.push_back(
        trimmed(line.substr(first, comma == std::string::npos ? comma : comma - first)));
  }
  return cells;
}

// The classic locale, so that a decimal point is a point wherever the program runs.
bool read_number(const std::string& cell, double& value) {
  std::istringstream in{cell};
  in.imbue(std::locale::classic());
  return (in >> value) && in.peek() == std::istringstream::traits_type::eof() &&
         std::isfinite(value);
}

}  // namespace

Csv read_csv(const std::filesystem::path& path) {
  const std::vector<unsigned char> bytes = read_bytes(path);
  std::istringstream text{std::string{bytes.begin(), bytes.end()}};
  Csv csv;
  std::vector<double> values;
  std::string line;
  for (std::size_t number = 1; std::getline(text, line); ++number) {
    if (trimmed(line).empty()) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (csv.names.empty()) {
      csv.names = cells;
      continue;
    }
    const std::string where = "line " + std::to_string(number);
    if (cells.size() != csv.names.size())
      throw FileError(path, where + ": must have " + std::to_string(csv.names.size()) +
                                " cells as the header has; got " + std::to_string(cells.size()));
    for (std::size_t c = 0; c < cells.size(); ++c) {
      double value = 0.0;
      if (!read_number(cells[c], value))
        throw FileError(path, where + ", column " + std::to_string(c + 1) + " (" + csv.names[c] +
                                  "): must be a finite number; got \"" + cells[c] + "\"");
      values.push_back(value);
    }
  }
  if (values.empty())
    throw FileError(path, "must hold a header line and at least one row of numbers");
  const auto columns = static_cast<Eigen::Index>(csv.names.size());
  csv.values = Eigen::Map<const CsvValues>(
      values.data(), static_cast<Eigen::Index>(values.size()) / columns, columns);
  return csv;
}

}  // namespace examples
