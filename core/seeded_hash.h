#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rastro {

// A 64-bit hash for tables inside one process. The seed is random in production, so a stranger who
// chooses the bytes cannot choose the buckets. Not for storage: the store has its own keyed hash.
class SeededHash {
 public:
  explicit SeededHash(std::uint64_t seed) : seed_(seed ^ 0x9e3779b97f4a7c15ULL) {}

  std::uint64_t operator()(std::string_view bytes, std::uint64_t start = 0) const {
    std::uint64_t hash = fold(start ^ seed_, bytes.size() + kOdd1);
    const char* at = bytes.data();
    auto left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) hash = fold(hash ^ read(at, 8), kOdd2 ^ seed_);
    if (left > 0) hash = fold(hash ^ read(at, left), kOdd1 ^ seed_);
    return fold(hash, kOdd2);
  }

 private:
  static constexpr std::uint64_t kOdd1 = 0xa0761d6478bd642fULL;
  static constexpr std::uint64_t kOdd2 = 0xe7037ed1a0b428dbULL;

  static std::uint64_t read(const char* at, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    return word;
  }
  // The two halves of the 128-bit product folded together: every input bit reaches every output
  // bit.
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  std::uint64_t seed_;
};

}  // namespace rastro
