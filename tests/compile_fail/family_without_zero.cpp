// expect: a family needs: Statistics zero() const
#include <latent/em.hpp>

struct Half {
  using Statistics = Eigen::VectorXd;
  latent::Index components() const { return 1; }
  void log_density(const Eigen::Ref<const latent::RowMatrix<double>>&,
                   latent::RowMatrix<double>&) const {}
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>&,
                  const latent::RowMatrix<double>&, Statistics&) const {}
  Half maximize(const latent::Vector<double>&, const Statistics&) const { return *this; }
};

latent::Mixture<Half> model;
