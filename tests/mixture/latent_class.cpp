// Latent classes of answers: 216 people, four questions on role conflict (Stouffer and Toby 1951), two
// classes (Goodman 1974: class size 0.279, deviance 2.72 on 6 degrees of freedom). The iterations
// were computed with 30 digits by a script of our own; here they are rounded to doubles.
#include <array>
#include <cmath>

#include "latent/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using Classes = latent::Mixture<latent::Bernoulli<double>>;

namespace {

struct Iteration {
  int index;
  std::array<double, 2> pi;
  std::array<double, 8> phi;
  double log_likelihood;
};

constexpr Iteration iterations[] = {
    {0, {0.5, 0.5}, {0.8, 0.8, 0.8, 0.8, 0.3, 0.3, 0.3, 0.3}, -580.2833925752442},
    {1,
     {0.45402020371423024, 0.5459797962857698},
     {0.9536748917192248, 0.7941516874706156, 0.7959429206962589, 0.5705201327780623,
      0.6569455508998772, 0.2553923973435969, 0.2793413289777607, 0.09369855556238099},
     -508.5104937352178},
    {2,
     {0.43950890186972036, 0.5604910981302796},
     {0.9575384319011825, 0.8103554855710305, 0.8042287252628555, 0.5927342547917501,
      0.6615983789942925, 0.2566348527075769, 0.28621900603180983, 0.08862442940984966},
     -507.89064017570644},
    {3,
     {0.42529322663776087, 0.5747067733622392},
     {0.9605409336378126, 0.82296310538389, 0.8116740679966542, 0.6099908946522552,
      0.6666967076803363, 0.26100156194419666, 0.29352256376847874, 0.0883236316877004},
     -507.41205883377256},
    {4,
     {0.411801842997576, 0.588198157002424},
     {0.9633648487011619, 0.8338940051213691, 0.8195557247407903, 0.6246685603659531,
      0.6714595103548066, 0.26623835855668065, 0.29988929564206435, 0.0900130681021922},
     -506.99363066511245},
    {5,
     {0.39915048175564144, 0.6008495182443586},
     {0.966134008242725, 0.8438307863966382, 0.8279198013446909, 0.637778426952847,
      0.6757662268291025, 0.2715896911532095, 0.30527494115843495, 0.09256164334808187},
     -506.617728606447},
    {6,
     {0.3873680658953644, 0.6126319341046356},
     {0.9688207988181969, 0.8530194659982132, 0.8364921863859355, 0.6497937999579684,
      0.6796518504014909, 0.27678527651843565, 0.30990635313430653, 0.0954501625027601},
     -506.2802261034771},
    {7,
     {0.37646218220496497, 0.623537817795035},
     {0.9713721946657528, 0.8615449184275217, 0.8449781551402433, 0.6609415090102343,
      0.6831691011716583, 0.28171654537707397, 0.3139930940862756, 0.09841536574373676},
     -505.98054095357594},
    {8,
     {0.3664317137621585, 0.6335682862378416},
     {0.9737445126357374, 0.8694298634894668, 0.8531424657519417, 0.6713211787653645,
      0.6863597903822648, 0.28633586791850973, 0.3176775691777198, 0.10131791088618777},
     -505.7184581807223},
    {9,
     {0.35726581480918046, 0.6427341851908195},
     {0.9759110063131775, 0.8766771914547117, 0.8608216112338355, 0.680966974997208,
      0.6892538720084088, 0.29062280048921313, 0.32104524592047234, 0.10408496318708083},
     -505.4929733660386},
    {10,
     {0.3489417106564971, 0.6510582893435028},
     {0.9778612440022545, 0.8832903468131525, 0.8679166943146243, 0.6898849987643533,
      0.691873675172837, 0.29457140553426214, 0.32414386902317355, 0.10668097572359016},
     -505.30201494400364},
};
constexpr Iteration limit = {
    881,
    {0.279246127855265885834588, 0.720753872144734114165411},
    {0.993193323699821140439222, 0.939764443076908177056811, 0.926530872203981375780246,
     0.769132009754343385875831, 0.713587948242766311825146, 0.329619343518428987145712,
     0.354016454643932361130100, 0.132372580070700439454155},
    -504.467670118361522996186457};

// The sixteen patterns, with the number of people as weights.
struct Answers {
  RowMatrix<double> patterns{16, 4};
  latent::Vector<double> people{16};
  RowMatrix<double> rows{216, 4};
};
const Answers& answers() {
  static const Answers made = [] {
    constexpr int counts[] = {20, 2, 9,  2, 6,  1, 4,  1,
                              38, 7, 24, 6, 25, 6, 23, 42};  // 0000 ... 1111
    Answers a;
    Index row = 0;
    for (int v = 0; v < 16; ++v) {
      for (int j = 0; j < 4; ++j) a.patterns(v, j) = static_cast<double>((v >> (3 - j)) & 1);
      a.people[v] = counts[v];
      for (int i = 0; i < counts[v]; ++i) a.rows.row(row++) = a.patterns.row(v);
    }
    return a;
  }();
  return made;
}

Classes model_of(const Iteration& at) {
  RowMatrix<double> phi(2, 4);
  for (Index i = 0; i < 8; ++i) phi.data()[i] = at.phi[static_cast<std::size_t>(i)];
  return {Eigen::Vector2d(at.pi[0], at.pi[1]), {phi}};
}

bool near(const Classes& model, const Iteration& at, double tolerance) {
  const latent::Vector<double> a = model.parameters();
  const latent::Vector<double> b = model_of(at).parameters();
  return (a - b).cwiseAbs().maxCoeff() <= tolerance;
}

}  // namespace

TEST_CASE("latent class: ten iterations agree with 30-digit arithmetic, by rows or by weights") {
  const auto weighted = latent::samples(answers().patterns).weights(answers().people);
  for (const Iteration& at : iterations) {
    const latent::EM em{.max_iterations = at.index, .tolerance = 0};
    const auto by_rows = em.fit(model_of(iterations[0]), answers().rows);
    const auto by_weights = em.fit(model_of(iterations[0]), weighted);
    CHECK(near(by_rows.model, at, 1e-12));
    CHECK(near(by_weights.model, at, 1e-12));
    CHECK(close(by_rows.log_likelihood, at.log_likelihood, 1e-13));
    CHECK(close(by_weights.log_likelihood, at.log_likelihood, 1e-13));
  }
}

TEST_CASE("latent class: the limit is Goodman's, and acceleration gets there in fewer E-steps") {
  const auto data = latent::samples(answers().patterns).weights(answers().people);
  latent::EM em{.max_iterations = 5000, .tolerance = 1e-15};
  const auto plain = em.fit(model_of(iterations[0]), data);
  CHECK(near(plain.model, limit, 1e-6));
  CHECK(close(plain.log_likelihood, limit.log_likelihood, 1e-12));
  // Deviance: twice the distance to the model that fits every pattern exactly.
  double saturated = 0.0;
  for (Index i = 0; i < 16; ++i)
    saturated += answers().people[i] * std::log(answers().people[i] / 216.0);
  CHECK(close(2.0 * (saturated - plain.log_likelihood), 2.71992187165897644751, 1e-9));
  for (const auto kind : {latent::Acceleration::squarem, latent::Acceleration::anderson}) {
    em.acceleration = kind;
    const auto fast = em.fit(model_of(iterations[0]), data);
    CHECK(near(fast.model, limit, 1e-6));
    CHECK(fast.report.evaluations < plain.report.evaluations);
  }
}
