// Files and folders, with errors that name the file and the reason.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace examples {

// A file that cannot be read or written, or does not hold what it should. what() is "PATH: reason".
struct FileError : std::runtime_error {
  FileError(const std::filesystem::path& file, const std::string& why)
      : std::runtime_error(file.string() + ": " + why), path(file), reason(why) {}
  std::filesystem::path path;
  std::string reason;
};

// All bytes of a file. Throws FileError where it is missing, a folder, unreadable or empty.
std::vector<unsigned char> read_bytes(const std::filesystem::path& path);

// Writes all bytes and returns their number. Throws FileError.
std::size_t write_bytes(const std::filesystem::path& path, const std::vector<unsigned char>& bytes);
std::size_t write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace examples
