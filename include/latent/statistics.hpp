// mean, variance, covariance and correlation of columns, moments that merge, standardization.
#pragma once

#include "latent/stats/covariance.hpp"
#include "latent/stats/mean.hpp"
#include "latent/stats/moments.hpp"
#include "latent/stats/standardizer.hpp"
