// Factor analysis: FactorAnalysis.
#pragma once

#include "latent/em.hpp"
#include "latent/models/factor_analysis.hpp"
