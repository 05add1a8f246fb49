#include "support/program.hpp"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "support/file.hpp"

namespace examples {

namespace fs = std::filesystem;

struct Program::Parser {
  CLI::App app;
};

Program::Program(const std::string& description) : parser_{std::make_unique<Parser>()} {
  parser_->app.description(description);
  takes_path("--output", output, "folder that the files are written to");
  takes_path("--data", data, "folder with the project's data");
}
Program::~Program() = default;

Program& Program::takes_threads() {
  parser_->app.add_option("--threads", threads, "number of threads, 0 = one for each core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  return *this;
}

Program& Program::takes_seed() {
  parser_->app.add_option("--seed", seed, "seed of the random numbers")->capture_default_str();
  return *this;
}

Program& Program::takes_path(const std::string& option, fs::path& value, const std::string& help) {
  parser_->app
      .add_option_function<std::string>(
          option, [&value](const std::string& text) { value = text; }, help)
      ->type_name("PATH")
      ->default_str(value.string());
  return *this;
}

void Program::publish(const std::string& file, const std::string& markdown) const {
  std::cout << markdown;
  write_text(output / file, markdown);
}

int Program::run(int argc, char** argv, const std::function<void()>& body) {
  const std::string name = argc > 0 ? fs::path{argv[0]}.filename().string() : "example";
  try {
    parser_->app.parse(argc, argv);
    fs::create_directories(output);
    body();
    std::cout.flush();
    if (!std::cout) throw std::runtime_error("the output cannot be written");
    return 0;
  } catch (const CLI::Success& wish) {  // --help
    return parser_->app.exit(wish);
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << name << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace examples
