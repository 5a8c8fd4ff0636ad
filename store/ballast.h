#pragma once

#include <cstdint>
#include <filesystem>

namespace rastro {

// A file that holds disk space for the moment when there is none left: a full disk would otherwise
// keep the WAL from being written back, and nothing could be done about it.
class Ballast {
 public:
  Ballast(std::filesystem::path path, std::uint64_t bytes)
      : path_(std::move(path)), bytes_(bytes) {}
  // Makes it when it is missing and there is plenty of room (four times its size).
  void maybe_fill();
  // Gives the space back; false: there was none.
  bool release();

 private:
  std::filesystem::path path_;
  std::uint64_t bytes_;
};

}  // namespace rastro
