// Gaussians that share one covariance, against 30-digit references, closed forms and their
// invariances.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "mixture/family_checks.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Bells = latent::Gaussian<Covariance::tied, double>;
using Mix = latent::Mixture<Bells>;
using Free = latent::Gaussian<Covariance::full, double>;

// Old Faithful, K = 2; start: weights 1/2, means (2, 55) and (4, 80), covariance diag(1, 100).
struct Reference {
  double weights[2];
  double means[2][2];
  double covariance[3];  // (0,0), (1,0), (1,1)
  double log_likelihood;
};

constexpr Reference iterations[] = {
    {{0.362906325552878923748542162553, 0.637093674447121076251458302736},
     {{2.09478903128142179756550870725, 54.8868964368631870983569713838},
      {4.28127135377933752925034593591, 80.0168938435397964468266515258}},
     {0.192614452283797760798604144124, 1.22254286404407399058004449321,
      38.1337752689210563535695140761},
     -1149.28466483124715190808592877},
    {{0.360367970849261343537600638943, 0.639632029150738656462400084840},
     {{2.05089600920199576218454509271, 54.6303039616300407312832672997},
      {4.29732366377255021603689638897, 80.0617303451669914558783467104}},
     {0.134720497506623191444050383472, 0.757820754292863431242776746566,
      35.0643498465839273449652179999},
     -1140.21223422467909929408870047},
    {{0.359343307174882146246583601270, 0.640656692825117853753416140236},
     {{2.04653348980230861659865277308, 54.5996601563657947262743894917},
      {4.29617766674437031921972529363, 80.0382434876295658032363440815}},
     {0.132840528797677685691396071020, 0.751690120982226638614547159037,
      35.1662841178903868194777888794},
     -1140.18683961164372629181519208}};
constexpr Reference limit = {{0.359247848533261476727551482501, 0.640752151466738523272448465800},
                             {{2.04619508701723306956656829654, 54.5965138556217356472770556273},
                              {4.29603224779482579910807168310, 80.0362176952331711691535675604}},
                             {0.132776600033683356162657924273, 0.751517076644606554165597615499,
                              35.1705447218332232476330225850},
                             -1140.18675943708212580519877789};

Mix faithful_start() {
  RowMatrix<double> means(2, 2);
  means << 2, 55, 4, 80;
  return {Eigen::Vector2d(0.5, 0.5),
          Bells(means, Eigen::Vector2d(1, 100).asDiagonal().toDenseMatrix())};
}

void check_model(const Mix& model, const Reference& exact, double tolerance) {
  for (Index k = 0; k < 2; ++k) {
    CHECK(close(model.weights[k], exact.weights[k], tolerance));
    CHECK(close(model.family.means(k, 0), exact.means[k][0], tolerance));
    CHECK(close(model.family.means(k, 1), exact.means[k][1], tolerance));
  }
  const auto covariance = model.family.covariance(1);
  CHECK(close(covariance(0, 0), exact.covariance[0], tolerance));
  CHECK(close(covariance(1, 0), exact.covariance[1], tolerance));
  CHECK(close(covariance(1, 1), exact.covariance[2], tolerance));
  CHECK(same_bits(covariance, model.family.covariance(0)));
  CHECK(same_bits(covariance(0, 1), covariance(1, 0)));
}

// Two clouds of one shape, correlated.
RowMatrix<double> clouds(Index n, Index d, std::uint64_t seed) {
  RowMatrix<double> means(2, d);
  Eigen::MatrixXd c = Eigen::MatrixXd::Identity(d, d);
  for (Index j = 1; j < d; ++j) c(j, j - 1) = c(j - 1, j) = 0.3;
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < d; ++j) means(k, j) = static_cast<double>(3 * k + j % 2);
  return Mix{Eigen::Vector2d(0.35, 0.65), Bells(means, c)}.sample(n, seed);
}

Mix start_at(const RowMatrix<double>& x) {
  return {Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)};
}

}  // namespace

TEST_CASE("tied gaussian: Old Faithful: the first iterations to 1e-12, the limit to 1e-8") {
  const auto x = latent_test::read_table("faithful");
  CHECK(close(faithful_start().log_likelihood(x), -1381.09898510014898491331622493, 1e-13));
  for (Index step = 0; step < 3; ++step) {
    INFO("iteration " << step + 1);
    const auto fit =
        latent::EM{.max_iterations = step + 1, .tolerance = 0}.fit(faithful_start(), x);
    CHECK(close(fit.log_likelihood, iterations[step].log_likelihood, 1e-12));
    check_model(fit.model, iterations[step], 1e-12);
  }
  const auto fit = latent::EM{.max_iterations = 100, .tolerance = 0}.fit(faithful_start(), x);
  CHECK(close(fit.log_likelihood, limit.log_likelihood, 1e-12));
  check_model(fit.model, limit, 1e-8);
  CHECK(fit.model.free_parameters() == 8);
  CHECK(close(fit.model.bic(x), 2325.21993540453223015374524516, 1e-12));
  CHECK(close(fit.model.aic(x), 2296.37351887416425161039755577, 1e-12));
  CHECK((fit.model.predict(x).array() == 0).count() == 98);
}

TEST_CASE("tied gaussian mixture: Old Faithful from k-means ends at the known maximum") {
  const auto x = latent_test::read_table("faithful");
  for (const std::uint64_t seed : {0ull, 1ull, ~0ull}) {
    const auto fit =
        latent::GaussianMixture<Covariance::tied>{.seed = seed, .tolerance = 1e-12}.fit(x);
    CHECK(fit.report.converged());
    CHECK(close(fit.log_likelihood, limit.log_likelihood, 1e-10));
  }
  // Three components, the choice of mclust by its criterion: that fit, or a better one.
  const auto three =
      latent::GaussianMixture<Covariance::tied>{.components = 3, .restarts = 20, .tolerance = 1e-12}
          .fit(x);
  CHECK(three.log_likelihood >= -1126.32623646826 - 1e-6);
  // A few labels name the components.
  for (const int first : {0, 1}) {
    latent::Labels labels = latent::Labels::Constant(272, -1);
    for (Index i = 0; i < 12; ++i) labels[i] = x(i, 0) < 3 ? first : 1 - first;
    const auto named =
        latent::GaussianMixture<Covariance::tied>{}.fit(latent::samples(x).labels(labels));
    CHECK((named.model.family.means(first, 0) < 3));
  }
}

TEST_CASE(
    "tied gaussian: the covariance is that of the full components, averaged by their weight") {
  const RowMatrix<double> x = clouds(3000, 5, 3);
  Eigen::VectorXi labels(3000);
  for (Index i = 0; i < 3000; ++i) labels[i] = static_cast<int>(i % 3 == 0);
  const auto data = latent::samples(x).labels(labels);
  const auto tied = latent::fit_complete(start_at(x), data);
  const auto full = latent::fit_complete(
      latent::Mixture<Free>{Eigen::Vector2d(0.5, 0.5), Free::isotropic(x.topRows(2), 1.0)}, data);
  const Eigen::MatrixXd pooled =
      full.weights[0] * full.family.covariance(0) + full.weights[1] * full.family.covariance(1);
  CHECK(close_matrix(tied.family.covariance(0), pooled, 1e-13));
  CHECK(same_bits(tied.family.means, full.family.means));
  CHECK(tied.free_parameters() == 26);  // 1 + 2 * 5 + 15
  CHECK(full.free_parameters() == 41);
  CHECK(tied.parameters().size() == 27);
}

TEST_CASE("tied gaussian: one component is one full component, bit for bit") {
  const RowMatrix<double> x = clouds(3000, 3, 5);
  const latent::EM em{.max_iterations = 2, .tolerance = 0};
  const latent::Vector<double> all = latent::Vector<double>::Ones(1);
  const auto tied = em.fit(Mix{all, Bells::isotropic(x.topRows(1), 1.0)}, x);
  const auto full = em.fit(latent::Mixture<Free>{all, Free::isotropic(x.topRows(1), 1.0)}, x);
  CHECK(same_bits(tied.model.parameters(), full.model.parameters()));
  CHECK(same_bits(tied.log_likelihood, full.log_likelihood));
  CHECK(same_bits(tied.model.family.cholesky_factor(0), full.model.family.cholesky_factor(0)));
}

TEST_CASE("tied gaussian: clouds at offset 1e8 have the covariance of clouds at the origin") {
  const double offset = 134217728.0;  // 2^27: both sides fit the rounded rows
  const RowMatrix<double> far = (clouds(2500, 2, 4).array() + offset).matrix();
  const RowMatrix<double> near = (far.array() - offset).matrix();
  const latent::EM em{.max_iterations = 30, .tolerance = 0};
  const auto a = em.fit(start_at(near), near);
  const auto b = em.fit(start_at(far), far);
  CHECK(a.model.predict(near) == b.model.predict(far));
  CHECK(close_matrix(a.model.family.covariance(0), b.model.family.covariance(0), 1e-6));
  CHECK(close_matrix(a.model.family.means,
                     RowMatrix<double>((b.model.family.means.array() - offset).matrix()), 1e-7));
  // Clusters 1e8 apart: sums about one shift would lose 16 digits of the covariance.
  RowMatrix<double> apart = near;
  const auto labels = a.model.predict(near);
  for (Index i = 0; i < apart.rows(); ++i)
    if (labels[i] == 1) apart.row(i).array() += offset;
  RowMatrix<double> means = a.model.family.means;
  means.row(1).array() += offset;
  Mix rough{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(means, 1.0)};
  rough.family.floor = 0.0;  // in units of data 1e8 wide the clusters are thin
  const auto split = latent::fit_complete(rough, latent::samples(apart).labels(labels));
  const auto whole = latent::fit_complete(a.model, latent::samples(near).labels(labels));
  CHECK(close_matrix(split.family.covariance(0), whole.family.covariance(0), 1e-6));
}

TEST_CASE("gaussian: recentred keeps the model and moves the sums to its means") {
  // A start far from the data: sums about it lose digits, sums about the present means do not.
  const RowMatrix<double> x = clouds(2500, 2, 6);
  Mix start = start_at(x);
  start.family = Bells::isotropic((x.topRows(2).array() + 1e7).matrix(), 1e14);
  const auto far = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start, x).model;
  Mix moved = far;
  moved.family = far.family.recentred();
  CHECK(same_bits(moved.log_density(x), far.log_density(x)));
  CHECK(same_bits(moved.parameters(), far.parameters()));
  const Mix near{far.weights, Bells(far.family.means, far.family.covariance(0))};
  const latent::EM em{.max_iterations = 1, .tolerance = 0};
  const auto exact = em.fit(near, x).model.family.covariance(0);
  CHECK(close_matrix(em.fit(moved, x).model.family.covariance(0), exact, 1e-12));
  CHECK(close_matrix(em.fit(far, x).model.family.covariance(0), exact, 1e-12));  // a fit begins so
  const auto full = Free::isotropic(x.topRows(2), 2.0);
  CHECK(same_bits(full.recentred().parameters(), full.parameters()));
}

TEST_CASE("tied gaussian: a singular covariance meets the floor, with a note, and nothing is NaN") {
  RowMatrix<double> x = RowMatrix<double>::Zero(10, 2);
  x.topRows(5).setOnes();
  RowMatrix<double> means(2, 2);
  means << 0.9, 0.9, 0.1, 0.1;
  Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(means, 0.01)};
  const auto fit = latent::EM{.max_iterations = 50}.fit(start, x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK_THAT(fit.report.notes.back().message,
             latent_test::contains("the shared covariance met the covariance floor"));
  CHECK(fit.report.notes.back().component == -1);
  start.family.floor = 0.0;
  const auto kept = latent::EM{.max_iterations = 50}.fit(start, x);
  CHECK(kept.report.status == latent::Status::degenerate);
  CHECK(latent::is_finite(kept.log_likelihood));
  CHECK_THAT(kept.report.notes.back().message,
             latent_test::contains("the shared covariance is singular, and floor = 0"));
}

TEST_CASE("tied gaussian: a component of weight 0 keeps its mean, and the others do not notice") {
  const RowMatrix<double> x = clouds(2500, 2, 8);
  const Mix three{Eigen::Vector3d(0.4, 0.6, 0.0), Bells::isotropic(x.topRows(3), 1.0)};
  const Mix two{Eigen::Vector2d(0.4, 0.6), Bells::isotropic(x.topRows(2), 1.0)};
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto a = em.fit(two, x);
  const auto b = em.fit(three, x);
  CHECK(same_bits(a.log_likelihood, b.log_likelihood));
  CHECK(same_bits(a.model.family.covariance(0), b.model.family.covariance(0)));
  CHECK(b.model.family.means.row(2) == x.row(2));
  CHECK(b.report.status == latent::Status::degenerate);
}

TEST_CASE("tied gaussian: every executor gives the same bits, and float follows double") {
  const RowMatrix<double> x = clouds(5000, 3, 13);
  latent_test::check_executors(start_at(x), x);
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  using Narrow = latent::Gaussian<Covariance::tied, float>;
  const RowMatrix<float> xf = x.cast<float>();
  const latent::Mixture<Narrow> start{Eigen::Vector2d(0.5, 0.5),
                                      Narrow::isotropic(xf.topRows(2), 1.0f)};
  const auto wide = em.fit(start_at(x), x);
  const auto narrow = em.fit(start, xf);
  CHECK(close(narrow.log_likelihood, wide.log_likelihood, 1e-5));
  CHECK(close_matrix(narrow.model.family.means, wide.model.family.means, 1e-4));
}

TEST_CASE("gaussian: statistics of data are valid, those of no data are not") {
  const RowMatrix<double> x = clouds(400, 3, 15);
  const Mix tied = start_at(x);
  const latent::Mixture<Free> full{Eigen::Vector2d(0.5, 0.5), Free::isotropic(x.topRows(2), 1.0)};
  const auto check = [&](const auto& model) {
    auto s = latent_test::statistics_of(model, x);
    CHECK(model.family.valid(s.n, s.family));
    CHECK(model.family.valid(Eigen::Vector2d(0, 0), model.family.zero()));
    CHECK_FALSE(model.family.valid(Eigen::Vector2d(-1, 1), s.family));
    auto odd = s.family;
    odd.scatter(2, 0) *= 4.0;  // no covariance has so large a covariance beside its variances
    odd.scatter(2, 0) += 1e4;
    CHECK_FALSE(model.family.valid(s.n, odd));
    odd = s.family;
    odd.sum *= 100.0;  // means so far out that the scatter does not reach them
    CHECK_FALSE(model.family.valid(s.n, odd));
    odd.sum(0, 0) = std::numeric_limits<double>::quiet_NaN();
    CHECK_FALSE(model.family.valid(s.n, odd));
  };
  check(tied);
  check(full);
}

TEST_CASE("tied gaussian: bad parameters are refused by name and value") {
  const RowMatrix<double> means = RowMatrix<double>::Zero(2, 2);
  const Eigen::Matrix3d wide = Eigen::Matrix3d::Identity();
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { Bells(means, wide); }),
             latent_test::contains("must be 2 x 2; got 3 x 3 for all components"));
  Eigen::Matrix2d bad;
  bad << 1, 2, 2, 1;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { Bells(means, bad); }),
             latent_test::contains("positive definite; that of all components is not"));
  Mix model = faithful_start();
  model.family.means = RowMatrix<double>::Zero(3, 2);
  model.weights = Eigen::Vector3d::Constant(1.0 / 3);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { model.predict(means); }),
             latent_test::contains("must keep the shape they were made with; got 3 x 2"));
  CHECK_THROWS_AS(faithful_start().family.covariance(2), latent::InvalidArgument);
}
