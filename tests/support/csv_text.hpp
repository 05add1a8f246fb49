// Reads CSV as RFC 4180 says, strictly: written apart from the library's writer.
#pragma once

#include <charconv>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace latent_test {

// The records of a text, each as its fields. Throws where the text breaks the rules.
inline std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  std::size_t at = 0;
  const auto next = [&] { return at < text.size() ? text[at] : '\0'; };
  while (at < text.size()) {
    records.emplace_back();
    for (bool more = true; more;) {
      std::string field;
      if (next() == '"') {
        for (++at;; ++at) {
          if (at >= text.size()) throw std::runtime_error("csv: a quote is not closed");
          if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
          if (text[at] == '"') ++at;
          field += text[at];
        }
        ++at;
      } else {
        while (at < text.size() && next() != ',' && next() != '\r') {
          if (next() == '"' || next() == '\n') throw std::runtime_error("csv: must be quoted");
          field += text[at++];
        }
      }
      records.back().push_back(field);
      more = next() == ',';
      if (more) ++at;
    }
    if (text.compare(at, 2, "\r\n") != 0) throw std::runtime_error("csv: a record ends in CR LF");
    at += 2;
    if (records.back().size() != records.front().size())
      throw std::runtime_error("csv: records differ in length");
  }
  return records;
}

// A whole field as a number.
inline double number(const std::string& field) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size())
    throw std::runtime_error("csv: no number: " + field);
  return value;
}

}  // namespace latent_test
