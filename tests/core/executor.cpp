#include "latent/core/executor.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;

namespace {

// Sums whose bits depend on the order of additions.
double lane_value(Index lane) {
  return 1.0 / (1.0 + static_cast<double>(lane * lane % 97)) + 1e-9 * static_cast<double>(lane);
}

// The tree that the library promises: [first, last) splits at the largest power of two below its
// length.
double tree_sum(Index first, Index last) {
  if (last - first == 1) return lane_value(first);
  Index half = 1;
  while (2 * half < last - first) half *= 2;
  return tree_sum(first, first + half) + tree_sum(first + half, last);
}

template <class Exec>
double reduced(const Exec& executor, Index lanes) {
  auto team = executor.team();
  return team.reduce(
      lanes, [] { return 0.0; }, [](Index lane, double& sum) { sum += lane_value(lane); });
}

}  // namespace

TEST_CASE("executor: lanes merge along one tree, for every number of lanes and threads") {
  for (const Index lanes : {1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1000}) {
    const double expected = tree_sum(0, lanes);
    INFO("lanes " << lanes);
    CHECK(latent_test::same_bits(reduced(latent::Serial{}, lanes), expected));
    for (const int threads : {1, 2, 3, 5, 8, 64})
      CHECK(latent_test::same_bits(reduced(latent::Threads{threads}, lanes), expected));
  }
  CHECK(reduced(latent::Serial{}, 0) == 0.0);
  CHECK(tree_sum(0, 1000) != [] {
    double sum = 0;
    for (Index lane = 0; lane < 1000; ++lane) sum += lane_value(lane);
    return sum;
  }());  // the data can tell one order from another
}

TEST_CASE("executor: repeated jobs on one team give the same bits, fifty times") {
  auto team = latent::Threads{4}.team();
  const double expected = tree_sum(0, 333);
  for (int repetition = 0; repetition < 50; ++repetition) {
    const double sum = team.reduce(
        Index{333}, [] { return 0.0; }, [](Index lane, double& s) { s += lane_value(lane); });
    CHECK(latent_test::same_bits(sum, expected));
  }
}

TEST_CASE("executor: every lane runs once") {
  std::vector<std::atomic<int>> runs(777);
  auto team = latent::Threads{3}.team();
  team.for_each_lane(777, [&](Index lane) { ++runs[static_cast<std::size_t>(lane)]; });
  for (const auto& count : runs) CHECK(count == 1);
}

TEST_CASE("executor: one lane runs on the calling thread") {
  auto team = latent::Threads{8}.team();
  std::thread::id where;
  team.for_each_lane(1, [&](Index) { where = std::this_thread::get_id(); });
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE(
    "executor: the exception of the lowest failing lane is the one that arrives, and the team "
    "lives on") {
  auto team = latent::Threads{4}.team();
  for (int repetition = 0; repetition < 20; ++repetition) {
    const std::string message = latent_test::message_of<std::runtime_error>([&] {
      team.for_each_lane(200, [](Index lane) {
        if (lane % 10 == 7) throw std::runtime_error("lane " + std::to_string(lane));
      });
    });
    CHECK(message == "lane 7");
  }
  CHECK(latent_test::same_bits(
      team.reduce(
          Index{9}, [] { return 0.0; }, [](Index lane, double& s) { s += lane_value(lane); }),
      tree_sum(0, 9)));
}

TEST_CASE("executor: a failure of a higher lane that comes later does not replace the lower one") {
  auto team = latent::Threads{2}.team();
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::atomic<bool> first_failed{false};
    const std::string message = latent_test::message_of<std::runtime_error>([&] {
      team.for_each_lane(2, [&](Index lane) {
        if (lane == 0) {
          first_failed = true;
          throw std::runtime_error("lane 0");
        }
        while (!first_failed) std::this_thread::yield();  // lanes are handed out in order
        throw std::runtime_error("lane 1");
      });
    });
    CHECK(message == "lane 0");
  }
}

TEST_CASE("executor: statistics keep their constants when they are reused for another lane") {
  struct Shifted {
    double sum = 0;
    double shift = 0;
    auto fields() { return std::tie(sum); }
  };
  auto team = latent::Threads{2}.team();
  const Shifted total = team.reduce(
      Index{100},
      [] {
        return Shifted{0, 3.0};
      },
      [](Index lane, Shifted& s) { s.sum += static_cast<double>(lane) - s.shift; });
  CHECK(total.sum == 4950 - 300);
  CHECK(total.shift == 3.0);
}
