#include "daemon/source/content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "daemon/source/archive.h"
#include "daemon/source/descriptor.h"

namespace rastro {
namespace {

std::string says(const std::string& path, const std::string& what) {
  return "open " + path + ": " + what;
}

Error open_error(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR) {
    return make_error(Error::Code::not_found, says(path, "No such file or directory"));
  }
  if (number == ELOOP) {
    return make_error(Error::Code::invalid, says(path, "is a symbolic link, which is refused"));
  }
  if (number == ENXIO) {  // a socket, or a device without a driver
    return make_error(Error::Code::invalid, says(path, "not a regular file"));
  }
  const auto code =
      number == EACCES || number == EPERM ? Error::Code::unavailable : Error::Code::io;
  return make_error(code, says(path, std::generic_category().message(number)));
}

class PlainContent final : public Content {
 public:
  explicit PlainContent(Descriptor file) : file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t size) override {
    return pread_some(file_.get(), offset, out, size);
  }

  std::optional<State> growing() const override {
    struct stat now {};
    if (::fstat(file_.get(), &now) != 0) return State{};
    return State{static_cast<std::uint64_t>(now.st_size),
                 now.st_mtim.tv_sec * 1'000'000'000LL + now.st_mtim.tv_nsec};
  }

 private:
  Descriptor file_;
};

std::optional<Time> birth_of(int file) {
  struct statx is {};
  if (::statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &is) != 0 || (is.stx_mask & STATX_BTIME) == 0)
    return std::nullopt;
  return Time(std::chrono::duration_cast<Duration>(std::chrono::seconds(is.stx_btime.tv_sec) +
                                                   std::chrono::nanoseconds(is.stx_btime.tv_nsec)));
}

}  // namespace

Result<std::size_t> pread_some(int descriptor, std::uint64_t offset, char* out, std::size_t size) {
  for (;;) {
    const auto got = ::pread(descriptor, out, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) {
      return make_error(Error::Code::io, "read: " + std::generic_category().message(errno));
    }
  }
}

Result<OpenedFile> open_content(const std::string& path, Symlinks symlinks) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
                    (symlinks == Symlinks::refused ? O_NOFOLLOW : 0);
  Descriptor file(::open(path.c_str(), flags));
  if (!file) return open_error(path, errno);
  struct stat is {};
  if (::fstat(file.get(), &is) != 0) return open_error(path, errno);
  if (S_ISDIR(is.st_mode)) {
    return make_error(Error::Code::invalid, says(path, "is a directory, not a log"));
  }
  if (!S_ISREG(is.st_mode)) {
    return make_error(Error::Code::invalid, says(path, "not a regular file"));
  }
  OpenedFile opened;
  opened.device = is.st_dev;
  opened.inode = is.st_ino;
  opened.modified_at = Time(std::chrono::duration_cast<Duration>(
      std::chrono::seconds(is.st_mtim.tv_sec) + std::chrono::nanoseconds(is.st_mtim.tv_nsec)));
  opened.born_at = birth_of(file.get());
  std::array<char, kArchiveMagicBytes> magic{};
  const auto got = pread_some(file.get(), 0, magic.data(), magic.size());
  if (!got) return make_error(got.error().code, says(path, got.error().message));
  if (const auto format = archive_format({magic.data(), *got})) {
    opened.compressed = true;
    opened.content = open_archive(std::move(file), *format);
  } else {
    opened.content = std::make_unique<PlainContent>(std::move(file));
  }
  return opened;
}

}  // namespace rastro
