// expect: this model has no expect(block, assign, step, statistics): Soft only
#include <latent/em.hpp>

struct SoftOnly {
  double zero() const { return 0; }
  double expect(const latent::Block<double>&, double&) const { return 0; }
  SoftOnly maximize(double) const { return *this; }
};

auto fit =
    latent::EM{}.fit(SoftOnly{}, latent::RowMatrix<double>(1, 1), latent::Serial{}, latent::Hard{});
