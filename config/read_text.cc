#include "config/read_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rastro {
namespace {

struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Error system_error(std::string_view what, const std::string& path) {
  const int number = errno;
  return make_error(
      number == ENOENT ? Error::Code::not_found : Error::Code::io,
      std::string(what) + ' ' + path + ": " + std::generic_category().message(number));
}

}  // namespace

Result<std::string> read_text(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number < 0) return system_error("open", path);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return system_error("stat", path);
  if (!S_ISREG(status.st_mode)) {
    return make_error(Error::Code::invalid, path + ": not a regular file");
  }
  std::string text(bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const auto got = ::read(file.number, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > bytes_max) {
    return make_error(Error::Code::limit,
                      path + ": larger than " + std::to_string(bytes_max) + " bytes");
  }
  text.resize(filled);
  return text;
}

}  // namespace rastro
