#include "store/ballast.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

namespace rastro {

void Ballast::maybe_fill() {
  if (bytes_ == 0) return;
  std::error_code failed;
  if (std::filesystem::exists(path_, failed)) return;
  const auto space = std::filesystem::space(path_.parent_path(), failed);
  if (failed || space.available < 4 * bytes_) return;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  const bool filled = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes_)) == 0;
  ::close(fd);
  if (!filled) std::filesystem::remove(path_, failed);
}

bool Ballast::release() {
  std::error_code failed;
  return std::filesystem::remove(path_, failed) && !failed;
}

}  // namespace rastro
