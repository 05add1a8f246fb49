#include "support/file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace examples {

namespace {

std::string last_reason() {
  return errno != 0 ? std::strerror(errno) : "unknown error";
}

std::size_t write(const std::filesystem::path& path, const char* first, std::size_t count) {
  errno = 0;
  std::ofstream file{path, std::ios::binary};
  if (!file) throw FileError(path, "cannot be opened for writing: " + last_reason());
  file.write(first, static_cast<std::streamsize>(count));
  file.close();
  if (!file) throw FileError(path, "cannot be written: " + last_reason());
  return count;
}

}  // namespace

std::vector<unsigned char> read_bytes(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw FileError(path, "no such file");
  if (std::filesystem::is_directory(path, ignored)) throw FileError(path, "is a folder");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) throw FileError(path, "cannot be opened: " + last_reason());
  std::vector<unsigned char> bytes{std::istreambuf_iterator<char>{file}, {}};
  if (file.bad()) throw FileError(path, "cannot be read: " + last_reason());
  if (bytes.empty()) throw FileError(path, "the file is empty");
  return bytes;
}

std::size_t write_bytes(const std::filesystem::path& path,
                        const std::vector<unsigned char>& bytes) {
  return write(path, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::size_t write_text(const std::filesystem::path& path, const std::string& text) {
  return write(path, text.data(), text.size());
}

}  // namespace examples
