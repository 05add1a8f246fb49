// Observers watch a fit from the calling thread. An observer is any object with
//
//   on_iteration(const View&) -> void or bool      (false stops the fit, with Status::stopped)
//
// or a callable of the same form. It is taken by reference.
#pragma once

#include <concepts>
#include <type_traits>

#include "latent/core/types.hpp"

LATENT_BEGIN

// The default: sees nothing.
struct NoObserver {};

namespace detail {

// True if the fit shall go on.
template <class O, class View>
bool observe(O& observer, const View& view) {
  if constexpr (std::same_as<std::remove_const_t<O>, NoObserver>) {
    return true;
  } else if constexpr (requires {
                         { observer.on_iteration(view) } -> std::same_as<bool>;
                       }) {
    return observer.on_iteration(view);
  } else if constexpr (requires { observer.on_iteration(view); }) {
    observer.on_iteration(view);
    return true;
  } else if constexpr (requires {
                         { observer(view) } -> std::same_as<bool>;
                       }) {
    return observer(view);
  } else {
    static_assert(
        requires { observer(view); }, "an observer has on_iteration(const View&) -> void or bool");
    observer(view);
    return true;
  }
}

}  // namespace detail

LATENT_END
