// What every fit checks before any work.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// check_finite for models that take NaN for a missing value.
template <class S>
void check_not_infinite(const Samples<S>& data, Index first, Index count, std::string_view who) {
  for (Index i = first; i < first + count; ++i)
    for (Index j = 0; j < data.cols(); ++j) {
      const S value = data(i, j);
      if (!is_finite(value) && !is_nan(value)) [[unlikely]]
        fail<DataError>(who, ": data must be finite, or NaN where missing; got ",
                        value < 0 ? "-inf" : "inf", " at row ", i, ", column ", j);
    }
}

// Data of double that a float model would read as infinite.
template <class T, class S>
void check_range(const Samples<S>& data, Index lane, std::string_view who) {
  for_each_tile(data.rows(), lane, [&](Index first, Index count) {
    for (Index i = first; i < first + count; ++i)
      for (Index j = 0; j < data.cols(); ++j) {
        const S value = data(i, j);
        if (is_finite(value) && std::abs(value) > static_cast<S>(std::numeric_limits<T>::max()))
            [[unlikely]]
          fail<DataError>(who, ": data must fit the model's scalar; got ", value, " at row ", i,
                          ", column ", j);
      }
  });
}

// A weight belongs to a sequence: its rows share it.
template <class S>
void check_sequences(const Samples<S>& data, std::string_view who) {
  if (!data.has_weights()) return;
  const std::vector<Index> one{0, data.rows()};
  const std::vector<Index>& starts = data.has_sequences() ? data.sequence_starts() : one;
  for (std::size_t s = 0; s + 1 < starts.size(); ++s)
    for (Index i = starts[s] + 1; i < starts[s + 1]; ++i)
      require<DataError>(data.weight(i) == data.weight(starts[s]), who,
                         ": the rows of a sequence must have one weight; got weights(", i,
                         ") = ", data.weight(i), " in a sequence that begins with ",
                         data.weight(starts[s]), " at row ", starts[s]);
}

// Whether rows may all have weight 0: a batch of a stream may, the data of a fit may not.
enum class Weightless { refused, allowed };

// What can be said without reading the data.
template <class M, class S>
void check_model(const M& model, const Samples<S>& data, std::string_view who,
                 Weightless weightless = Weightless::refused) {
  check_shape(data, who);
  if (weightless == Weightless::refused && data.has_weights())
    require<DataError>((data.weights().array() > 0.0).any(), who,
                       ": some row must have a positive weight; got ", data.rows(),
                       " rows of weight 0");
  if constexpr (requires { model.check(); }) model.check();
  if constexpr (requires {
                  { model.dimension() } -> std::convertible_to<Index>;
                })
    require(data.cols() == model.dimension(), who,
            ": data must have as many columns as the model has dimensions, ", model.dimension(),
            "; got ", data.rows(), " x ", data.cols());
  if constexpr (requires {
                  { model.components() } -> std::convertible_to<Index>;
                }) {
    for (Index i = 0; i < data.labels().size(); ++i)
      require<DataError>(data.label(i) < model.components(), who,
                         ": labels must be below the number of components, ",
                         Index(model.components()), "; got labels(", i, ") = ", data.label(i));
  }
}

// All checks of a model against its data, before any work.
template <class M, class S, class Team>
void check_model_and_data(const M& model, const Samples<S>& data, Team& team, std::string_view who,
                          Weightless weightless = Weightless::refused) {
  check_model(model, data, who, weightless);
  // A float model multiplies weights into float responsibilities.
  if constexpr (std::is_same_v<ScalarOf<M>, float>)
    for (Index i = 0; i < data.weights().size(); ++i)
      require<DataError>(
          data.weight(i) == 0.0 || (data.weight(i) >= 1e-30 && data.weight(i) <= 1e30), who,
          ": weights of a float model must be 0 or lie in [1e-30, 1e30]; got weights(", i,
          ") = ", data.weight(i));
  if constexpr (is_sequential<M>()) check_sequences(data, who);
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    for_each_tile(data.rows(), lane, [&](Index first, Index count) {
      if constexpr (accepts_missing<M>())
        check_not_infinite(data, first, count, who);
      else
        check_finite(data, first, count, who);
    });
    using T = ScalarOf<M>;
    if constexpr (std::is_same_v<T, float> && !std::is_same_v<S, float>)
      check_range<T>(data, lane, who);
    if constexpr (requires(const Block<T>& block) { model.check_data(block.x, block.first_row); })
      for_each_block<T>(data, lane,
                        [&](const Block<T>& block) { model.check_data(block.x, block.first_row); });
  });
}

}  // namespace detail

LATENT_END
