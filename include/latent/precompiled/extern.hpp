// Units of `latent::precompiled` define LATENT_EXTERN as nothing: there the templates that follow
// are compiled; everywhere else they are only promised.
#pragma once

#ifndef LATENT_EXTERN
#define LATENT_EXTERN extern
#endif
