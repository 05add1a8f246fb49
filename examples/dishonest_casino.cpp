// A casino that is honest most of the time. It owns two dice, a fair one and a loaded one that shows
// six half of the time, and swaps them now and then when nobody looks. We see the throws only.
// (R. Durbin, S. Eddy, A. Krogh, G. Mitchison, "Biological sequence analysis", 1998, chapter 3.)
//
// The die is a hidden state, and the state moves as a Markov chain: that is a hidden Markov model.
// Asked: how often are the dice swapped, what are they like, and when was the loaded one in play?
//   E-step (forward-backward): how probable is each die at each throw, given all throws, those that
//   came later too? M-step: expected swaps and expected faces, divided by their sums.
// Any mixture family can be the hidden part; `Dice` below is one written for this program, with the
// same five functions as in my_own_model.cpp.
//
// Look at: the picture. One six says little, but many in a row lift the curve into the grey bands,
// where the loaded die truly was. Short visits of the loaded die leave too few throws to be seen.
// And the last table: looking at the neighbours of a throw beats looking at the throw alone.
#include <cmath>
#include <latent/hidden_markov.hpp>
#include <sstream>

#include "support/plot.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::Vector;

// K dice of six faces. A row of data is one throw: the face, 1 ... 6.
struct Dice {
  using Statistics = RowMatrix<double>;  // K x 6: expected throws of each face
  RowMatrix<double> probability;         // K x 6

  Index components() const { return probability.rows(); }
  Index dimension() const { return 1; }
  Statistics zero() const { return Statistics::Zero(components(), 6); }

  static Index face(double x) { return static_cast<Index>(x) - 1; }

  void log_density(const Eigen::Ref<const RowMatrix<double>>& x, RowMatrix<double>& out) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k) out(i, k) = std::log(probability(k, face(x(i, 0))));
  }
  void accumulate(const Eigen::Ref<const RowMatrix<double>>& x, const RowMatrix<double>& r,
                  Statistics& s) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k) s(k, face(x(i, 0))) += r(i, k);
  }
  Dice maximize(const Vector<double>& n, const Statistics& s) const {
    Dice next = *this;  // a die that was never thrown stays as it was
    for (Index k = 0; k < components(); ++k)
      if (n[k] > 0.0) next.probability.row(k) = s.row(k) / n[k];
    return next;
  }
  // Lets the model make data of its own.
  void sample(Index k, latent::Random& random, double* row) const {
    double rest = random.uniform();
    Index shown = 0;
    while (shown < 5 && (rest -= probability(k, shown)) >= 0.0) ++shown;
    row[0] = static_cast<double>(shown + 1);
  }
};

namespace {

using Casino = latent::HiddenMarkov<Dice>;

const std::vector<std::string> names{"fair", "loaded"};

double share_of(const Labels& a, const Labels& b) {
  return (a.array() == b.array()).cast<double>().mean();
}

std::string tables(const Casino& truth, const Casino& found) {
  examples::Table swaps{{"from", "to fair", "to loaded", "true to fair", "true to loaded"}};
  examples::Table dice{{"die", "1", "2", "3", "4", "5", "6"}};
  for (Index k = 0; k < 2; ++k) {
    const std::string& name = names[static_cast<std::size_t>(k)];
    swaps.row(name, fixed(found.transition(k, 0), 3), fixed(found.transition(k, 1), 3),
              fixed(truth.transition(k, 0), 3), fixed(truth.transition(k, 1), 3));
    for (const bool estimated : {true, false}) {
      const RowMatrix<double>& p = (estimated ? found : truth).family.probability;
      std::vector<std::string> cells{name + (estimated ? "" : ", true")};
      for (Index j = 0; j < 6; ++j) cells.push_back(fixed(p(k, j), 3));
      dice.row(cells);
    }
  }
  return swaps.markdown() + '\n' + dice.markdown();
}

// The first `count` throws: P(loaded) as a curve, and grey where the loaded die was in play.
void draw(const std::filesystem::path& png, const RowMatrix<double>& throws,
          const Vector<double>& loaded, const Labels& truth, Index count) {
  Eigen::MatrixXd columns(count, 4);
  for (Index i = 0; i < count; ++i)
    columns.row(i) << static_cast<double>(i + 1), loaded[i], truth[i],
        (throws(i, 0) == 6.0 ? 1.04 : -1.0);
  examples::Plot plot{1200, 420};
  const std::string data = plot.data(columns);
  plot << "set title 'The dishonest casino: P(loaded | all throws)'\nset xlabel 'throw'\n"
       << "set yrange [0:1.08]\nset xrange [1:" + std::to_string(count) + "]\nset key outside\n"
       << "plot " << data
       << " using 1:3 with fillsteps fs solid 0.25 noborder lc 'gray40' title 'loaded die in play'"
       << ", " << data << " using 1:2 with lines lw 2 lc '#d62728' title 'P(loaded)'"
       << ", " << data << " using 1:4 with points pt 7 ps 0.4 lc 'black' title 'a six'\n";
  plot.save(png);
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"the dishonest casino: a hidden Markov model of two dice"};
  program.takes_seed().takes_threads();
  return program.run(argc, argv, [&] {
    const double sixth = 1.0 / 6.0;
    const Casino truth{Vector<double>{{0.5, 0.5}},
                       RowMatrix<double>{{0.95, 0.05}, {0.10, 0.90}},
                       {RowMatrix<double>{{sixth, sixth, sixth, sixth, sixth, sixth},
                                          {0.1, 0.1, 0.1, 0.1, 0.1, 0.5}}}};
    Labels states;
    const RowMatrix<double> throws = truth.sample(20000, program.seed, &states);

    // All that the guess knows: dice are kept for a while, and one of them likes the six more.
    const Casino guess{Vector<double>{{0.5, 0.5}},
                       RowMatrix<double>{{0.8, 0.2}, {0.2, 0.8}},
                       {RowMatrix<double>{{0.17, 0.17, 0.17, 0.17, 0.17, 0.15},
                                          {0.15, 0.15, 0.15, 0.15, 0.15, 0.25}}}};
    const latent::EM em{.max_iterations = 2000, .tolerance = 1e-9};
    const auto fit = em.fit(guess, throws, latent::Threads{program.threads});
    const Casino& found = fit.model;
    const RowMatrix<double> posterior = found.posterior(throws);

    const latent::Mixture<Dice> each_alone{found.stationary(), found.family};
    examples::Table right{{"which die was it?", "right"}};
    right.row("always say fair", fixed(share_of(Labels::Zero(throws.rows()), states), 3));
    right.row("each throw alone", fixed(share_of(each_alone.predict(throws), states), 3));
    right.row("most probable path (Viterbi)", fixed(share_of(found.predict(throws), states), 3));
    right.row("most probable die at each throw",
              fixed(share_of(found.posterior_mode(throws), states), 3));
    right.row("the same, with the true parameters",
              fixed(share_of(truth.posterior_mode(throws), states), 3));

    std::ostringstream page;
    page << "# The dishonest casino: " << throws.rows() << " throws\n\n"
         << tables(truth, found) << "\nLog-likelihood " << fixed(fit.log_likelihood, 3) << " after "
         << fit.report.iterations << " iterations (" << latent::to_string(fit.report.status)
         << "); of the true model " << fixed(truth.log_likelihood(throws), 3)
         << ". In the long run the loaded die is in play for " << fixed(found.stationary()[1], 3)
         << " of all throws (true: " << fixed(truth.stationary()[1], 3) << ").\n\n"
         << right;
    program.publish("dishonest_casino.md", page.str());
    draw(program.output / "dishonest_casino.png", throws, posterior.col(1), states, 300);
  });
}
