// Very many classes: documents as sets of words, 20,000 of them into 290 classes, which is 1/100 of
// 2,000,000 documents into 29,000 classes, the size at which k-means as it stands is out of reach.
// A tree of centroids makes the cost of a document grow with the square root of the classes.
//
// The documents are made up. A topic is one of ten specialties of one of 29 fields; a field has 13
// words ("geology", "geometry", ...), of which a specialty uses three all the time and the others
// now and then; all use common words. What a topic is shows in combinations of words alone.
//
// Look at: the words that stand out in a class, which name a topic nobody told it of; the second
// table: what the tree costs in accuracy, as it measures it itself; and the last: what the full size
// would take.
#include <algorithm>
#include <cmath>
#include <latent/core/random.hpp>
#include <latent/core/table.hpp>
#include <latent/kmeans.hpp>
#include <latent/metrics.hpp>
#include <numeric>
#include <sstream>
#include <thread>

#include "support/number.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Index;
using latent::Labels;
using latent::RowMatrix;

namespace {

const std::vector<std::string> fields{"aero",  "agro",  "anthro", "aqua",    "archeo", "astro",
                                      "audio", "bio",   "cardio", "chrono",  "cosmo",  "crypto",
                                      "cyber", "dermo", "eco",    "electro", "ethno",  "geo",
                                      "helio", "hydro", "lexi",   "litho",   "micro",  "neuro",
                                      "opto",  "paleo", "photo",  "psycho",  "thermo"};
const std::vector<std::string> stems{"logy",    "metry",    "graphy", "nomy",  "scopy",
                                     "genesis", "physics",  "chemy",  "tropy", "pathy",
                                     "statics", "dynamics", "phony"};
const std::vector<std::string> common{"we",    "study", "method", "result", "new",    "large",
                                      "small", "model", "data",   "time",   "first",  "paper",
                                      "show",  "found", "known",  "theory", "effect", "sample",
                                      "value", "case",  "work",   "use",    "report"};
constexpr Index specialties = 10;

Index word_count() {
  return static_cast<Index>(fields.size() * stems.size() + common.size());
}

std::string word(Index j) {
  const auto at = static_cast<std::size_t>(j);
  const std::size_t technical = fields.size() * stems.size();
  return at < technical ? fields[at / stems.size()] + stems[at % stems.size()]
                        : common[at - technical];
}

// Topic t: its field, and the stem of its i-th own word, i < 3.
Index field_of(Index topic) {
  return topic / specialties;
}
Index own_word(Index topic, Index i) {
  constexpr Index offsets[3] = {0, 1, 3};
  const auto in_field = static_cast<Index>(stems.size());
  return field_of(topic) * in_field + (topic % specialties + offsets[i]) % in_field;
}

struct Documents {
  // n x D: log(n / documents with the word) for each word of the document; rows of length 1
  RowMatrix<float> words;
  Labels topics;  // n
};

Documents write_documents(Index count, std::uint64_t seed) {
  const auto topics = static_cast<Index>(fields.size()) * specialties;
  const auto in_field = static_cast<Index>(stems.size());
  const auto technical = static_cast<Index>(fields.size()) * in_field;
  Documents documents{RowMatrix<float>::Zero(count, word_count()), Labels(count)};
  const latent::Random stream{seed};
  for (Index i = 0; i < count; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    const Index topic = random.below(topics);
    documents.topics[i] = static_cast<int>(topic);
    const Index length = 20 + random.below(41);
    for (Index written = 0; written < length; ++written) {
      const double kind = random.uniform();
      const Index chosen = kind < 0.30   ? technical + random.below(word_count() - technical)
                           : kind < 0.80 ? own_word(topic, random.below(3))
                           : kind < 0.90 ? field_of(topic) * in_field + random.below(in_field)
                                         : random.below(technical);
      documents.words(i, chosen) = 1.0f;
    }
  }
  const Eigen::RowVectorXf found = documents.words.colwise().sum();
  for (Index j = 0; j < word_count(); ++j)
    documents.words.col(j) *= std::log(static_cast<float>(count) / std::max(found[j], 1.0f));
  documents.words.rowwise().normalize();
  return documents;
}

// K x T: documents of class k on topic t.
Eigen::MatrixXd contingency(const Labels& classes, Index clusters, const Labels& topics) {
  Eigen::MatrixXd table = Eigen::MatrixXd::Zero(clusters, topics.maxCoeff() + 1);
  for (Index i = 0; i < classes.size(); ++i) table(classes[i], topics[i]) += 1.0;
  return table;
}

// The words whose share in the class is the largest multiple of their share in all documents.
std::string standing_out(const RowMatrix<float>& centroids, Index k,
                         const Eigen::RowVectorXf& mean) {
  std::vector<Index> order(static_cast<std::size_t>(mean.size()));
  std::iota(order.begin(), order.end(), Index{0});
  const auto lift = [&](Index j) { return mean[j] > 0.0f ? centroids(k, j) / mean[j] : 0.0f; };
  std::partial_sort(order.begin(), order.begin() + 4, order.end(),
                    [&](Index a, Index b) { return lift(a) > lift(b); });
  std::string words;
  for (std::size_t w = 0; w < 4; ++w)
    words +=
        (w > 0 ? ", " : "") + word(order[w]) + " " + fixed(static_cast<double>(lift(order[w])), 0);
  return words;
}

struct Measured {
  double rows;
  double clusters;
  double seconds;
};

// seconds = n D (a + b sqrt(K)): reading a row costs a, its way through two levels b. (A bare power
// of K, fitted to small K, would take a for the whole.)
struct CostLaw {
  double reading = 0.0;     // a
  double descending = 0.0;  // b

  double seconds(double rows, double clusters, double cols) const {
    return rows * cols * (reading + descending * std::sqrt(clusters));
  }
};

// By least squares.
CostLaw cost_law(const std::vector<Measured>& measured, double cols) {
  const auto count = static_cast<Index>(measured.size());
  Eigen::VectorXd x(count);
  Eigen::VectorXd y(count);
  for (Index i = 0; i < count; ++i) {
    const Measured& m = measured[static_cast<std::size_t>(i)];
    x[i] = std::sqrt(m.clusters);
    y[i] = m.seconds / (m.rows * cols);
  }
  const Eigen::VectorXd from_mean = x.array() - x.mean();
  const double slope = from_mean.cwiseProduct(y).sum() / from_mean.squaredNorm();
  return {y.mean() - slope * x.mean(), slope};
}

// What the fit holds beside the data: label, distance, index and mark a row (28 bytes), the tree in
// four forms, and for each thread the rows of one node.
double bytes_beside(double rows, double clusters, double cols, double threads) {
  return 28.0 * rows + 16.0 * clusters * cols + 4.0 * threads * rows / std::sqrt(clusters) * cols;
}

std::string amount(double value, const std::vector<std::string>& units, double step) {
  std::size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return fixed(value, value < 10.0 ? 1 : 0) + " " + units[unit];
}
std::string bytes(double value) {
  return amount(value, {"B", "kB", "MB", "GB", "TB"}, 1000.0);
}
std::string duration(double seconds) {
  return seconds < 60.0 ? fixed(seconds, 2) + " s" : amount(seconds / 60.0, {"min", "h"}, 60.0);
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"20,000 documents into 290 classes by a tree of centroids"};
  program.takes_threads().takes_seed();
  return program.run(argc, argv, [&] {
    constexpr Index rows = 20000;
    constexpr Index clusters = 290;
    const latent::Threads threads{program.threads};
    const Documents documents = write_documents(rows, program.seed);
    const auto cols = static_cast<double>(documents.words.cols());
    const auto options = [&](Index k) {
      return latent::HierarchicalKMeans{.clusters = k, .seed = program.seed};
    };

    const auto fit = options(clusters).fit(documents.words, threads);
    // Lloyd's iteration as it stands, for the last table says what it costs.
    const auto flat = latent::KMeans{.clusters = clusters,
                                     .algorithm = latent::KMeansAlgorithm::lloyd,
                                     .max_iterations = 10,
                                     .seed = program.seed}
                          .fit(documents.words, threads);

    // Eight classes, from the largest to the smallest, by their words.
    const Eigen::MatrixXd table = contingency(fit.labels, clusters, documents.topics);
    const Eigen::VectorXd sizes = table.rowwise().sum();
    std::vector<Index> order(static_cast<std::size_t>(clusters));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return sizes[a] > sizes[b]; });
    const Eigen::RowVectorXf mean = documents.words.colwise().mean();
    latent::Table classes{{{"class"},
                           {"documents", 0},
                           {"words that stand out, and how many times as common"},
                           {"of its commonest topic", 2},
                           {"own words of that topic"}}};
    for (std::size_t rank = 0; rank < 8; ++rank) {
      const Index k = order[rank * 41 % order.size()];
      Index topic = 0;
      const double most = table.row(k).maxCoeff(&topic);
      classes.row({k, static_cast<Index>(sizes[k]), standing_out(fit.model.centroids(), k, mean),
                   most / sizes[k],
                   word(own_word(topic, 0)) + ", " + word(own_word(topic, 1)) + ", " +
                       word(own_word(topic, 2))});
    }

    latent::Table quality{{{"method"},
                           {"inertia", 1},
                           {"purity", 3},
                           {"NMI", 3},
                           {"not the nearest, %", 1},
                           {"+-", 1},
                           {"excess inertia, %", 2},
                           {"+-", 2}}};
    quality.row(
        {"k-means, 10 iterations", flat.inertia, latent::purity(flat.labels, documents.topics),
         latent::normalized_mutual_information(flat.labels, documents.topics), 0.0, 0.0, 0.0, 0.0});
    const auto quality_row = [&](const std::string& method, const auto& tree) {
      quality.row({method, tree.inertia, latent::purity(tree.labels, documents.topics),
                   latent::normalized_mutual_information(tree.labels, documents.topics),
                   100.0 * tree.error.mislabelled, 100.0 * tree.error.mislabelled_error,
                   100.0 * tree.error.excess, 100.0 * tree.error.excess_error});
    };
    auto narrow = options(clusters);
    narrow.beam = 1;
    quality_row("tree, beam 1", narrow.fit(documents.words, threads));
    quality_row("tree, beam 4", fit);

    // What it costs: measured, and by the law that fits.
    std::vector<Measured> measured;
    const std::vector<std::pair<Index, Index>> shapes{
        {5000, 72}, {10000, 145}, {20000, 72}, {20000, 290}, {20000, 1160}};
    for (const auto& [n, k] : shapes) {
      // The error costs n_sample K D, which is no part of the fit.
      auto timed = options(k);
      timed.error_rows = 0;
      const double seconds = timed.fit(documents.words.topRows(n), threads).report.seconds;
      measured.push_back({static_cast<double>(n), static_cast<double>(k), seconds});
    }
    const CostLaw law = cost_law(measured, cols);
    // One iteration of Lloyd and no start.
    const double flat_factor = (flat.report.seconds - flat.report.trace[0].seconds) /
                               static_cast<double>(flat.report.evaluations - 1) /
                               (static_cast<double>(rows) * clusters * cols);
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    const double workers = std::max(1, program.threads > 0 ? program.threads : cores);
    latent::Table cost{{{"documents", 0},
                        {"classes", 0},
                        {"tree, measured"},
                        {"tree, by its law"},
                        {"Lloyd, 10 iterations, by n K D"},
                        {"bytes beside the data"},
                        {"bytes of the data"},
                        {"an n x K table"}}};
    const auto cost_row = [&](double n, double k, const latent::Cell& seconds) {
      cost.row({static_cast<Index>(n), static_cast<Index>(k), seconds,
                duration(law.seconds(n, k, cols)), duration(10.0 * flat_factor * n * k * cols),
                bytes(bytes_beside(n, k, cols, workers)), bytes(4.0 * n * cols),
                bytes(4.0 * n * k)});
    };
    for (const Measured& m : measured) cost_row(m.rows, m.clusters, duration(m.seconds));
    cost_row(2000000.0, 29000.0, latent::Cell{});

    std::ostringstream page;
    page << "# " << rows << " documents into " << clusters << " classes\n\n"
         << "Each document is the set of its words, " << word_count()
         << " in all, as a row of length 1. " << fields.size() << " fields x " << specialties
         << " specialties = 290 topics.\n\n"
         << classes.to_markdown() << "\nThe tree has two levels, " << fit.model.nodes(0).rows()
         << " nodes above the classes. The share of documents whose class is not the\nnearest, and "
            "the inertia too much, are estimates on "
         << fit.error.rows << " documents with their standard errors:\n\n"
         << quality.to_markdown() << "\nWhat it takes. The law of the tree is "
         << fixed(1e9 * law.reading, 1) << "e-9 s x n x D + " << fixed(1e9 * law.descending, 2)
         << "e-9 s x n x D x sqrt(K), fitted to what\nwas measured here; Lloyd's is "
         << fixed(1e12 * flat_factor, 1)
         << "e-12 s x n x K x D an iteration, without its start. Bytes are\ncounted by what each "
            "part holds. The last line is the full size, beyond what was measured: an "
            "extrapolation.\n\n"
         << cost.to_markdown();
    program.publish("large_k.md", page.str());
  });
}
