// expect: a family needs: using Statistics = ...
#include <latent/em.hpp>

struct Half {
  latent::Index components() const { return 1; }
  Eigen::VectorXd zero() const { return Eigen::VectorXd::Zero(1); }
  void log_density(const Eigen::Ref<const latent::RowMatrix<double>>&,
                   latent::RowMatrix<double>&) const {}
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>&,
                  const latent::RowMatrix<double>&, Eigen::VectorXd&) const {}
  Half maximize(const latent::Vector<double>&, const Eigen::VectorXd&) const { return *this; }
};

latent::Mixture<Half> model;
