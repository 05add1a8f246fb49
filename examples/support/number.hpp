// Numbers as text, the same in every locale.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace examples {

namespace detail {

inline std::string written(double value, std::chars_format format, int digits) {
  std::array<char, 512> text{};  // the largest double has 309 digits before the point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, digits);
  return {text.data(), end.ptr};
}

}  // namespace detail

// With so many decimals; never "-0.00".
inline std::string fixed(double value, int decimals) {
  const std::string text = detail::written(value, std::chars_format::fixed, decimals);
  const bool zero = text.find_first_not_of("-0.") == std::string::npos;
  return zero && text.front() == '-' ? text.substr(1) : text;
}

// With so many significant digits.
inline std::string significant(double value, int digits) {
  return detail::written(value, std::chars_format::general, digits);
}

}  // namespace examples
