#include "store/hash_key.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace rastro {
namespace {

std::uint64_t rotate(std::uint64_t word, int by) { return (word << by) | (word >> (64 - by)); }

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void round() {
    v0 += v1;
    v1 = rotate(v1, 13) ^ v0;
    v0 = rotate(v0, 32);
    v2 += v3;
    v3 = rotate(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotate(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotate(v1, 17) ^ v2;
    v2 = rotate(v2, 32);
  }
  void compress(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

Error system_error(const std::string& what, const std::filesystem::path& path) {
  return make_error(Error::Code::io, what + " " + path.string() + ": " + std::strerror(errno));
}

Result<void> write_secret(const std::filesystem::path& path,
                          const std::array<std::uint64_t, 2>& secret) {
  // A new name first: a crash in between must not leave half a key under the real one.
  const auto fresh = path.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error("create", fresh);
  const bool written =
      ::write(fd, secret.data(), sizeof secret) == static_cast<ssize_t>(sizeof secret) &&
      ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) return system_error("write", path);
  return {};
}

}  // namespace

std::uint64_t sip_hash(const std::array<std::uint64_t, 2>& key, std::string_view bytes) {
  SipState state{key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
                 key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};
  const char* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);  // little-endian, as the format says; we support no other
    state.compress(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t i = 0; i < left; ++i) {
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  state.compress(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

Result<KeyHasher> KeyHasher::read(const std::filesystem::path& directory) {
  const auto path = directory / "hash_key";
  std::array<std::uint64_t, 2> secret{};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    const bool missing = errno == ENOENT;
    auto failed = system_error("open", path);
    if (missing) failed.code = Error::Code::not_found;
    return failed;
  }
  const auto size = ::read(fd, secret.data(), sizeof secret);
  ::close(fd);
  if (size == static_cast<ssize_t>(sizeof secret)) return KeyHasher(secret);
  return make_error(Error::Code::corrupt, "read " + path.string() + ": not 16 bytes long");
}

Result<KeyHasher> KeyHasher::open(const std::filesystem::path& directory) {
  auto known = read(directory);
  if (known || known.error().code != Error::Code::not_found) return known;
  const auto path = directory / "hash_key";
  std::array<std::uint64_t, 2> secret{};
  if (::getrandom(secret.data(), sizeof secret, 0) != static_cast<ssize_t>(sizeof secret)) {
    return system_error("random bytes for", path);
  }
  if (auto done = write_secret(path, secret); !done) return done.error();
  return KeyHasher(secret);
}

std::uint32_t KeyHasher::operator()(std::uint8_t kind, std::string_view value) const {
  const std::array<std::uint64_t, 2> key = {secret_[0], secret_[1] ^ kind};
  return static_cast<std::uint32_t>(sip_hash(key, value));
}

}  // namespace rastro
