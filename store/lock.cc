#include "store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rastro {

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto path = (directory / "lock").string();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return make_error(Error::Code::io, "open " + path + ": " + std::strerror(errno));
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(fd);
    if (reason == EWOULDBLOCK) {
      return make_error(Error::Code::unavailable,
                        directory.string() + ": another rastrod is using this state directory");
    }
    return make_error(Error::Code::io, "lock " + path + ": " + std::strerror(reason));
  }
  return DirectoryLock(fd, path);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}
DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool DirectoryLock::is_in_place() const {
  struct stat held {};
  struct stat named {};
  return ::fstat(fd_, &held) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

bool DirectoryLock::is_on_device_of(const std::filesystem::path& directory) const {
  struct stat held {};
  struct stat named {};
  return ::fstat(fd_, &held) == 0 && ::stat(directory.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev;
}

}  // namespace rastro
