// Where the work runs: Serial{} or Threads{n}. Both give the same bits.
//
// The rows of a problem form lanes of 2048 rows, whatever the machine. Each lane's statistics are
// summed in row order, and the lanes merge along one balanced binary tree that depends on their
// number alone. Threads take lanes in order and whoever completes a pair merges it, so at most a
// few partial results per thread are alive.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "latent/core/statistics.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Collects the lanes' statistics and merges neighbours as soon as both are there: left += right,
// always. Node (level, i) covers lanes i 2^level ... (i+1) 2^level - 1; a node whose sibling lies
// past the end rises as it is.
template <class Statistics>
class ReductionTree {
 public:
  explicit ReductionTree(Index lanes) : lanes_{lanes} {}

  // An idle object to fill, if there is one: sparing an allocation a lane.
  std::optional<Statistics> take_idle() {
    const std::lock_guard lock{mutex_};
    if (idle_.empty()) return std::nullopt;
    std::optional<Statistics> taken{std::move(idle_.back())};
    idle_.pop_back();
    return taken;
  }

  void complete(Index lane, Statistics statistics) {
    Index level = 0;
    Index node = lane;
    std::unique_lock lock{mutex_};
    while (((lanes_ - 1) >> level) > 0) {
      const Index sibling = node ^ 1;
      if (sibling <= (lanes_ - 1) >> level) {
        const auto found = waiting_.find({level, sibling});
        if (found == waiting_.end()) {
          waiting_.emplace(std::pair{level, node}, std::move(statistics));
          return;
        }
        Statistics other = std::move(found->second);
        waiting_.erase(found);
        lock.unlock();
        if (sibling < node) std::swap(statistics, other);
        merge(statistics, other);  // by its own rule where it has one, as moments do
        lock.lock();
        idle_.push_back(std::move(other));
      }
      node >>= 1;
      ++level;
    }
    root_.emplace(std::move(statistics));
  }

  Statistics take_root() { return std::move(*root_); }

 private:
  Index lanes_;
  std::mutex mutex_;
  std::map<std::pair<Index, Index>, Statistics> waiting_;
  std::vector<Statistics> idle_;
  std::optional<Statistics> root_;
};

// A team of threads for the length of one fit. Started at the first job with more than one lane;
// where a thread cannot start, fewer run. The calling thread takes part.
class Team {
 public:
  explicit Team(int threads) : threads_{threads} {
    static const int cores = static_cast<int>(std::thread::hardware_concurrency());
    patient_ = threads <= cores;
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  Team(Team&&) = delete;
  Team& operator=(Team&&) = delete;
  ~Team() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  // Calls body(lane) once for each lane in 0 ... lanes-1. The exception of the lowest lane that
  // throws is rethrown; lanes above it may not have run.
  void for_each_lane(Index lanes, const std::function<void(Index)>& body) {
    if (lanes <= 1 || threads_ <= 1) {
      for (Index lane = 0; lane < lanes; ++lane) body(lane);
      return;
    }
    start(std::min<Index>(threads_, lanes) - 1);
    std::unique_lock lock{mutex_};
    body_ = &body;
    lanes_ = lanes;
    next_ = 0;
    failed_lane_ = lanes;
    failure_ = nullptr;
    ++job_;
    lock.unlock();
    wake_.notify_all();
    work();
    look_out_for([this] { return running_ == 0; });
    lock.lock();
    done_.wait(lock, [this] { return running_ == 0; });
    body_ = nullptr;
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  // The merged statistics of all lanes. fill(lane, statistics) adds a lane's rows to statistics
  // that come from zero().
  template <class Zero, class Fill>
  auto reduce(Index lanes, const Zero& zero, const Fill& fill) {
    using Statistics = std::decay_t<decltype(zero())>;
    if (lanes <= 1) {
      Statistics statistics = zero();
      if (lanes == 1) fill(Index{0}, statistics);
      return statistics;
    }
    ReductionTree<Statistics> tree{lanes};
    for_each_lane(lanes, [&](Index lane) {
      std::optional<Statistics> statistics = tree.take_idle();
      if (statistics)
        set_zero(*statistics);
      else
        statistics.emplace(zero());
      fill(lane, *statistics);
      tree.complete(lane, std::move(*statistics));
    });
    return tree.take_root();
  }

 private:
  void start(Index workers) {
    while (static_cast<Index>(workers_.size()) < workers) {
      try {
        workers_.emplace_back([this] { serve(); });
      } catch (const std::system_error&) {
        threads_ = static_cast<int>(workers_.size()) + 1;
        return;
      }
    }
  }

  void serve() {
    Index seen = 0;
    std::unique_lock lock{mutex_, std::defer_lock};
    for (;;) {
      look_out_for([&] { return stopping_ || job_ != seen; });
      lock.lock();
      wake_.wait(lock, [&] { return stopping_ || (job_ != seen && body_ != nullptr); });
      if (stopping_) return;
      seen = job_;
      ++running_;
      lock.unlock();
      work();
      lock.lock();
      if (--running_ == 0) done_.notify_all();
      lock.unlock();
    }
  }

  // Returns when `ready` or after a short while: to sleep and be woken costs as much as a small job.
  // Not where threads are more than cores, since then another needs this one's.
  template <class Ready>
  void look_out_for(const Ready& ready) const {
    using Clock = std::chrono::steady_clock;
    if (!patient_) return;
    const Clock::time_point end = Clock::now() + std::chrono::microseconds{50};
    while (!ready() && Clock::now() < end) {
    }
  }

  void work() {
    for (;;) {
      std::unique_lock lock{mutex_};
      // Lanes are handed out in order: when lane L fails, every lane below it is finished or under
      // way, so the lowest failing lane is always found.
      if (next_ >= std::min(lanes_, failed_lane_)) return;
      const Index lane = next_++;
      const auto* body = body_;
      lock.unlock();
      try {
        (*body)(lane);
      } catch (...) {
        lock.lock();
        if (lane < failed_lane_) {
          failed_lane_ = lane;
          failure_ = std::current_exception();
        }
      }
    }
  }

  int threads_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  const std::function<void(Index)>* body_ = nullptr;
  Index lanes_ = 0;
  Index next_ = 0;
  Index failed_lane_ = 0;
  std::exception_ptr failure_;
  bool patient_ = false;
  // Changed under the lock, and looked at without.
  std::atomic<Index> job_ = 0;
  std::atomic<Index> running_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace detail

// Runs everything on the calling thread.
struct Serial {
  detail::Team team() const { return detail::Team{1}; }
};

// Runs on `count` threads, the caller among them; 0 or less = one for each core. More than 256 are
// clamped.
struct Threads {
  int count = 0;

  detail::Team team() const {
    constexpr int most = 256;
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return detail::Team{std::clamp(count > 0 ? count : cores, 1, most)};
  }
};

// What a fit needs of an executor: a team that it keeps while it runs, with for_each_lane(lanes,
// body) and reduce(lanes, zero, fill) as detail::Team has them.
template <class E>
concept Executor = requires(const E& executor, const std::function<void(Index)>& body,
                            double (*zero)(), void (*fill)(Index, double&)) {
  executor.team();
  executor.team().for_each_lane(Index{1}, body);
  { executor.team().reduce(Index{1}, zero, fill) } -> std::same_as<double>;
};

LATENT_END
