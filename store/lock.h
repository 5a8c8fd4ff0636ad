#pragma once

#include <filesystem>

#include "core/result.h"

namespace rastro {

// Holds DIR/lock for its lifetime: one writer per state directory. The kernel lets go when the
// process dies, so there is nothing stale to clean up.
class DirectoryLock {
 public:
  // Error::unavailable: another process has it.
  static Result<DirectoryLock> take(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace rastro
