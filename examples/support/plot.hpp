// Pictures through gnuplot, where it is installed.
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>

namespace examples {

// A gnuplot script under construction:
//
//   Plot plot{900, 600};
//   const std::string points = plot.data(x);
//   plot << "set xlabel 'minutes'\n" << "plot " << points << " using 1:2 with points\n";
//   plot.save("demo/points.png");
//
// Script and data live in a temporary folder that goes with the object.
class Plot {
 public:
  Plot(int width, int height);
  Plot(const Plot&) = delete;
  Plot& operator=(const Plot&) = delete;
  ~Plot();

  // Writes a matrix as columns of numbers; returns the file's name, quoted for the script.
  std::string data(const Eigen::Ref<const Eigen::MatrixXd>& values);

  Plot& operator<<(const std::string& script) {
    script_ += script;
    return *this;
  }

  // Runs the script and writes the PNG. Where there is no gnuplot, says so once on stderr, writes
  // nothing and returns false. A script that gnuplot rejects is a std::runtime_error with gnuplot's
  // words.
  bool save(const std::filesystem::path& png) const;

  // True if gnuplot can be run.
  static bool available();

 private:
  std::filesystem::path folder_;
  std::string script_;
  int width_;
  int height_;
  int files_ = 0;
};

}  // namespace examples
