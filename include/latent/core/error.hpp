// Typed errors. A message names the rule, what was given, and where.
#pragma once

#include <charconv>
#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

#include "latent/core/types.hpp"

LATENT_BEGIN

// Options and shapes that break a documented rule.
struct InvalidArgument : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// Data that no model can take: NaN, infinite, a label out of range, not binary, ...
struct DataError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

// Numbers are written with to_chars: shortest form that reads back, and no locale.
inline void append(std::string& text, std::string_view part) {
  text += part;
}
template <class T>
requires std::integral<T> || std::floating_point<T>
void append(std::string& text, T value) {
  if constexpr (std::same_as<T, bool>) {
    text += value ? "true" : "false";
  } else {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    text.append(buffer, end);
  }
}

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

template <class Error, class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(concat(parts...));
}

// require(ok, "KMeans: clusters must be at least 1; got ", clusters)
template <class Error = InvalidArgument, class... Parts>
void require(bool holds, const Parts&... parts) {
  if (!holds) [[unlikely]]
    fail<Error>(parts...);
}

}  // namespace detail

LATENT_END
