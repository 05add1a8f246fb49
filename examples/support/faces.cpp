#include "support/faces.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "support/image.hpp"

namespace examples {

namespace {

namespace fs = std::filesystem;

// The number a name ends with, or -1: 12 of "s12".
int trailing_number(const std::string& name) {
  std::size_t first = name.size();
  while (first > 0 && std::isdigit(static_cast<unsigned char>(name[first - 1])) != 0) --first;
  const std::size_t digits = name.size() - first;
  return digits >= 1 && digits <= 9 ? std::stoi(name.substr(first)) : -1;
}

bool is_image_name(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".pgm" || extension == ".png" || extension == ".jpg" ||
         extension == ".jpeg" || extension == ".ppm";
}

}  // namespace

Faces read_faces(const fs::path& folder, int size) {
  if (!fs::is_directory(folder))
    throw FileError(folder, fs::exists(folder) ? "is not a folder" : "no such folder");
  std::map<std::pair<int, int>, fs::path> files;  // by person, image
  for (const auto& person : fs::directory_iterator{folder}) {
    const std::string name = person.path().filename().string();
    if (!person.is_directory() || name.empty() || (name[0] != 's' && name[0] != 'S')) continue;
    const int who = trailing_number(name);
    if (who < 0) continue;
    for (const auto& image : fs::directory_iterator{person.path()}) {
      if (!image.is_regular_file() || !is_image_name(image.path())) continue;
      const int number = trailing_number(image.path().stem().string());
      const auto [place, fresh] = files.try_emplace({who, number}, image.path());
      if (!fresh)
        throw FileError(image.path(),
                        "has the same person and number as " + place->second.string());
    }
  }
  if (files.empty()) throw FileError(folder, "holds no images in folders s1, s2, ...");

  Faces faces;
  faces.width = faces.height = size;
  faces.source = "faces of " + folder.string();
  faces.images.resize(static_cast<Eigen::Index>(files.size()), Eigen::Index{size} * size);
  faces.people.resize(faces.images.rows());
  Eigen::Index row = 0;
  for (const auto& [key, file] : files) {
    const Image small = resize_by_area(crop_to_square(read_image(file, 1)), size, size);
    for (Eigen::Index pixel = 0; pixel < faces.images.cols(); ++pixel)
      faces.images(row, pixel) = small.pixels[static_cast<std::size_t>(pixel)];
    faces.people[row++] = key.first;
  }
  return faces;
}

Faces faces_from(const fs::path& folder, std::uint64_t seed) {
  return folder.empty() ? draw_faces(40, 10, seed) : read_faces(folder);
}

}  // namespace examples
