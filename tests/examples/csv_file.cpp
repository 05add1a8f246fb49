// The examples' tables of numbers: errors name file, line and column.
#include "support/csv_file.hpp"

#include <string>

#include "folder.hpp"
#include "support/catch.hpp"

namespace {

std::string reason(const std::string& text) {
  const latent_test::Folder folder;
  const auto file = folder.path / "table.csv";
  examples::write_text(file, text);
  std::string said = "read";
  try {
    examples::read_csv(file);
  } catch (const examples::FileError& error) {
    said = error.what();
  }
  return said;
}

}  // namespace

TEST_CASE("csv: the data of the project is read with its names") {
  const examples::Csv csv = examples::read_csv(std::string{LATENT_TEST_DATA_DIR} + "/faithful.csv");
  CHECK(csv.names == std::vector<std::string>{"eruptions", "waiting"});
  REQUIRE(csv.values.rows() == 272);
  REQUIRE(csv.values.cols() == 2);
  CHECK(csv.values(0, 0) == 3.6);
  CHECK(csv.values(271, 1) == 74.0);
}

TEST_CASE("csv: a cell that is no finite number is named by line and column") {
  CHECK_THAT(reason("a,b\n1,2\n3,four\n"),
             latent_test::contains(
                 "table.csv: line 3, column 2 (b): must be a finite number; got \"four\""));
  CHECK_THAT(reason("a,b\n1,\n"), latent_test::contains("line 2, column 2"));
  CHECK_THAT(reason("a,b\nnan,1\n"), latent_test::contains("line 2, column 1"));
  CHECK_THAT(reason("a,b\n1,1e999\n"), latent_test::contains("line 2, column 2"));
  CHECK_THAT(reason("a,b\n1,2x\n"), latent_test::contains("line 2, column 2"));
}

TEST_CASE("csv: lines of another length, and tables without rows, are errors") {
  CHECK_THAT(reason("a,b\n1,2\n3\n"),
             latent_test::contains("line 3: must have 2 cells as the header has; got 1"));
  CHECK_THAT(reason("a,b\n1,2,3\n"), latent_test::contains("got 3"));
  CHECK_THAT(reason("a,b\n"), latent_test::contains("at least one row"));
  CHECK_THAT(reason(""), latent_test::contains("the file is empty"));
}

TEST_CASE("csv: quotes, blanks, empty lines and the line ends of other systems are admitted") {
  CHECK(reason("\"a\", \"b\"\r\n 1 , -2.5e3\r\n\r\n3,4") == "read");
}
