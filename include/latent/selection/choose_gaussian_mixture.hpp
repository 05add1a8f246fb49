// Which Gaussian mixture? One call fits every form of covariances with every number of components
// and judges each.
//
//   auto choice = ChooseGaussianMixture{.from = 1, .to = 9}.fit(x);      // x: n x D
//   choice.form;  choice.components;  choice.reason;  choice.fit.model.predict(x);
//   choice.table(Criterion::bic).to_markdown();                          // components x forms
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/selection/agreement.hpp"
#include "latent/selection/gaussian_choice.hpp"
#include "latent/selection/gaussian_sweep.hpp"
#include "latent/selection/gaussian_votes.hpp"
#include "latent/selection/held_out.hpp"
#include "latent/selection/mixture_pass.hpp"
#include "latent/selection/scaled_source.hpp"

LATENT_BEGIN

// Fits a mixture of each form with from ... to components, the best of seeds x mixture.restarts
// runs, and chooses by a criterion.
//
// Lower BIC, ICL and AIC are better (mclust shows the same numbers with the other sign). A fit that
// had a covariance mended (see GaussianMixture::floor) or that failed cannot be chosen while there is
// a sound one: a likelihood that grows without bound says where the floor lies, not how good the
// model is. Such rows are marked degenerate, and counted in the reason.
//
// Forms that are the same model are fitted once: for one column all are EII or VII (E and V in
// mclust), and one component is a sphere, has axes along the columns, or any. A form that contains
// another (VVV contains all) is also started from the other's fit where that one lies higher.
//
// Cross-validation leaves out each row once: every fold is tested on fits of the others, each begun
// as the fits of all rows are, and the table has the mean of all seeds, each with folds of its own.
//
// Stability: each seed makes the choice by its own runs alone; votes count them. A low one means
// that the starts are too few, or the models too close, as often as that the choice is wrong.
//
// Weights count as rows: weights of another scale, which sum to less than to + 1 and than the
// number of rows of positive weight, are refused. Known labels hold in all fits, and must be below
// `from`, since every model must have their components; a row held out is judged without its label.
//
// O(models x seeds x (1 + folds)) fits, each on one thread; memory n x seeds numbers for each
// thread. The same bits for any executor.
struct ChooseGaussianMixture {
  Index from = 1;  // >= 1
  Index to = 9;    // >= from, at most the rows of positive weight of a fit
  std::vector<Covariance> forms{std::begin(every_covariance), std::end(every_covariance)};
  Criterion criterion = Criterion::bic;  // cross_validation needs folds
  // How to fit; components must not be set. Seed s uses mixture.seed + s.
  GaussianMixture<> mixture = {.restarts = 3, .acceleration = Acceleration::anderson};
  Index seeds = 3;  // >= 1; stability needs 2
  Index folds = 0;  // 0 = no cross-validation, else 2 ... rows of positive weight

  // Throws as GaussianMixture, and InvalidArgument for options out of their range.
  template <class Data, class Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    check();
    return sweep(detail::as_samples(data), executor);
  }

 private:
  static constexpr std::string_view who = "ChooseGaussianMixture";

  template <class S>
  struct Sweep {
    std::vector<detail::GaussianModel> models;
    std::vector<std::vector<std::optional<detail::GaussiansFit<S>>>> fits;  // seeds x models
    std::vector<std::vector<GaussianRow>> rows;  // of each seed's fits: seeds x models
    std::vector<GaussianRow> best;               // models
    std::vector<std::size_t> best_seed;          // models
  };

  template <class S, class Exec>
  GaussianChoice<S> sweep(const Samples<S>& data, const Exec& executor) const {
    auto&& team = executor.team();
    check_against(data, team);
    Sweep<S> all;
    all.models = detail::different_models(forms, from, to, data.cols());
    fit_all(data, all, team);
    judge_all(data, all, team);

    const std::size_t best = detail::preferred_row(all.best, criterion);
    std::vector<std::size_t> chosen;
    for (const auto& rows : all.rows) chosen.push_back(detail::preferred_row(rows, criterion));
    GaussianChoice<S> choice{all.best[best].form,
                             all.best[best].components,
                             detail::reason_for(all.best, best, criterion),
                             criterion,
                             detail::count_votes(all.best, chosen),
                             {},
                             {},
                             all.best,
                             *all.fits[all.best_seed[best]][best],
                             forms};
    if (seeds == 1) return choice;
    const auto agreeing = std::count(chosen.begin(), chosen.end(), best);
    choice.stability = static_cast<double>(agreeing) / static_cast<double>(seeds);
    std::vector<Labels> labels;
    for (std::size_t s = 0; s < chosen.size(); ++s)
      labels.push_back(detail::labels_that_count(
          data, detail::pass_over(all.fits[s][chosen[s]]->model, data, team).labels));
    choice.agreement = detail::mean_agreement(labels, team);
    if (agreeing < seeds)
      choice.reason += detail::concat(" Of ", seeds, " seeds alone, ", agreeing,
                                      " would choose it: more restarts may change the choice.");
    return choice;
  }

  GaussianMixture<> of_seed(Index seed) const {
    GaussianMixture<> options = mixture;
    options.seed += static_cast<std::uint64_t>(seed);
    return options;
  }

  void check() const {
    detail::require(from >= 1, who, ": from must be at least 1; got ", from);
    detail::require(to >= from, who, ": to must be at least from; got from = ", from,
                    ", to = ", to);
    detail::require(!forms.empty(), who, ": forms must not be empty");
    for (std::size_t i = 0; i < forms.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        detail::require(forms[i] != forms[j], who, ": forms must differ; got ",
                        latent::to_string(forms[i]), " as forms[", j, "] and forms[", i, "]");
    detail::require(mixture.components == GaussianMixture<>{}.components, who,
                    ": mixture.components must not be set; got ", mixture.components);
    detail::require(seeds >= 1, who, ": seeds must be at least 1; got ", seeds);
    detail::require(folds == 0 || folds >= 2, who, ": folds must be 0 or at least 2; got ", folds);
    detail::require(criterion != Criterion::cross_validation || folds > 0, who,
                    ": Criterion::cross_validation needs folds; got folds = 0");
  }

  template <class S, class Team>
  void check_against(const Samples<S>& data, Team& team) const {
    detail::check_gaussian_data(mixture, forms, from, data, team, who);
    const auto usable = detail::usable_rows(data);
    detail::require(to <= usable, who,
                    ": to must not exceed the number of rows of positive weight; got to = ", to,
                    " for ", usable, " such rows");
    detail::check_total_weight(data, static_cast<double>(to) + 1.0, team, who);
    if (folds == 0) return;
    detail::require(folds <= usable, who,
                    ": folds must not exceed the number of rows of positive weight; got folds = ",
                    folds, " for ", usable, " such rows");
    const Index least = usable - (usable + folds - 1) / folds;  // rows without the largest fold
    detail::require(to <= least, who,
                    ": to must not exceed the rows that a fold leaves for the fit; got to = ", to,
                    " with ", least, " of ", usable, " rows of positive weight");
  }

  // Fits are independent: they share the threads, and each runs on one.
  template <class S, class Team>
  void fit_all(const Samples<S>& data, Sweep<S>& all, Team& team) const {
    const auto count = static_cast<Index>(all.models.size());
    all.fits.resize(static_cast<std::size_t>(seeds));
    for (auto& fits : all.fits) fits.resize(all.models.size());
    team.for_each_lane(count * seeds, [&](Index job) {
      const auto m = static_cast<std::size_t>(job % count);
      all.fits[static_cast<std::size_t>(job / count)][m] =
          detail::fit_gaussians(of_seed(job / count), all.models[m], data, Serial{});
    });
    const Index sizes = to - from + 1;
    team.for_each_lane(sizes * seeds, [&](Index job) {
      detail::lift_to_contained(all.fits[static_cast<std::size_t>(job / sizes)], all.models,
                                from + job % sizes, of_seed(job / sizes), data, Serial{});
    });
  }

  template <class S, class Team>
  void judge_all(const Samples<S>& data, Sweep<S>& all, Team& team) const {
    const double weight = detail::total_weight(data, team);
    all.rows.assign(all.fits.size(), std::vector<GaussianRow>(all.models.size()));
    all.best.resize(all.models.size());
    all.best_seed.resize(all.models.size());
    std::vector<std::vector<Index>> folds_of_seed;
    for (Index s = 0; s < seeds && folds > 0; ++s)
      folds_of_seed.push_back(detail::random_folds(data, folds, of_seed(s).seed));
    team.for_each_lane(static_cast<Index>(all.models.size()), [&](Index model) {
      const auto m = static_cast<std::size_t>(model);
      detail::Team alone{1};
      std::vector<Labels> labels;
      Vector<double> held = Vector<double>::Zero(folds > 0 ? data.rows() : 0);
      for (std::size_t s = 0; s < all.fits.size(); ++s) {
        const detail::GaussiansFit<S>& fit = *all.fits[s][m];
        const detail::MixturePass pass = detail::pass_over(fit.model, data, alone);
        labels.push_back(detail::labels_that_count(data, pass.labels));
        all.rows[s][m] = detail::judged(all.models[m], fit, pass.entropy, weight);
        if (detail::better_fit(fit, *all.fits[all.best_seed[m]][m])) all.best_seed[m] = s;
        if (folds == 0) continue;
        const Vector<double> of_seed_alone = detail::held_out_log_density(
            [&](const Samples<S>& rest) {
              return detail::fit_gaussians(of_seed(static_cast<Index>(s)), all.models[m], rest,
                                           Serial{})
                  .model;
            },
            data, folds_of_seed[s], folds, alone);
        detail::set_held_out(all.rows[s][m], detail::weighted_mean(data, of_seed_alone));
        held += of_seed_alone / static_cast<double>(seeds);
      }
      GaussianRow& row = all.best[m];
      row = all.rows[all.best_seed[m]][m];
      if (folds > 0) detail::set_held_out(row, detail::weighted_mean(data, held));
      if (seeds > 1) row.stability = detail::mean_agreement(labels, alone);
    });
  }
};

LATENT_END
