// Steps beyond what coordinate descent proposes, along the last move (Ang and Gillis 2019).
#pragma once

#include <algorithm>

#include "latent/decomposition/nmf/pass.hpp"

LATENT_BEGIN

namespace detail {

// The factors of a step that was accepted, and what the data say about them.
template <class S>
struct NMFState {
  RowMatrix<S> weights;     // L x n
  RowMatrix<S> components;  // L x D
  RowMatrix<S> proposed;    // L x D: the components before they were extrapolated
  NMFStatistics sums;
};

// How far to go: further while that pays, less far after it did not (algorithm 3, with the paper's
// constants).
class Reach {
 public:
  double length() const { return length_; }
  void extend() {
    ceiling_ = std::min(1.0, 1.01 * ceiling_);
    accepted_ = length_;
    length_ = std::min(ceiling_, 1.05 * length_);
  }
  void shorten() {
    ceiling_ = accepted_;
    length_ /= 1.5;
  }

 private:
  double length_ = 0.5;
  double ceiling_ = 1.0;
  double accepted_ = 0.5;
};

// max(0, here + length (here - before)), entry by entry.
template <class S>
RowMatrix<S> beyond(const RowMatrix<S>& here, const RowMatrix<S>& before, double length) {
  const S beta = static_cast<S>(length);
  return (here + beta * (here - before)).cwiseMax(S(0));
}

// The statistics of here + length (here - before), which may have negative weights and costs no pass
// over the data: cross is linear, and the gram needs that between the two.
template <class S, class Team>
NMFStatistics beyond(const NMFData<S>& data, const NMFState<S>& here, const NMFState<S>& before,
                     double length, Team& team) {
  NMFStatistics sums = here.sums;
  const double a = 1.0 + length;
  const RowMatrix<double> between = gram_between(data, here.weights, before.weights, team);
  sums.cross = a * here.sums.cross - length * before.sums.cross;
  sums.gram = (a * a) * here.sums.gram + (length * length) * before.sums.gram -
              (a * length) * (between + between.transpose());
  sums.totals = a * here.sums.totals - length * before.sums.totals;
  return sums;
}

}  // namespace detail

LATENT_END
