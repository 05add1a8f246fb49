// What every example program shares: options, the output folder, and one line on stderr where
// something fails.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace examples {

//   int main(int argc, char** argv) {
//     examples::Program program{"EM on two coins"};
//     return program.run(argc, argv, [&] { ... program.publish("coins.md", page.str()); });
//   }
class Program {
 public:
  explicit Program(const std::string& description);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  std::filesystem::path output = "demo";  // --output DIR, made where it is missing
  std::filesystem::path data = "data";    // --data DIR
  int threads = 0;                        // --threads N; 0 = one for each core
  std::uint64_t seed = 1;                 // --seed N

  // --output and --data are always there; these add the others.
  Program& takes_threads();
  Program& takes_seed();
  Program& takes_path(const std::string& option, std::filesystem::path& value,
                      const std::string& help);

  // Prints a page of Markdown, and writes it to the output folder.
  void publish(const std::string& file, const std::string& markdown) const;

  // Parses the arguments and calls body. Returns the exit code: 0, or 1 after an error, which is
  // printed as one line.
  int run(int argc, char** argv, const std::function<void()>& body);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace examples
