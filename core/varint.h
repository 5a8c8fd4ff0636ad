#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// LEB128: seven bits a byte, lowest first, the top bit set on all but the last.
inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Takes one off the front; nullopt (and `rest` undefined) when the bytes end or overflow 64 bits.
inline std::optional<std::uint64_t> take_varint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// 0, -1, 1, -2 to 0, 1, 2, 3: a difference that may be negative, in two's complement.
inline std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ (0 - (difference >> 63));
}
inline std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

// A varint of up to eight bytes, of which all eight can be read at `at`. `length` is 0 for a longer
// one.
struct ShortVarint {
  std::uint64_t bytes = 0;  // its own, the others 0
  unsigned length = 0;
  std::uint64_t value() const {
    // Neighbouring groups of seven bits are joined in pairs, the pairs again, and so on.
    auto joined = (bytes & 0x007f007f007f007f) | ((bytes & 0x7f007f007f007f00) >> 1);
    joined = (joined & 0x00003fff00003fff) | ((joined & 0x3fff00003fff0000) >> 2);
    return (joined & 0x000000000fffffff) | ((joined & 0x0fffffff00000000) >> 4);
  }
};
inline ShortVarint look_at_varint(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  const auto ends = ~bytes & 0x8080808080808080;
  if (ends == 0) return {};
  return {bytes & (ends ^ (ends - 1)), static_cast<unsigned>(std::countr_zero(ends) + 1) / 8};
}

}  // namespace rastro
