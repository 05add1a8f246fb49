// The tables of BIC that a sweep over Gaussian mixtures makes, beside those of mclust.
#include <cmath>
#include <string>

#include "latent/choose_gaussian_mixture.hpp"
#include "selection/mclust_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::ChooseGaussianMixture;
using latent::Covariance;
using latent::GaussianChoice;
using latent::GaussianRow;
using latent::Index;
using latent::RowMatrix;

namespace {

// mclust stops at a relative change of 1e-5, we at another place of the same maximum.
void check_against(const GaussianChoice<double>& choice, const double (&mclust)[9][14]) {
  int lower = 0;
  int higher = 0;
  double best = mclust_reference::absent;
  for (Index k = 1; k <= 9; ++k)
    for (std::size_t f = 0; f < 14; ++f) {
      const Covariance form = latent::every_covariance[f];
      const double theirs = mclust[k - 1][f];
      const GaussianRow& row = choice.row(form, k);
      best = std::max(best, theirs);
      if (!std::isfinite(theirs)) continue;
      const double difference = -row.bic - theirs;
      INFO(std::string(to_string(form)) << " " << k << ": " << -row.bic << " and " << theirs);
      // One component has one maximum, printed to four decimals.
      if (k == 1) CHECK(std::abs(difference) < 1e-4);
      if (!row.degenerate && difference > 1.0) ++higher;
      if (row.degenerate || difference < -1e-5 * std::abs(theirs)) ++lower;
    }
  INFO("lower in " << lower << ", by more than 1 higher in " << higher);
  CHECK(lower <= 6);  // of 126: 5 %
  CHECK(higher >= 40);
  const GaussianRow& chosen = choice.row(choice.form, choice.components);
  CHECK(!chosen.degenerate);
  CHECK(-chosen.bic >= best - 1e-5 * std::abs(best));
}

// A model lies no lower than one that it contains, but for rounding. With more components than here
// the way up from the contained fit can end at the floor, and the fit stays where it was.
void check_nesting(const GaussianChoice<double>& choice) {
  for (const GaussianRow& a : choice.rows)
    for (const GaussianRow& b : choice.rows) {
      if (a.components > 6 || a.components != b.components ||
          !latent::detail::contains(a.form, b.form))
        continue;
      if (a.degenerate || b.degenerate) continue;
      INFO(std::string(to_string(a.form)) << " and " << to_string(b.form) << " " << a.components);
      CHECK(a.log_likelihood >= b.log_likelihood - 1e-9 * std::abs(b.log_likelihood));
      CHECK(a.free_parameters >= b.free_parameters);
    }
}

}  // namespace

TEST_CASE("choosing a mixture: Old Faithful as mclust, or higher", "[selection]") {
  const RowMatrix<double> x = latent_test::read_table("faithful");
  const auto choice =
      ChooseGaussianMixture{
          .mixture = {.restarts = 6, .acceleration = latent::Acceleration::anderson}, .seeds = 1}
          .fit(x);
  check_against(choice, mclust_reference::faithful);
  check_nesting(choice);
  CHECK(choice.form == Covariance::EEE);
  CHECK(choice.components == 3);
  CHECK(choice.rows.size() == 3 + 8 * 14);
}

TEST_CASE("choosing a mixture: iris as mclust, or higher", "[selection]") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const auto choice = ChooseGaussianMixture{.seeds = 1}.fit(x);
  check_against(choice, mclust_reference::iris);
  check_nesting(choice);
  CHECK(choice.form == Covariance::VEV);
  CHECK(choice.components == 2);
}
