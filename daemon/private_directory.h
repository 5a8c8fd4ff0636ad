#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace rastro {

// A directory of our own, mode 0700, removed with everything in it when the object goes.
class PrivateDirectory {
 public:
  // Under TMPDIR, else /var/tmp (an index may be large, /tmp is often memory).
  static Result<PrivateDirectory> create();
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit PrivateDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace rastro
