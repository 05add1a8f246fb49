// expect: a latent model needs: Statistics zero() const
#include <latent/em.hpp>

struct Half {
  double expect(const latent::Block<double>&, double&) const { return 0; }
  Half maximize(double) const { return *this; }
};

auto fit = latent::EM{}.fit(Half{}, latent::RowMatrix<double>(1, 1));
