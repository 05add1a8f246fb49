// Eigenfaces: Eigenfaces, EigenfacesModel, Match; how good they are: evaluate, leave_one_out; and
// what to set: calibrate, ChooseEigenfaces.
#pragma once

#include "latent/faces/calibration.hpp"        // IWYU pragma: export
#include "latent/faces/choose_eigenfaces.hpp"  // IWYU pragma: export
#include "latent/faces/eigenfaces.hpp"         // IWYU pragma: export
#include "latent/faces/evaluation.hpp"         // IWYU pragma: export
#include "latent/faces/leave_out.hpp"          // IWYU pragma: export
