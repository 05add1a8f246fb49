// Eigenfaces: Eigenfaces, EigenfacesModel, Match.
#pragma once

#include "latent/decomposition/eigenfaces.hpp"
