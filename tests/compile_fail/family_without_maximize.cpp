// expect: a family needs: Family maximize(const Vector<double>& n, const Statistics& s) const
#include <latent/em.hpp>

struct Half {
  using Statistics = Eigen::VectorXd;
  latent::Index components() const { return 1; }
  Statistics zero() const { return Statistics::Zero(1); }
  void log_density(const Eigen::Ref<const latent::RowMatrix<double>>&,
                   latent::RowMatrix<double>&) const {}
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>&,
                  const latent::RowMatrix<double>&, Statistics&) const {}
};

latent::Mixture<Half> model;
