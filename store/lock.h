#pragma once

#include <filesystem>
#include <utility>

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

  // Whether DIR/lock is the file that is held: false when the directory was moved, unmounted or
  // emptied meanwhile, or cannot be entered.
  bool is_in_place() const;
  // Whether `directory` is on the file system that the lock is on.
  bool is_on_device_of(const std::filesystem::path& directory) const;

 private:
  DirectoryLock(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::filesystem::path path_;
};

}  // namespace rastro
