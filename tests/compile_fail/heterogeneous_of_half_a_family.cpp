// expect: a family needs: void log_density(
#include <latent/families.hpp>

struct Half {
  using Statistics = Eigen::VectorXd;
  latent::Index components() const { return 1; }
  Statistics zero() const { return Statistics::Zero(1); }
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>&,
                  const latent::RowMatrix<double>&, Statistics&) const {}
  Half maximize(const latent::Vector<double>&, const Statistics&) const { return *this; }
};

const latent::Heterogeneous both{Half{}, latent::Uniform<>{}};
