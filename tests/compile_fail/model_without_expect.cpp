// expect: a latent model needs: double or Expectation expect(const Block<S>&, Statistics&) const
#include <latent/em.hpp>

struct Half {
  double zero() const { return 0; }
  Half maximize(double) const { return *this; }
};

auto fit = latent::EM{}.fit(Half{}, latent::RowMatrix<double>(1, 1));
