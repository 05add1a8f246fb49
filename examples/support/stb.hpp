// The stb headers, wherever they lie: Debian has them in a folder of their own.
#pragma once

#if __has_include(<stb/stb_image.h>)
#include <stb/stb_easy_font.h>
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#else
#include <stb_easy_font.h>
#include <stb_image.h>
#include <stb_image_write.h>
#endif
