// Numbers and text in the cells of Markdown, CSV and LaTeX tables.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

enum class Markup { markdown, csv, latex };

// With decimals >= 0 fixed and never "-0.00"; else the shortest form.
inline std::string finite_number(double value, int decimals) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  char* const first = text.data();
  char* const last = first + text.size();
  if (decimals < 0) return {first, std::to_chars(first, last, value).ptr};
  std::string fixed(first,
                    std::to_chars(first, last, value, std::chars_format::fixed, decimals).ptr);
  const bool zero = fixed.find_first_not_of("-0.") == std::string::npos;
  if (zero && fixed.front() == '-') fixed.erase(0, 1);
  return fixed;
}

// A minus sign and a power are only such in LaTeX's math mode.
inline std::string latex_number(const std::string& text) {
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text.front() == '-' ? "$" + text + "$" : text;
  const std::string sign = text[e + 1] == '-' ? "-" : "";
  return "$" + text.substr(0, e) + " \\cdot 10^{" + sign +
         text.substr(text.find_first_of("123456789", e)) + "}$";
}

inline std::string number_text(double value, int decimals, Markup markup) {
  const bool latex = markup == Markup::latex;
  if (is_finite(value)) {
    const std::string text = finite_number(value, decimals);
    return latex ? latex_number(text) : text;
  }
  if (is_nan(value)) return latex ? "NaN" : "nan";
  if (is_negative_infinity(value)) return latex ? "$-\\infty$" : "-inf";
  return latex ? "$\\infty$" : "inf";
}

// A line break, CR, LF or both, becomes one space.
inline std::string on_one_line(std::string_view text) {
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    line += text[i] == '\r' || text[i] == '\n' ? ' ' : text[i];
  }
  return line;
}

// Only what would break the row: text may hold emphasis and other Markdown of its own.
inline std::string markdown_text(std::string_view text) {
  std::string escaped;
  for (const char c : on_one_line(text)) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// RFC 4180: quotes around what holds a comma, a quote or a line break; quotes within are doubled.
inline std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

// `[` and `*` too: after the \\ of the row before they would be its arguments.
inline std::string latex_text(std::string_view text) {
  std::string escaped;
  for (const char c : on_one_line(text)) {
    switch (c) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '<':
        escaped += "\\textless{}";
        break;
      case '>':
        escaped += "\\textgreater{}";
        break;
      case '|':
        escaped += "\\textbar{}";
        break;
      case '[':
      case '*':
        escaped += concat("{", std::string_view(&c, 1), "}");
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return escaped;
}

inline bool begins_with_digit(std::string_view text) {
  if (text.front() == '-') text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

inline std::string escaped_text(std::string_view text, Markup markup) {
  return markup == Markup::markdown ? markdown_text(text)
         : markup == Markup::csv    ? csv_text(text)
                                    : latex_text(text);
}

// The number of characters: in UTF-8 every byte but the continuations begins one.
inline std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace detail

LATENT_END
