// The forms that the covariances of Gaussian components can have.
#pragma once

#include <cstdint>
#include <string_view>

#include "latent/core/types.hpp"

LATENT_BEGIN

// Covariances lambda_k D_k A_k D_k', with volume lambda_k, shape A_k (diagonal, |A_k| = 1) and
// orientation D_k (a rotation): the parsimonious families of Banfield and Raftery 1993 and Celeux
// and Govaert 1995. The three letters say of volume, shape and orientation whether they are Equal
// for all components or Vary; I = the identity.
enum class Covariance : std::uint8_t {
  EII,              // lambda I
  VII,              // lambda_k I
  EEI,              // lambda A: axes along the columns
  VEI,              // lambda_k A
  EVI,              // lambda A_k
  VVI,              // lambda_k A_k
  EEE,              // lambda D A D'
  VEE,              // lambda_k D A D'
  EVE,              // lambda D A_k D'
  VVE,              // lambda_k D A_k D'
  EEV,              // lambda D_k A D_k'
  VEV,              // lambda_k D_k A D_k'
  EVV,              // lambda D_k A_k D_k'
  VVV,              // lambda_k D_k A_k D_k'
  spherical = VII,  // a variance a component
  diagonal = VVI,   // D variances a component
  tied = EEE,       // one D x D matrix for all components: linear discriminant analysis
  full = VVV,       // one D x D matrix a component
};

inline constexpr Covariance every_covariance[] = {
    Covariance::EII, Covariance::VII, Covariance::EEI, Covariance::VEI, Covariance::EVI,
    Covariance::VVI, Covariance::EEE, Covariance::VEE, Covariance::EVE, Covariance::VVE,
    Covariance::EEV, Covariance::VEV, Covariance::EVV, Covariance::VVV};

constexpr std::string_view to_string(Covariance form) {
  constexpr std::string_view names[] = {"EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE",
                                        "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"};
  return names[static_cast<std::uint8_t>(form)];
}

namespace detail {

// One covariance serves all components.
constexpr bool is_shared(Covariance form) {
  return form == Covariance::EII || form == Covariance::EEI || form == Covariance::EEE;
}

// Off the diagonal there is nothing but 0.
constexpr bool is_diagonal(Covariance form) {
  return form < Covariance::EEE;
}

constexpr bool is_spherical(Covariance form) {
  return form == Covariance::EII || form == Covariance::VII;
}

// A covariance of this form still has it after each column is scaled by a number of its own.
constexpr bool keeps_form_by_column(Covariance form) {
  return !is_spherical(form) && form != Covariance::EVE && form != Covariance::VVE &&
         form != Covariance::EEV && form != Covariance::VEV;
}

// Free parameters of K covariances of dimension d (Celeux and Govaert 1995, table 1).
constexpr Index covariance_parameters(Covariance form, Index K, Index d) {
  const std::string_view name = to_string(form);
  const Index volumes = name[0] == 'E' ? 1 : K;
  const Index shapes = name[1] == 'I' ? 0 : (d - 1) * (name[1] == 'E' ? 1 : K);
  const Index rotations = name[2] == 'I' ? 0 : d * (d - 1) / 2 * (name[2] == 'E' ? 1 : K);
  return volumes + shapes + rotations;
}

}  // namespace detail

LATENT_END
