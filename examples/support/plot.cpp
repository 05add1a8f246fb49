#include "support/plot.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <stdexcept>

#include "support/file.hpp"
#include "support/number.hpp"

namespace examples {

namespace {

namespace fs = std::filesystem;

#ifdef _WIN32
constexpr const char* silence = " >nul 2>&1";
#else
constexpr const char* silence = " >/dev/null 2>&1";
#endif

fs::path new_folder() {
  std::random_device device;
  for (int attempt = 0; attempt < 100; ++attempt) {
    fs::path folder = fs::temp_directory_path() / ("latent-plot-" + std::to_string(device()));
    if (fs::create_directory(folder)) return folder;
  }
  throw std::runtime_error("no folder for a plot can be made in " +
                           fs::temp_directory_path().string());
}

// In gnuplot's single quotes only the quote itself is special.
std::string quoted(const fs::path& path) {
  std::string text = "'";
  for (const char c : path.generic_string()) {
    if (c == '\'') text += '\'';
    text += c;
  }
  return text + "'";
}

}  // namespace

Plot::Plot(int width, int height) : folder_{new_folder()}, width_{width}, height_{height} {}

Plot::~Plot() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool Plot::available() {
  static const bool found = std::system((std::string{"gnuplot --version"} + silence).c_str()) == 0;
  return found;
}

std::string Plot::data(const Eigen::Ref<const Eigen::MatrixXd>& values) {
  std::string text;
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    for (Eigen::Index j = 0; j < values.cols(); ++j) {
      text += significant(values(i, j), 10) + ' ';
    }
    text += '\n';
  }
  const fs::path file = folder_ / ("data" + std::to_string(files_++) + ".txt");
  write_text(file, text);
  return quoted(file);
}

bool Plot::save(const fs::path& png) const {
  if (!available()) {
    static const bool once = [] {
      std::cerr << "gnuplot is not installed: plots are left out\n";
      return true;
    }();
    (void)once;
    return false;
  }
  const std::string size = std::to_string(width_) + "," + std::to_string(height_);
  const fs::path picture = folder_ / "plot.png";
  const fs::path script = folder_ / "plot.gp";
  const fs::path words = folder_ / "words.txt";
  write_text(script,
             "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
             "  set terminal pngcairo size " +
                 size +
                 " font 'sans,10'\n"
                 "} else {\n"
                 "  set terminal png size " +
                 size +
                 "\n"
                 "}\n"
                 "set encoding utf8\n"
                 "set output " +
                 quoted(picture) + "\n" + script_ + "\nunset output\n");
  const std::string command =
      "gnuplot \"" + script.string() + "\" >\"" + words.string() + "\" 2>&1";
  if (std::system(command.c_str()) != 0) {
    std::ifstream file{words};
    const std::string said{std::istreambuf_iterator<char>{file}, {}};
    throw std::runtime_error("gnuplot cannot draw " + png.string() + ": " + said);
  }
  write_bytes(png, read_bytes(picture));
  return true;
}

}  // namespace examples
