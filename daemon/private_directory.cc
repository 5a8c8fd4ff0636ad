#include "daemon/private_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace rastro {

Result<PrivateDirectory> PrivateDirectory::create() {
  const char* named = std::getenv("TMPDIR");
  std::string pattern = std::string(named != nullptr && *named == '/' ? named : "/var/tmp");
  pattern += "/rastro-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return make_error(Error::Code::io, "make a private directory " + pattern + ": " +
                                           std::strerror(errno) + " (set TMPDIR to another place)");
  }
  return PrivateDirectory(std::filesystem::path(pattern));
}

PrivateDirectory::~PrivateDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;  // nobody is left to be told
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rastro
