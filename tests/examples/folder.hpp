// A folder for one test, with a name no other test has, that goes with it.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace latent_test {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("latent-test-" + std::to_string(std::random_device{}()));
  Folder() { std::filesystem::create_directories(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace latent_test
