// The drawing of faces. Everything happens in the face's own coordinates: u to the right, v down,
// the crown of the head at v = -1, the eyes near v = 0, the chin near v = 1. A pixel is the mean of
// samples x samples points; a point is traced through the layers from front to back, and the first
// layer that covers it decides its grey.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "latent/core/random.hpp"
#include "support/faces.hpp"

namespace examples {

namespace {

using latent::Random;

double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}
double square(double x) {
  return x * x;
}
// 0 below `from`, 1 above `to`, smooth between.
double step(double from, double to, double x) {
  const double t = std::clamp((x - from) / (to - from), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}
double bump(double u, double v, double width, double height) {
  const double distance = square(u / width) + square(v / height);
  return distance < 16.0 ? std::exp(-distance) : 0.0;
}

enum class Hair { bald, short_parted, fringe, long_straight, curly, swept_back };
enum class Beard { none, stubble, moustache, goatee, full };

struct Person {
  // head
  double half_width, jaw, chin, skin, cheek, ear;
  // hair
  Hair hair;
  double hair_tone, hair_volume, hairline, hair_length, parting;
  // features
  double eye_distance, eye_height, eye_width, eye_open, eye_tilt, iris;
  double brow_gap, brow_thickness, brow_tilt, brow_tone;
  double nose_tip, nose_width, nose_height;
  double mouth_height, mouth_width, lip, lip_tone, fold;
  // extras
  Beard beard;
  bool glasses;
  double glasses_width, glasses_height, glasses_roundness, glasses_rim;
  double clothes;
};

struct Scene {
  std::array<double, 3> light;  // towards the lamp: right, down, to the viewer
  double lamp, ambient, backdrop, exposure;
  double smile, open, blink, raise, gaze;
  double shift_u, shift_v, scale, angle, yaw, nod;
  bool glasses;
};

Person draw_person(Random random) {
  Person person{};
  person.half_width = between(random, 0.60, 0.76);
  person.jaw = between(random, 0.45, 0.95);
  person.chin = between(random, 0.90, 1.08);
  person.skin =
      between(random, 0.0, 1.0) < 0.3 ? between(random, 0.34, 0.55) : between(random, 0.62, 0.92);
  person.cheek = between(random, 0.0, 0.10);
  person.ear = between(random, 0.8, 1.25);
  constexpr std::array styles{Hair::bald,   Hair::short_parted,  Hair::short_parted,
                              Hair::fringe, Hair::long_straight, Hair::long_straight,
                              Hair::curly,  Hair::swept_back};
  person.hair =
      styles[static_cast<std::size_t>(random.below(static_cast<latent::Index>(styles.size())))];
  const double tone = random.uniform();
  person.hair_tone = tone < 0.6 || person.skin < 0.6 ? between(random, 0.06, 0.20)
                     : tone < 0.85                   ? between(random, 0.25, 0.45)
                                                     : between(random, 0.55, 0.80);
  person.hair_volume =
      person.hair == Hair::curly ? between(random, 0.16, 0.28) : between(random, 0.06, 0.18);
  person.hairline = person.hair == Hair::bald     ? -0.98
                    : person.hair == Hair::fringe ? between(random, -0.48, -0.34)
                                                  : between(random, -0.70, -0.48);
  person.hair_length = person.hair == Hair::long_straight ? between(random, 0.7, 1.6)
                       : person.hair == Hair::curly       ? between(random, 0.0, 0.7)
                                                          : between(random, -0.15, 0.20);
  person.parting = between(random, -0.5, 0.5);
  person.eye_distance = between(random, 0.27, 0.36);
  person.eye_height = between(random, -0.08, 0.05);
  person.eye_width = between(random, 0.13, 0.18);
  person.eye_open = between(random, 0.055, 0.095);
  person.eye_tilt = between(random, -0.18, 0.12);
  person.iris = between(random, 0.08, 0.40);
  person.brow_gap = between(random, 0.15, 0.24);
  person.brow_thickness = between(random, 0.022, 0.065);
  person.brow_tilt = between(random, -0.22, 0.22);
  person.brow_tone = std::min(0.5, person.hair_tone + between(random, 0.0, 0.15));
  person.nose_tip = between(random, 0.30, 0.45);
  person.nose_width = between(random, 0.09, 0.16);
  person.nose_height = between(random, 0.16, 0.34);
  person.mouth_height = person.nose_tip + between(random, 0.20, 0.28);
  person.mouth_width = between(random, 0.20, 0.32);
  person.lip = between(random, 0.03, 0.08);
  person.lip_tone = between(random, 0.50, 0.80);
  person.fold = between(random, 0.0, 0.22);
  const double extra = random.uniform();
  const bool bearded = person.hair != Hair::long_straight && random.uniform() < 0.5;
  person.beard = !bearded       ? Beard::none
                 : extra < 0.25 ? Beard::stubble
                 : extra < 0.5  ? Beard::moustache
                 : extra < 0.7  ? Beard::goatee
                                : Beard::full;
  person.glasses = random.uniform() < 0.28;
  person.glasses_width = between(random, 0.19, 0.25);
  person.glasses_height = between(random, 0.14, 0.21);
  person.glasses_roundness = between(random, 2.0, 6.0);
  person.glasses_rim = between(random, 0.03, 0.06);
  person.clothes = between(random, 0.08, 0.75);
  return person;
}

Scene draw_scene(const Person& person, Random random) {
  Scene scene{};
  const double azimuth = between(random, -0.95, 0.95);
  const double elevation = between(random, -0.15, 0.80);
  scene.light = {std::sin(azimuth) * std::cos(elevation), -std::sin(elevation),
                 std::cos(azimuth) * std::cos(elevation)};
  scene.lamp = between(random, 0.55, 0.95);
  scene.ambient = between(random, 0.16, 0.36);
  scene.backdrop = between(random, 0.38, 0.52);
  scene.exposure = between(random, 0.92, 1.08);
  const double mood = random.uniform();
  scene.smile = mood < 0.4 ? between(random, -0.2, 0.15) : between(random, 0.3, 1.0);
  scene.open = random.uniform() < 0.3 ? between(random, 0.4, 1.0) : 0.0;
  scene.blink = random.uniform() < 0.12 ? 1.0 : between(random, 0.0, 0.2);
  scene.raise = between(random, -0.02, 0.04);
  scene.gaze = between(random, -0.35, 0.35);
  scene.shift_u = between(random, -0.03, 0.03);
  scene.shift_v = between(random, -0.03, 0.03);
  scene.scale = between(random, 0.97, 1.03);
  scene.angle = between(random, -0.06, 0.06);
  scene.yaw = between(random, -0.10, 0.10);
  scene.nod = between(random, -0.04, 0.04);
  scene.glasses = person.glasses && random.uniform() < 0.85;
  return scene;
}

class Portrait {
 public:
  Portrait(const Person& person, const Scene& scene)
      : person_{person},
        scene_{scene},
        cosine_{std::cos(scene.angle) / scene.scale},
        sine_{std::sin(scene.angle) / scene.scale} {
    light_up();
  }

  // Grey, 0 to 1, at a point of the picture.
  double grey(double x, double y) const {
    const double u = cosine_ * (x - scene_.shift_u) + sine_ * (y - scene_.shift_v);
    const double v = -sine_ * (x - scene_.shift_u) + cosine_ * (y - scene_.shift_v);
    return 1.0 - std::exp(-1.65 * scene_.exposure *
                          colour(u, v));  // like film: bright parts keep their detail
  }

 private:
  // Squared distance from the axis of the head: 1 on the outline, less inside.
  double head(double u, double v) const {
    const double bottom = person_.chin + 0.05 * scene_.open;
    const double narrow = 1.0 - (0.42 - 0.25 * person_.jaw) * step(0.05, 1.0, v);
    const double along = v < 0.0 ? square(v) : std::pow(v / bottom, 2.0 + 1.4 * person_.jaw);
    return square(u / (person_.half_width * narrow)) + along;
  }

  static double depth(double from_axis) { return 0.72 * std::sqrt(std::max(0.0, 1.0 - from_axis)); }

  // The relief of the face: a smooth head, and on it nose, brow, sockets, cheeks, lips and chin.
  double relief(double u, double v) const {
    const double side = std::abs(u);
    const double tip = person_.nose_tip;
    double z = depth(head(u, v));
    const double ridge = step(-0.12, tip, v) * (1.0 - step(tip, tip + 0.09, v));
    z += person_.nose_height * ridge *
         bump(u, 0.0, 0.6 * person_.nose_width * (0.7 + 0.5 * step(0.0, tip, v)), 1.0);
    z += 0.4 * person_.nose_height * bump(side - 0.7 * person_.nose_width, v - tip, 0.06, 0.06);
    z -= 0.10 * bump(side - person_.eye_distance, v - person_.eye_height, 0.17, 0.11);
    z += 0.05 * bump(side - person_.eye_distance, v - person_.eye_height + 0.20, 0.24, 0.08);
    z += (0.06 + person_.cheek + 0.05 * scene_.smile) * bump(side - 0.40, v - 0.30, 0.18, 0.17);
    z += 0.05 * bump(u, v - person_.mouth_height, 0.24, 0.10);
    z += 0.07 * bump(u, v - 0.88 * person_.chin, 0.18, 0.11);
    return z;
  }

  // Lambert's law on the relief, worked out on a grid once: light changes slowly from pixel to
  // pixel.
  void light_up() {
    Eigen::ArrayXXd heights(grid + 2, grid + 2);
    for (int j = 0; j < grid + 2; ++j)
      for (int i = 0; i < grid + 2; ++i)
        heights(i, j) = relief((i - 1) * spacing - reach, (j - 1) * spacing - reach);
    for (int j = 0; j < grid; ++j)
      for (int i = 0; i < grid; ++i)
        light_(i, j) = lit((heights(i, j + 1) - heights(i + 2, j + 1)) / (2.0 * spacing),
                           (heights(i + 1, j) - heights(i + 1, j + 2)) / (2.0 * spacing), 1.0);
  }
  // Linear between the four corners around.
  double shade(double u, double v) const {
    const double x = std::clamp((u + reach) / spacing, 0.0, grid - 1.001);
    const double y = std::clamp((v + reach) / spacing, 0.0, grid - 1.001);
    const int i = static_cast<int>(x);
    const int j = static_cast<int>(y);
    const double a = x - i;
    const double b = y - j;
    return (1.0 - b) * ((1.0 - a) * light_(i, j) + a * light_(i + 1, j)) +
           b * ((1.0 - a) * light_(i, j + 1) + a * light_(i + 1, j + 1));
  }
  double lit(double a, double b, double c) const {
    const double cosine = (a * scene_.light[0] + b * scene_.light[1] + c * scene_.light[2]) /
                          std::sqrt(a * a + b * b + c * c);
    return scene_.ambient + scene_.lamp * std::max(0.0, cosine + 0.22) / 1.22;
  }

  double colour(double u, double v) const {
    // A turned head moves what is near the viewer; its outline stays.
    const double from_axis = head(u, v);
    const double z = depth(from_axis);
    const double fu = u - scene_.yaw * z;
    const double fv = v - scene_.nod * z;
    const bool on_face = from_axis < 1.0;

    if (on_face && scene_.glasses && on_rim(fu, fv))
      return 0.10 + 0.12 * scene_.lamp * std::max(0.0, scene_.light[2]);
    if (on_front_hair(u, v, fu, fv)) return hair_grey(u, v);
    if (on_face) return face_grey(fu, fv, shade(fu, fv));
    if (on_ear(u, v))
      return 0.85 * person_.skin * lit(u > 0 ? 0.5 : -0.5, 0.0, 1.0) *
             (1.0 - 0.35 * bump(std::abs(u) - person_.half_width - 0.03, v - 0.08, 0.05, 0.12));
    if (on_neck(u, v)) {
      const double under_chin = 1.0 - 0.5 * (1.0 - step(0.0, 0.35, v - 0.75));
      return under_chin * 0.85 * person_.skin * lit(1.6 * u, 0.1, 0.9);
    }
    if (on_back_hair(u, v)) return 0.75 * hair_grey(u, v);
    if (v > 1.0 + 0.32 * square(u)) return person_.clothes * lit(0.6 * u, -0.5, 0.8);
    return scene_.backdrop * (1.0 + 0.15 * u * scene_.light[0] - 0.06 * v);
  }

  // Hair

  bool on_front_hair(double u, double v, double fu, double fv) const {
    if (person_.hair == Hair::bald)
      return head(u, v) < 1.0 && v < 0.0 && std::abs(u) > 0.88 * person_.half_width && v > -0.55;
    double edge = 1.0 + person_.hair_volume;
    if (person_.hair == Hair::curly) edge += 0.03 * std::sin(9.0 * std::atan2(u, -v));
    const double top = person_.hair == Hair::swept_back ? 1.0 + 0.7 * person_.hair_volume : 1.0;
    if (square(u / (person_.half_width * edge)) + square(std::min(v, 0.0) / (edge * top)) >= 1.0 ||
        v > std::max(person_.hair_length, 0.25))
      return false;
    // Level over the forehead, falling at the temples, and never quite even.
    const double x = fu / (0.90 * person_.half_width);
    double line = person_.hairline + 0.02 * std::sin(17.0 * fu + 9.0 * person_.parting);
    switch (person_.hair) {
      case Hair::short_parted:
        line += 0.30 * std::pow(std::abs(x), 6.0) + 0.22 * std::abs(fu - person_.parting) - 0.08;
        break;
      case Hair::fringe:
        line += 0.03 * std::sin(25.0 * fu) + 0.30 * std::pow(std::abs(x), 6.0);
        break;
      case Hair::long_straight:
        line += 0.85 * std::pow(std::abs(fu - 0.25 * person_.parting) / 0.62, 2.2) - 0.05;
        break;
      case Hair::curly:
        line += 0.35 * std::pow(std::abs(x), 4.0) + 0.03 * std::sin(16.0 * fu);
        break;
      default:
        line += 0.32 * std::pow(std::abs(x), 8.0) - 0.14 * bump(std::abs(x) - 0.6, 0.0, 0.2, 1.0);
        break;
    }
    if (fv < line) return true;
    // At the temples and before the ears, down to the hair's length.
    const double inner = person_.hair == Hair::long_straight ? 0.86 : 0.90;
    return std::abs(u) > inner * person_.half_width && v < person_.hair_length;
  }

  bool on_back_hair(double u, double v) const {
    if (person_.hair != Hair::long_straight && person_.hair != Hair::curly) return false;
    const double widest = person_.half_width * (1.0 + person_.hair_volume) + 0.05;
    const double half =
        v < 0.0 ? widest * std::sqrt(std::max(0.0, 1.0 - square(v / (1.0 + person_.hair_volume))))
                : widest * (1.0 - 0.08 * v);
    return std::abs(u) < half && v < person_.hair_length;
  }

  double hair_grey(double u, double v) const {
    const double round = std::sqrt(std::max(0.05, 1.0 - 0.8 * square(u) - 0.5 * square(v)));
    const double strands =
        1.0 + 0.10 * std::sin(23.0 * u + 5.0 * v) + 0.07 * std::sin(11.0 * v - 7.0 * u);
    const double shine = 0.10 * bump(u - 0.4 * scene_.light[0], v + 0.75, 0.35, 0.15) * scene_.lamp;
    return person_.hair_tone * strands * lit(u, v, round) + shine;
  }

  bool on_ear(double u, double v) const {
    if (person_.hair == Hair::long_straight) return false;
    return square((std::abs(u) - person_.half_width) / (0.10 * person_.ear)) +
               square((v - 0.08) / (0.20 * person_.ear)) <
           1.0;
  }

  bool on_neck(double u, double v) const {
    return v > 0.4 && v < 1.10 + 0.1 * square(u) &&
           std::abs(u) < 0.62 * person_.half_width + 0.15 * step(1.0, 1.3, v);
  }

  // Face

  double face_grey(double u, double v, double light) const {
    double tone = person_.skin;
    const double side = std::abs(u);
    const double sign = u < 0.0 ? -1.0 : 1.0;

    // The nose throws a shadow away from the lamp, and its underside is dark.
    const double across = -scene_.light[0];
    light *= 1.0 - 0.38 * std::abs(across) *
                       bump(u - 0.15 * across, v - person_.nose_tip + 0.06, 0.09, 0.16);
    light *= 1.0 - 0.30 * bump(u, v - person_.nose_tip - 0.07, 1.1 * person_.nose_width, 0.035);
    if (square((side - 0.45 * person_.nose_width) / 0.035) +
            square((v - person_.nose_tip - 0.045) / 0.024) <
        1.0)
      tone *= 0.35;

    // Folds from the nose to the corners of the mouth.
    const double fold = person_.fold + 0.18 * std::max(0.0, scene_.smile);
    const double fold_u = person_.nose_width + 0.05 +
                          0.9 * std::max(0.0, v - person_.nose_tip) *
                              (person_.mouth_width + 0.08 - person_.nose_width) / 0.3;
    if (v > person_.nose_tip - 0.05 && v < person_.mouth_height + 0.05)
      light *= 1.0 - fold * bump(side - fold_u, 0.0, 0.035, 1.0);
    // Under the eyes and between lip and chin.
    light *=
        1.0 - 0.12 * bump(side - person_.eye_distance, v - person_.eye_height - 0.13, 0.13, 0.04);
    light *= 1.0 - 0.15 * bump(u, v - person_.mouth_height - 0.15, 0.14, 0.045);

    if (const double hairiness = beard(u, v); hairiness > 0.0)
      tone += hairiness * (0.8 * person_.hair_tone + 0.04 - tone);
    if (on_brow(side, v)) tone = std::min(tone, person_.brow_tone);
    if (double colour = 0.0; on_mouth(u, v, colour)) return colour * light;
    if (double colour = 0.0; on_eye(side, sign, v, colour)) return colour * (0.35 + 0.65 * light);
    return tone * light;
  }

  double beard(double u, double v) const {
    const double below = v - person_.mouth_height;
    const double lip =
        bump(u, 0.0, 0.26, 1.0) * step(-0.155, -0.125, below) * (1.0 - step(-0.045, -0.02, below));
    const double chin = step(0.09, 0.13, below) * (1.0 - step(0.20, 0.28, std::abs(u)));
    const double jaw = step(-0.10, 0.05, v - 0.42 - 0.35 * (0.65 - std::abs(u)) - 0.10) *
                       (1.0 - bump(u, below, 0.26, 0.09));
    switch (person_.beard) {
      case Beard::none:
        return 0.0;
      case Beard::stubble:
        return 0.35 * std::max(jaw, lip);
      case Beard::moustache:
        return std::min(1.0, 1.2 * lip);
      case Beard::goatee:
        return 0.9 * std::max(chin, lip);
      case Beard::full:
        return 0.95 * std::max(jaw, lip);
    }
    return 0.0;
  }

  bool on_brow(double side, double v) const {
    const double x = (side - person_.eye_distance) / (1.25 * person_.eye_width);
    if (std::abs(x) > 1.0) return false;
    const double middle = person_.eye_height - person_.brow_gap - scene_.raise +
                          0.14 * person_.brow_tilt * x + 0.045 * square(x);
    return std::abs(v - middle) < person_.brow_thickness * (1.0 - 0.45 * step(0.0, 1.0, x));
  }

  bool on_eye(double side, double sign, double v, double& colour) const {
    const double x = (side - person_.eye_distance) / person_.eye_width;
    if (std::abs(x) > 1.0) return false;
    const double y = v - person_.eye_height - person_.eye_tilt * person_.eye_width * x;
    const double arch = 1.0 - square(x);
    const double upper = -person_.eye_open * arch * (1.0 - 1.4 * scene_.blink);
    const double lower =
        0.65 * person_.eye_open * arch * (1.0 - 0.25 * std::max(0.0, scene_.smile));
    if (std::abs(y - upper) < 0.024 + 0.012 * x) {  // lashes
      colour = 0.35 * person_.skin * 0.5;
      return true;
    }
    if (y < upper || y > lower) return false;
    const double from_iris =
        std::hypot((side - person_.eye_distance) * sign - 0.10 * scene_.gaze, y + 0.01);
    colour = from_iris < 0.035   ? 0.04
             : from_iris < 0.075 ? person_.iris
                                 : 0.60 + 0.25 * person_.skin;
    return true;
  }

  bool on_mouth(double u, double v, double& colour) const {
    const double width = person_.mouth_width * (1.0 + 0.22 * scene_.smile - 0.12 * scene_.open);
    const double x = u / width;
    if (std::abs(x) > 1.0) return false;
    const double arch = 1.0 - square(x);
    const double middle = person_.mouth_height + 0.02 + 0.075 * scene_.smile * (0.4 - square(x));
    const double gap = 0.5 * 0.17 * scene_.open * std::sqrt(arch);
    const double upper = middle - gap;
    const double lower = middle + gap;
    if (scene_.open > 0.0 && v > upper && v < lower) {
      colour = v < upper + 0.055 * arch && scene_.smile > 0.0 ? 0.90 : 0.12;  // teeth
      return true;
    }
    if (std::abs(v - middle) < 0.014 + gap && scene_.open == 0.0) {  // the closed line
      colour = 0.30 * person_.skin;
      return true;
    }
    const double cupid = 1.0 - 0.35 * bump(x, 0.0, 0.18, 1.0);
    if (v > upper - person_.lip * arch * cupid && v < lower + 1.25 * person_.lip * arch) {
      colour = person_.lip_tone * person_.skin;
      return true;
    }
    return false;
  }

  bool on_rim(double u, double v) const {
    const double side = std::abs(u);
    const double y = v - person_.eye_height - 0.02;
    const double n = person_.glasses_roundness;
    const double lens = std::pow(std::abs(side - person_.eye_distance) / person_.glasses_width, n) +
                        std::pow(std::abs(y) / person_.glasses_height, n);
    const double inner = std::pow(std::abs(side - person_.eye_distance) /
                                      (person_.glasses_width - person_.glasses_rim),
                                  n) +
                         std::pow(std::abs(y) / (person_.glasses_height - person_.glasses_rim), n);
    if (lens < 1.0 && inner > 1.0) return true;
    const bool bridge = side < person_.eye_distance - person_.glasses_width + 0.01;
    const bool arm = side > person_.eye_distance + person_.glasses_width - 0.01;
    return (bridge || arm) && std::abs(y + 0.05) < 0.5 * person_.glasses_rim;
  }

  static constexpr double reach = 1.2;  // the grid covers -reach to reach
  static constexpr int grid = 49;
  static constexpr double spacing = 2.0 * reach / (grid - 1);

  const Person& person_;
  const Scene& scene_;
  double cosine_;
  double sine_;
  Eigen::Array<double, grid, grid> light_;
};

}  // namespace

Faces draw_faces(int people, int images_each, std::uint64_t seed, int size) {
  if (people < 1 || images_each < 1 || size < 8)
    throw std::invalid_argument(
        "draw_faces: there must be a person, an image and at least 8 x 8 pixels");
  constexpr int samples = 4;      // along each side of a pixel
  constexpr double extent = 2.0;  // of the picture, in units of half a head
  constexpr double noise = 3.0;   // standard deviation, in grey values
  Faces faces;
  faces.width = faces.height = size;
  faces.source = "drawn faces";
  faces.images.resize(Eigen::Index{people} * images_each, Eigen::Index{size} * size);
  faces.people.resize(faces.images.rows());
  for (int who = 1; who <= people; ++who) {
    const auto stream = [&](int image) {
      return Random{seed, latent::Purpose::user, 0, static_cast<std::uint64_t>(who),
                    static_cast<std::uint64_t>(image)};
    };
    const Person person = draw_person(stream(0));
    for (int i = 0; i < images_each; ++i) {
      const Scene scene = draw_scene(person, stream(1 + 2 * i));
      Random grain = stream(2 + 2 * i);
      const Portrait portrait{person, scene};
      const Eigen::Index row = Eigen::Index{who - 1} * images_each + i;
      faces.people[row] = who;
      const double fine = extent / (size * samples);
      for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
          double sum = 0.0;
          for (int b = 0; b < samples; ++b)
            for (int a = 0; a < samples; ++a)
              sum += portrait.grey((x * samples + a + 0.5) * fine - 0.5 * extent,
                                   (y * samples + b + 0.5) * fine - 0.5 * extent - 0.02);
          const double value = 255.0 * sum / (samples * samples) + noise * grain.normal();
          faces.images(row, Eigen::Index{y} * size + x) = std::round(std::clamp(value, 0.0, 255.0));
        }
    }
  }
  return faces;
}

}  // namespace examples
