// Reads the way a lecture writes its coins.
#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// tosses({"HTTTHHTHTH", ...}): one row a string, n x 2 counts of heads ('H') and tails ('T'). An
// empty string is a row of zeros. Throws DataError for any other letter, InvalidArgument for no
// strings at all.
inline RowMatrix<double> tosses(std::span<const std::string_view> sequences) {
  detail::require(!sequences.empty(), "tosses: there must be at least one sequence; got none");
  RowMatrix<double> counts = RowMatrix<double>::Zero(static_cast<Index>(sequences.size()), 2);
  Index row = 0;
  for (const std::string_view sequence : sequences) {
    for (std::size_t at = 0; at < sequence.size(); ++at) {
      const char toss = sequence[at];
      detail::require<DataError>(
          toss == 'H' || toss == 'T', "tosses: a toss must be 'H' or 'T'; got '",
          std::string_view(&toss, 1), "' in sequence ", row, " at place ", at);
      counts(row, toss == 'H' ? 0 : 1) += 1.0;
    }
    ++row;
  }
  return counts;
}

inline RowMatrix<double> tosses(std::initializer_list<std::string_view> sequences) {
  return tosses(std::span<const std::string_view>(sequences.begin(), sequences.size()));
}

template <class Strings>
requires requires(const Strings& strings) {
  strings.end();
  { *strings.begin() } -> std::convertible_to<std::string_view>;
}
RowMatrix<double> tosses(const Strings& sequences) {
  const std::vector<std::string_view> views(sequences.begin(), sequences.end());
  return tosses(std::span<const std::string_view>(views));
}

LATENT_END
