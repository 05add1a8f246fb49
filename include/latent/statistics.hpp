// mean, variance, covariance and correlation of columns, and moments that merge.
#pragma once

#include "latent/stats/covariance.hpp"
#include "latent/stats/mean.hpp"
#include "latent/stats/moments.hpp"
