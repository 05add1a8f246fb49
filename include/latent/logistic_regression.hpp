// Logistic regression: LogisticRegression; mixtures of it: Mixture<LogisticExperts>.
#pragma once

#include "latent/em.hpp"
#include "latent/models/logistic_experts.hpp"
#include "latent/models/logistic_regression.hpp"
