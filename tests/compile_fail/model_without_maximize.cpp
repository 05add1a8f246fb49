// expect: a latent model needs: Model maximize(const Statistics&) const
#include <latent/em.hpp>

struct Half {
  double zero() const { return 0; }
  double expect(const latent::Block<double>&, double&) const { return 0; }
};

auto fit = latent::EM{}.fit(Half{}, latent::RowMatrix<double>(1, 1));
