#include "latent/core/table.hpp"

#include <bit>
#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/random.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/csv_text.hpp"

using latent::Cell;
using latent::Digits;
using latent::Index;
using latent::Table;
using latent_test::message_of;
using latent_test::parse_csv;
using latent_test::same_bits;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The one cell of a table, as Markdown, trimmed.
std::string markdown_cell(const Cell& cell, int decimals = -1) {
  Table table{{{"x", decimals}}};
  table.row({cell});
  std::string text = table.to_markdown();
  text.pop_back();
  text = text.substr(text.rfind('\n') + 2);
  text.pop_back();
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string latex_cell(const Cell& cell, int decimals = -1) {
  Table table{{{"x", decimals}}};
  table.row({cell});
  const std::string text = table.to_latex();
  const std::string before = "\\hline\nx \\\\\n\\hline\n";
  const std::size_t first = text.find(before) + before.size();
  return text.substr(first, text.rfind(" \\\\\n\\hline") - first);
}

}  // namespace

TEST_CASE("table: Markdown lines up, numbers on the right, Greek letters count as one character") {
  Table table{{{"name"}, {"θ", 3}, {"n"}}};
  table.row({"A", 0.71301, 7}).row({"longer", -0.0004, 1234}).row({"", {}, {}});
  CHECK(table.to_markdown() ==
        "| name   |     θ |    n |\n"
        "| ------ | ----: | ---: |\n"
        "| A      | 0.713 |    7 |\n"
        "| longer | 0.000 | 1234 |\n"
        "|        |       |      |\n");
}

TEST_CASE("table: LaTeX is a tabular that needs no package") {
  Table table{{{"name"}, {"θ", 3, "$\\theta$"}, {"100%"}}};
  table.row({"A_1", 0.71301, 7}).row({"B", -0.25, -1234});
  CHECK(table.to_latex() ==
        "\\begin{tabular}{lrr}\n"
        "\\hline\n"
        "name & $\\theta$ & 100\\% \\\\\n"
        "\\hline\n"
        "A\\_1 & 0.713 & 7 \\\\\n"
        "B & $-0.250$ & $-1234$ \\\\\n"
        "\\hline\n"
        "\\end{tabular}\n");
}

TEST_CASE("table: CSV is RFC 4180") {
  Table table{{{"p(0,1)"}, {"say \"no\""}, {"plain", 2}}};
  table.row({0.5, "two\r\nlines", 1.0 / 3.0}).row({{}, "a|b \\ & %", -7});
  CHECK(table.to_csv() ==
        "\"p(0,1)\",\"say \"\"no\"\"\",plain\r\n"
        "0.5,\"two\r\nlines\",0.3333333333333333\r\n"
        ",a|b \\ & %,-7\r\n");
  CHECK(table.to_csv(Digits::columns).find(",0.33\r\n") != std::string::npos);
  Table single{{{"a"}}};
  single.row({""}).row({1});
  CHECK(single.to_csv() == "a\r\n\"\"\r\n1\r\n");  // readers skip an empty line
}

TEST_CASE("table: any text comes back from CSV, and any row is a row") {
  const std::vector<std::string> odd{"",     ",",    "\"",         "\"\"", "\n",      "\r\n",
                                     "a\nb", " a ",  "a,\"b\"\nc", "\\",   "nan",     "-",
                                     "θ",    "a\"b", ",,",         "\t",   "\"a,b\"", "1,2"};
  Table wide{{{"first"}, {"second\r"}}};
  Table narrow{{{""}}};
  for (const std::string& text : odd) {
    wide.row({text, text + ","});
    narrow.row({text});
  }
  const auto pairs = parse_csv(wide.to_csv());
  const auto lines = parse_csv(narrow.to_csv());
  REQUIRE(pairs.size() == odd.size() + 1);
  REQUIRE(lines.size() == odd.size() + 1);
  CHECK(pairs[0] == std::vector<std::string>{"first", "second\r"});
  for (std::size_t i = 0; i < odd.size(); ++i) {
    INFO("text " << i << ": " << odd[i]);
    CHECK(pairs[i + 1] == std::vector<std::string>{odd[i], odd[i] + ","});
    CHECK(lines[i + 1] == std::vector<std::string>{odd[i]});
  }
}

TEST_CASE("table: every finite double comes back from CSV with the same bits") {
  std::vector<double> values{0.0,
                             -0.0,
                             1.0,
                             -1.0 / 3.0,
                             1e23,
                             5e-324,
                             -std::numeric_limits<double>::denorm_min(),
                             std::numeric_limits<double>::min(),
                             std::numeric_limits<double>::max(),
                             -std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::epsilon(),
                             9007199254740993.0};
  latent::Random random(4);
  while (values.size() < 5000) {
    const double value = std::bit_cast<double>(random.bits());
    if (latent::is_finite(value)) values.push_back(value);
  }
  Table table{{{"value", 2}}};
  for (const double value : values) table.row({value});
  const auto back = parse_csv(table.to_csv());
  REQUIRE(back.size() == values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO(back[i + 1][0]);
    CHECK(same_bits(latent_test::number(back[i + 1][0]), values[i]));
  }
}

TEST_CASE("table: what is not finite has one spelling in each format") {
  CHECK(markdown_cell(inf) == "inf");
  CHECK(markdown_cell(-inf) == "-inf");
  for (const double value : {not_a_number, -not_a_number}) {
    CHECK(markdown_cell(value) == "nan");
    CHECK(markdown_cell(value, 2) == "nan");
    CHECK(latex_cell(value) == "NaN");
  }
  CHECK(latex_cell(-inf) == "$-\\infty$");
  CHECK(latex_cell(inf, 3) == "$\\infty$");
  Table table{{{"x"}, {"y"}}};
  table.row({-inf, not_a_number}).row({-not_a_number, inf}).row({{}, {}});
  CHECK(table.to_csv() == "x,y\r\n-inf,nan\r\nnan,inf\r\n,\r\n");
  CHECK(same_bits(latent_test::number("-inf"), -inf));
}

TEST_CASE("table: decimals are fixed, and nothing is -0.00") {
  CHECK(markdown_cell(-0.001, 2) == "0.00");
  CHECK(markdown_cell(-0.0, 0) == "0");
  CHECK(markdown_cell(-0.006, 2) == "-0.01");
  CHECK(markdown_cell(1058.3547, 2) == "1058.35");
  CHECK(markdown_cell(2.5, 0) == "2");  // exact ties to even, as printf
  CHECK(markdown_cell(0.1, 20) == "0.10000000000000000555");
  CHECK(markdown_cell(std::numeric_limits<double>::max(), 20).size() == 309 + 1 + 20);
  CHECK(markdown_cell(0.1) == "0.1");
  CHECK(latex_cell(1.5e-7) == "$1.5 \\cdot 10^{-7}$");
  CHECK(latex_cell(-1e+100) == "$-1 \\cdot 10^{100}$");
  CHECK(latex_cell(1.5e-7, 3) == "0.000");
}

TEST_CASE("table: text is escaped so that it breaks neither a Markdown row nor LaTeX") {
  CHECK(markdown_cell("a|b") == "a\\|b");
  CHECK(markdown_cell("a\\|b") == "a\\\\\\|b");
  CHECK(markdown_cell("a\r\nb\nc\rd") == "a b c d");
  CHECK(markdown_cell("*1* `x` <b> θ_A") == "*1* `x` <b> θ_A");
  CHECK(latex_cell("& % $ # _ { }") == "\\& \\% \\$ \\# \\_ \\{ \\}");
  CHECK(latex_cell("~^\\") == "\\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
  CHECK(latex_cell("a<b>c|d") == "a\\textless{}b\\textgreater{}c\\textbar{}d");
  CHECK(latex_cell("[1mm]*") == "{[}1mm]{*}");  // else an argument of the \\ before
  CHECK(latex_cell("a\n\nb") == "a  b");        // an empty line would end the paragraph
}

TEST_CASE("table: no rows leave the head, no columns leave nothing") {
  const Table none{{}};
  CHECK(none.to_markdown().empty());
  CHECK(none.to_csv().empty());
  CHECK(none.to_latex().empty());
  const Table head{{{"a"}, {"b"}}};
  CHECK(head.to_markdown() == "|   a |   b |\n| --: | --: |\n");
  CHECK(head.to_csv() == "a,b\r\n");
  CHECK(head.to_latex() ==
        "\\begin{tabular}{rr}\n\\hline\na & b \\\\\n\\hline\n\\hline\n\\end{tabular}\n");
}

TEST_CASE("table: select picks, orders and renames columns") {
  Table table{{{"a"}, {"b", 1}, {"c"}}};
  table.row({1, 2.25, "x"});
  const Table chosen = table.select({{"c", {"C"}}, {"b", {"B", 0}}, {"b", {"again"}}});
  CHECK(chosen.to_csv() == "C,B,again\r\nx,2.25,2.25\r\n");
  CHECK(chosen.cell(0, 0).text == "x");
  CHECK(chosen.cells(0)[1].number == 2.25);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               (void)table.select({{"d", {"D"}}});
             }),
             latent_test::contains("\"a\", \"b\", \"c\"; got \"d\""));
}

TEST_CASE("table: what breaks a rule is refused by name and value") {
  Table table{{{"a"}, {"b"}}};
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { table.row({1}); }),
             latent_test::contains("a cell a column, 2; got 1"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { (void)table.cell(0, 0); }),
             latent_test::contains("got (0, 0)"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { (void)table.cells(-1); }),
             latent_test::contains("got -1"));
  for (const int decimals : {-2, 21})
    CHECK_THAT(message_of<latent::InvalidArgument>([&] {
                 (void)Table{{{"theta", decimals}}};
               }),
               latent_test::contains("column \"theta\""));
}

TEST_CASE("table: the decimal point is a point in every locale") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8"})
    if (std::setlocale(LC_ALL, name) != nullptr) break;
  CHECK(markdown_cell(0.5) == "0.5");
  CHECK(markdown_cell(1234.5, 2) == "1234.50");
  std::setlocale(LC_ALL, before.c_str());
}
