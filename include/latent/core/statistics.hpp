// Statistics form a vector space: `+` merges, a factor blends, `-` removes. A statistics type is a
// double, an Eigen matrix or array of doubles, a std::array or std::vector of statistics, or a
// struct with one line
//
//   auto fields() { return std::tie(a, b); }
//
// from which merging, scaling, packing and unpacking follow. What is not a field (a shift, say) is
// a constant of the statistics and takes no part.
#pragma once

#include <array>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class T>
concept HasFields = requires(T& value) {
  value.fields();
};

template <class T>
concept EigenDense = std::is_base_of_v<Eigen::DenseBase<T>, T>;

template <class T>
struct IsSequence : std::false_type {};
template <class T, class A>
struct IsSequence<std::vector<T, A>> : std::true_type {};
template <class T, std::size_t N>
struct IsSequence<std::array<T, N>> : std::true_type {};

// Visits the leaves of one or two statistics of the same type, in the order of their fields. A leaf
// is handed over as (pointer, count); `f(pointer_a, pointer_b, count)` for two.
template <class F, class T>
void visit_leaves(F&& f, T& a) {
  if constexpr (std::same_as<T, double>) {
    f(&a, Index{1});
  } else if constexpr (EigenDense<T>) {
    static_assert(std::same_as<typename T::Scalar, double>, "statistics are matrices of double");
    f(a.data(), a.size());
  } else if constexpr (IsSequence<T>::value) {
    for (auto& item : a) visit_leaves(f, item);
  } else {
    static_assert(HasFields<T>,
                  "a statistics struct needs: auto fields() { return std::tie(...); }");
    std::apply([&](auto&... field) { (visit_leaves(f, field), ...); }, a.fields());
  }
}

template <class F, class Tuple, std::size_t... I>
void visit_pairs(F&& f, const Tuple& a, const Tuple& b, std::index_sequence<I...> fields);

template <class F, class T>
void visit_leaves(F&& f, T& a, T& b) {
  if constexpr (std::same_as<T, double>) {
    f(&a, &b, Index{1});
  } else if constexpr (EigenDense<T>) {
    static_assert(std::same_as<typename T::Scalar, double>, "statistics are matrices of double");
    require(a.rows() == b.rows() && a.cols() == b.cols(), "statistics: shapes must agree; got ",
            a.rows(), " x ", a.cols(), " and ", b.rows(), " x ", b.cols());
    f(a.data(), b.data(), a.size());
  } else if constexpr (IsSequence<T>::value) {
    require(a.size() == b.size(), "statistics: lengths must agree; got ", a.size(), " and ",
            b.size());
    for (std::size_t i = 0; i < a.size(); ++i) visit_leaves(f, a[i], b[i]);
  } else {
    static_assert(HasFields<T>,
                  "a statistics struct needs: auto fields() { return std::tie(...); }");
    visit_pairs(f, a.fields(), b.fields(),
                std::make_index_sequence<std::tuple_size_v<decltype(a.fields())>>{});
  }
}

template <class F, class Tuple, std::size_t... I>
void visit_pairs(F&& f, const Tuple& a, const Tuple& b, std::index_sequence<I...> /*fields*/) {
  (visit_leaves(f, std::get<I>(a), std::get<I>(b)), ...);
}

// Visiting needs non-const access because fields() ties references; the visitors below do not
// write.
template <class T>
T& unconst(const T& value) {
  return const_cast<T&>(value);
}

template <class T>
void set_zero(T& statistics) {
  visit_leaves(
      [](double* leaf, Index n) {
        for (Index i = 0; i < n; ++i) leaf[i] = 0.0;
      },
      statistics);
}

}  // namespace detail

// a += factor * b. Shapes must agree (InvalidArgument).
template <class T>
void add_scaled(T& a, double factor, const T& b) {
  detail::visit_leaves(
      [factor](double* x, const double* y, Index n) {
        for (Index i = 0; i < n; ++i) x[i] += factor * y[i];
      },
      a, detail::unconst(b));
}

// a += b.
template <class T>
void merge(T& a, const T& b) {
  detail::visit_leaves(
      [](double* x, const double* y, Index n) {
        for (Index i = 0; i < n; ++i) x[i] += y[i];
      },
      a, detail::unconst(b));
}

// a *= factor.
template <class T>
void scale(T& a, double factor) {
  detail::visit_leaves(
      [factor](double* x, Index n) {
        for (Index i = 0; i < n; ++i) x[i] *= factor;
      },
      a);
}

// The number of doubles in a.
template <class T>
Index packed_size(const T& a) {
  Index size = 0;
  detail::visit_leaves([&size](const double*, Index n) { size += n; }, detail::unconst(a));
  return size;
}

// All numbers of a, field by field, each matrix in its storage order.
template <class T>
Vector<double> pack(const T& a) {
  Vector<double> packed(packed_size(a));
  Index at = 0;
  detail::visit_leaves(
      [&](const double* x, Index n) {
        for (Index i = 0; i < n; ++i) packed[at++] = x[i];
      },
      detail::unconst(a));
  return packed;
}

// The reverse: a gives the shapes. Throws InvalidArgument where the size differs.
template <class T>
void unpack(const Vector<double>& packed, T& a) {
  detail::require(packed.size() == packed_size(a), "unpack: the vector must hold ", packed_size(a),
                  " numbers; got ", packed.size());
  Index at = 0;
  detail::visit_leaves(
      [&](double* x, Index n) {
        for (Index i = 0; i < n; ++i) x[i] = packed[at++];
      },
      a);
}

// True if every number of a is finite.
template <class T>
bool all_finite(const T& a) {
  bool finite = true;
  detail::visit_leaves(
      [&](const double* x, Index n) { finite = finite && detail::all_finite(x, n); },
      detail::unconst(a));
  return finite;
}

LATENT_END
