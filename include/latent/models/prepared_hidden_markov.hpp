// A hidden Markov model made ready for one E-step, and what its variants make of a sequence.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/types.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"
#include "latent/models/forward_backward.hpp"
#include "latent/models/markov_chain.hpp"
#include "latent/models/viterbi.hpp"

LATENT_BEGIN

// Expected counts, times the weights of the sequences.
template <class FamilyStatistics>
struct HiddenMarkovStatistics {
  Vector<double> initial;        // K: sequences that begin in state k
  RowMatrix<double> transition;  // K x K: steps from state j to state k
  Vector<double> n;              // K: rows in state k
  FamilyStatistics family;       // the family's expected statistics
  auto fields() { return std::tie(initial, transition, n, family); }
};

namespace detail {

template <class F>
struct PreparedHiddenMarkov {
  using S = ScalarOf<F>;
  using Statistics = HiddenMarkovStatistics<typename F::Statistics>;
  using Prepared =
      decltype(prepared(std::declval<const F&>()));  // a value, or a reference to the family

  const Vector<double>& initial;
  const RowMatrix<double>& transition;
  const F& family;
  Prepared density;
  LogChain chain;

  Index states() const { return chain.size(); }

  // f(first row in the block, evidence) for each sequence; `labelled` clamps the known states. The
  // evidence is f's to change. The family sees tiles, whatever the length of a sequence.
  template <class Body>
  void for_each_sequence(const Block<S>& block, bool labelled, const Body& body) const {
    const Index rows = block.x.rows();
    RowMatrix<double> log_density(rows, states());
    RowMatrix<S> tile;
    for (Index first = 0; first < rows; first += tile_rows) {
      const Index count = std::min(tile_rows, rows - first);
      tile.resize(count, states());
      density.log_density(block.x.middleRows(first, count), tile);
      log_density.middleRows(first, count) = tile.template cast<double>();
    }
    Labels labels = block.labels;
    if (!labelled) labels.setConstant(-1);
    Index first = 0;
    for (const Index length : block.sequences) {
      const Evidence evidence{log_density.data() + first * states(), labels.data() + first, length,
                              states()};
      evidence.clamp();
      body(first, evidence);
      first += length;
    }
  }

  // Adds a block's expected statistics. A sequence of weight 0 counts for nothing; one with NaN or
  // +inf among the log densities that matter makes the sums NaN, which the engine reports.
  template <Assignment A>
  Expectation expect(const Block<S>& block, const A& assign, const Step& step,
                     Statistics& statistics) const {
    const Index rows = block.x.rows();
    RowMatrix<double> r = RowMatrix<double>::Zero(rows, states());
    LogProduct work{states()};
    const Random stream(step.seed, Purpose::assignment, static_cast<std::uint64_t>(step.restart),
                        static_cast<std::uint64_t>(step.iteration));
    const double beta = exponent(assign, step);
    std::optional<LogChain> flat;
    if (beta != 1.0)
      flat.emplace(initial.array().pow(beta).matrix(), transition.array().pow(beta).matrix());
    Expectation sums;
    for_each_sequence(block, true, [&](Index first, const Evidence& evidence) {
      const double weight = block.weights[first];
      if (weight == 0.0) return;
      if (!evidence.sound()) {
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        sums = {nan, nan, nan};
        return;
      }
      double* gamma = r.data() + first * states();
      Expectation one;
      if constexpr (std::same_as<A, Soft> || std::same_as<A, Annealed>) {
        one = flat ? annealed(*flat, beta, evidence, weight, gamma, statistics.transition, work)
                   : soft(chain, evidence, weight, gamma, statistics.transition, work);
      } else {
        one = single_path<A>(evidence, weight, gamma, statistics.transition, work, [&](Index t) {
          return stream.at(static_cast<std::uint64_t>(block.first_row + first + t)).uniform();
        });
      }
      for (Index k = 0; k < states(); ++k) statistics.initial[k] += gamma[k];
      sums.log_likelihood += weight * one.log_likelihood;
      sums.objective += weight * one.objective;
      sums.magnitude += weight * one.magnitude;
    });
    for (Index first = 0; first < rows; first += tile_rows) {
      const Index count = std::min(tile_rows, rows - first);
      const RowMatrix<S> tile = r.middleRows(first, count).template cast<S>();
      for (Index i = 0; i < count; ++i)
        for (Index k = 0; k < states(); ++k) statistics.n[k] += static_cast<double>(tile(i, k));
      family.accumulate(block.x.middleRows(first, count), tile, statistics.family);
    }
    return sums;
  }

  // log p(x), with the labels that clamp the evidence; NaN where a log density is NaN or +inf.
  double log_likelihood(const Evidence& evidence) const {
    if (!evidence.sound()) return std::numeric_limits<double>::quiet_NaN();
    RowMatrix<double> filtered(evidence.length, evidence.states);
    LogProduct work{states()};
    return filter(chain, evidence, filtered.data(), work).log_likelihood;
  }

  // T x K: p(state at t | x); zero where a log density is NaN or +inf.
  RowMatrix<double> posterior(const Evidence& evidence) const {
    RowMatrix<double> gamma = RowMatrix<double>::Zero(evidence.length, evidence.states);
    if (!evidence.sound()) return gamma;
    LogProduct work{states()};
    (void)filter(chain, evidence, gamma.data(), work);
    smooth(chain, evidence, 1.0, gamma.data(), nullptr, work);
    return gamma;
  }

  // The most probable path into `path`, and its log-probability; NaN, and zeros, where a log
  // density is NaN or +inf.
  double best_path(const Evidence& evidence, int* path) const {
    if (evidence.sound()) return viterbi(chain, evidence, path).log_likelihood;
    std::fill(path, path + evidence.length, 0);
    return std::numeric_limits<double>::quiet_NaN();
  }

 private:
  // The posterior of all paths.
  static Expectation soft(const LogChain& chain, const Evidence& evidence, double weight,
                          double* gamma, RowMatrix<double>& transitions, LogProduct& work) {
    const SequenceLikelihood sum = filter(chain, evidence, gamma, work);
    smooth(chain, evidence, weight, gamma, &transitions, work);
    return {sum.log_likelihood, sum.log_likelihood, sum.magnitude};
  }

  // The posterior of p(path, x)^beta, and log sum_path p(path, x)^beta / beta as the objective.
  // `flat` is the chain to the power of beta.
  Expectation annealed(const LogChain& flat, double beta, const Evidence& evidence, double weight,
                       double* gamma, RowMatrix<double>& transitions, LogProduct& work) const {
    std::vector<double> powers(evidence.rows, evidence.rows + evidence.length * evidence.states);
    for (double& log_p : powers) log_p *= beta;
    const Evidence tempered{powers.data(), evidence.labels, evidence.length, evidence.states};
    const SequenceLikelihood sum = filter(chain, evidence, gamma, work);
    const Expectation free = soft(flat, tempered, weight, gamma, transitions, work);
    return {sum.log_likelihood, free.log_likelihood / beta, sum.magnitude};
  }

  // Hard: the most probable path, whose log-probability is the objective. Stochastic: a path drawn
  // from the posterior.
  template <Assignment A, class Uniform>
  Expectation single_path(const Evidence& evidence, double weight, double* gamma,
                          RowMatrix<double>& transitions, LogProduct& work,
                          const Uniform& uniform) const {
    const SequenceLikelihood sum = filter(chain, evidence, gamma, work);
    Labels path(evidence.length);
    double objective = sum.log_likelihood;
    if constexpr (std::same_as<A, Hard>) {
      const double best = viterbi(chain, evidence, path.data()).log_likelihood;
      if (is_finite(objective)) objective = best;
    } else {
      sample_states(chain, gamma, evidence.length, path.data(), uniform);
    }
    std::fill(gamma, gamma + evidence.length * evidence.states, 0.0);
    for (Index t = 0; t < evidence.length; ++t) {
      gamma[t * evidence.states + path[t]] = weight;
      if (t == 0) continue;
      const bool seen = evidence.labels[t - 1] >= 0 && evidence.labels[t] >= 0;
      if (seen || transition(path[t - 1], path[t]) > 0.0)  // else the chain was cut: see smooth()
        transitions(path[t - 1], path[t]) += weight;
    }
    return {sum.log_likelihood, objective, sum.magnitude};
  }
};

}  // namespace detail

LATENT_END
