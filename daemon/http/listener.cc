#include "daemon/http/listener.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rastro {
namespace {

constexpr int kBacklog = 128;

Error failed(const std::string& what) {
  return make_error(Error::Code::io, what + ": " + std::strerror(errno));
}

Result<void> give_to_group(const std::string& path, const std::string& group) {
  const auto* entry = getgrnam(group.c_str());
  if (entry == nullptr)
    return make_error(Error::Code::invalid, "api.socket_group: there is no group " + group);
  if (chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0)
    return failed("give " + path + " to group " + group);
  return {};
}

// Whoever may write there could put a socket of his own in our socket's place.
Result<void> check_directory(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory = slash == std::string::npos ? "."
                         : slash == 0               ? "/"
                                                    : path.substr(0, slash);
  struct stat found {};
  if (stat(directory.c_str(), &found) != 0) return failed("api.socket: " + directory);
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return make_error(Error::Code::invalid, "api.socket: others may write in " + directory +
                                                "; it must be writable by its owner alone");
  }
  if (found.st_uid != 0 && found.st_uid != geteuid()) {
    return make_error(Error::Code::invalid,
                      "api.socket: " + directory + " belongs to another user");
  }
  return {};
}

// A socket that nobody answers was left by a daemon that was killed.
bool is_answered(const sockaddr_un& address) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  const bool answered =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN;  // its queue is full, so there is one
  close(descriptor);
  return answered;
}

// Leaves a stale socket alone: rename() will replace it.
Result<void> check_free(const std::string& path) {
  struct stat old {};
  if (lstat(path.c_str(), &old) != 0) return {};
  if (!S_ISSOCK(old.st_mode))
    return make_error(Error::Code::invalid, path + " exists and is no socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (is_answered(address))
    return make_error(Error::Code::unavailable, "another daemon answers at " + path);
  return {};
}

Result<void> bind_and_show(int descriptor, const std::string& path, std::uint32_t mode,
                           const std::string& group) {
  const auto temporary = path + ".new";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (temporary.size() >= sizeof address.sun_path)
    return make_error(Error::Code::invalid, "api.socket: the path is too long: " + path);
  std::memcpy(address.sun_path, temporary.c_str(), temporary.size());
  if (auto done = check_directory(path); !done) return done;
  if (auto done = check_free(path); !done) return done;
  unlink(temporary.c_str());
  const auto mask = umask(0177);
  const bool bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return failed("bind " + temporary);
  if (!group.empty()) {
    if (auto done = give_to_group(temporary, group); !done) return done;
  }
  if (chmod(temporary.c_str(), mode) != 0) return failed("chmod " + temporary);
  if (::listen(descriptor, kBacklog) != 0) return failed("listen on " + temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return failed("rename " + temporary + " to " + path);
  return {};
}

}  // namespace

Result<int> listen_at(const std::string& path, std::uint32_t mode, const std::string& group) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return failed("make a socket");
  if (auto done = bind_and_show(descriptor, path, mode, group); !done) {
    close(descriptor);
    return done.error();
  }
  return descriptor;
}

}  // namespace rastro
