#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/result.h"

namespace rastro {

// SipHash-2-4 (Aumasson and Bernstein 2012) of `bytes`.
std::uint64_t sip_hash(const std::array<std::uint64_t, 2>& key, std::string_view bytes);

// Turns a search value into the 32 bits under which rows are posted. The secret is made once per
// installation, so a stranger who chooses addresses cannot choose collisions.
class KeyHasher {
 public:
  explicit KeyHasher(std::array<std::uint64_t, 2> secret) : secret_(secret) {}
  // Reads DIR/hash_key, or makes it (16 random bytes, mode 0600).
  static Result<KeyHasher> open(const std::filesystem::path& directory);
  // Reads it, and makes nothing. Error::not_found: there is none.
  static Result<KeyHasher> read(const std::filesystem::path& directory);

  // `kind` keeps the same value under two kinds apart.
  std::uint32_t operator()(std::uint8_t kind, std::string_view value) const;

 private:
  std::array<std::uint64_t, 2> secret_;
};

}  // namespace rastro
