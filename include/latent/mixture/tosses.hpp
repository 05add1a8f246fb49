// Reads the way a lecture writes its coins.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Adds the tosses of one sequence to a row of heads and tails.
inline void count_tosses(std::string_view sequence, Index row, RowMatrix<double>& counts) {
  for (std::size_t at = 0; at < sequence.size(); ++at) {
    const char toss = sequence[at];
    require<DataError>(toss == 'H' || toss == 'T', "tosses: a toss must be 'H' or 'T'; got '",
                       std::string_view(&toss, 1), "' in sequence ", row, " at place ", at);
    counts(row, toss == 'H' ? 0 : 1) += 1.0;
  }
}

template <class Strings>
RowMatrix<double> count_all_tosses(const Strings& sequences) {
  Index rows = 0;
  for (auto sequence = sequences.begin(); sequence != sequences.end(); ++sequence) ++rows;
  require(rows > 0, "tosses: there must be at least one sequence; got none");
  RowMatrix<double> counts = RowMatrix<double>::Zero(rows, 2);
  Index row = 0;
  for (const auto& sequence : sequences) count_tosses(sequence, row++, counts);
  return counts;
}

}  // namespace detail

// tosses({"HTTTHHTHTH", ...}): one row a string, n x 2 counts of heads ('H') and tails ('T'). An
// empty string is a row of zeros. Throws DataError for any other letter, InvalidArgument for no
// strings at all.
inline RowMatrix<double> tosses(std::initializer_list<std::string_view> sequences) {
  return detail::count_all_tosses(sequences);
}

// The same for any range of strings.
template <class Strings>
requires requires(const Strings& strings) {
  strings.end();
  { *strings.begin() } -> std::convertible_to<std::string_view>;
}
RowMatrix<double> tosses(const Strings& sequences) {
  return detail::count_all_tosses(sequences);
}

LATENT_END
