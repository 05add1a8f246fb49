// Buffers shared by the lanes of a fit.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "latent/core/config.hpp"

LATENT_BEGIN

namespace detail {

// Buffers that outlive a lane: there are as many as threads.
template <class T>
class Pool {
 public:
  template <class Make, class Use>
  void borrow(const Make& make, const Use& use) {
    std::unique_ptr<T> item;
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        item = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!item) item = make();
    use(*item);
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(item));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace detail

LATENT_END
