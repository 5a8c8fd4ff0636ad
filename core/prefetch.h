#pragma once

#include <cstddef>

namespace rastro {

// Asks for memory that is written or read a little later, so that nobody waits for it then.
inline void prefetch(const void* begin, std::size_t bytes) {
#if defined(__GNUC__)
  constexpr std::size_t kCacheLine = 64;
  const auto* at = static_cast<const char*>(begin);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i, 1);
#else
  static_cast<void>(begin);
  static_cast<void>(bytes);
#endif
}

}  // namespace rastro
