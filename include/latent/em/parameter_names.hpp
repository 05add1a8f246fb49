// What the numbers of parameters() are called, for tables of a fit.
#pragma once

#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// name1, name2, ...
inline std::vector<std::string> counted(const char* name, Index count) {
  std::vector<std::string> names;
  for (Index i = 1; i <= count; ++i) names.push_back(concat(name, i));
  return names;
}

// The `count` names of model.parameters(): parameter_names() where the model has that, else p1, p2,
// ... Throws InvalidArgument where there are more or fewer names than parameters.
template <class M>
std::vector<std::string> parameter_names(const M& model, Index count) {
  std::vector<std::string> names;
  if constexpr (requires { names = model.parameter_names(); }) {
    names = model.parameter_names();
    require(static_cast<Index>(names.size()) == count,
            "parameter_names() must name each of parameters(); got ", names.size(), " names for ",
            count, " parameters");
  } else {
    names = counted("p", count);
  }
  return names;
}

// name(0), name(1), ...
inline std::vector<std::string> numbered(const char* name, Index count) {
  std::vector<std::string> names;
  for (Index k = 0; k < count; ++k) names.push_back(concat(name, "(", k, ")"));
  return names;
}

// name(0,0), name(0,1), ...: row by row.
inline std::vector<std::string> numbered(const char* name, Index rows, Index cols) {
  std::vector<std::string> names;
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) names.push_back(concat(name, "(", i, ",", j, ")"));
  return names;
}

}  // namespace detail

LATENT_END
