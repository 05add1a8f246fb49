#include "support/table.hpp"

#include "support/catch.hpp"

TEST_CASE("table: columns line up, numbers on the right, Greek letters count as one character") {
  examples::Table table{{"name", "θ", "n"}};
  table.row("A", examples::fixed(0.71301, 3), 7);
  table.row("longer", examples::fixed(-0.0004, 3), 1234);
  CHECK(table.markdown() ==
        "| name   |     θ |    n |\n"
        "| ------ | ----: | ---: |\n"
        "| A      | 0.713 |    7 |\n"
        "| longer | 0.000 | 1234 |\n");
}
