#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/event.h"

// The small readers that all parsers share. Each takes what it names off the front of `rest`, or
// returns nothing and leaves `rest` alone. None searches ahead.
namespace rastro {

// Here and not in the .cc: a literal that the compiler knows is compared in a few instructions.
inline bool maybe_take(std::string_view& rest, std::string_view literal) {
  if (rest.size() < literal.size() ||
      std::memcmp(rest.data(), literal.data(), literal.size()) != 0) {
    return false;
  }
  rest.remove_prefix(literal.size());
  return true;
}
inline bool maybe_take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}
// The position of the first character of `text` that is one of `any`; its size when there is none.
// For words of a few bytes, where a call of memchr() for each of them would cost more.
template <typename... Chars>
std::size_t position_of(std::string_view text, Chars... any) {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; at + 16 <= text.size(); at += 16) {
    const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int found = (_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(any))) | ...);
    if (found != 0)
      return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(found)));
  }
#endif
  while (at < text.size() && ((text[at] != any) && ...)) ++at;
  return at;
}
// Up to but not including `end`, which must come; `end` is taken too.
std::optional<std::string_view> maybe_take_until(std::string_view& rest, char end);
std::optional<std::string_view> maybe_take_until(std::string_view& rest, std::string_view end);
// Not empty.
std::optional<std::string_view> maybe_take_word(
    std::string_view& rest);  // up to a blank or the end
// Decimal, at most 18 digits.
inline std::optional<std::uint64_t> maybe_take_number(std::string_view& rest) {
  std::size_t size = 0;
  std::uint64_t value = 0;
  while (size < rest.size() && rest[size] >= '0' && rest[size] <= '9') {
    if (size == 18) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(rest[size++] - '0');
  }
  if (size == 0) return std::nullopt;
  rest.remove_prefix(size);
  return value;
}
// "<address>", quotes followed.
std::optional<std::string_view> maybe_take_address(std::string_view& rest);
// "1.23", "0", "340": seconds.
std::optional<Duration> maybe_take_seconds(std::string_view& rest);
// "host[ip]:port", "host[ip]", "[ip]".
std::optional<Peer> maybe_take_peer(std::string_view& rest);
inline constexpr std::size_t kQueueIdBytesMax = 20;
// Short (hex) or long (base 52 and z) Postfix queue id.
bool is_postfix_queue_id(std::string_view word);
bool is_exim_message_id(std::string_view word);
// "550 5.1.1 text" or "550-5.1.1 text": the code, and the enhanced status behind it if any.
struct ReplyCodes {
  std::uint16_t code = 0;
  std::optional<EnhancedStatus> enhanced_status;
};
ReplyCodes reply_codes_of(std::string_view text);
// The id behind "queued as " or "id=" in a 2xx reply that ends with it, else nullopt.
std::optional<std::string_view> queued_as(std::string_view reply);

}  // namespace rastro
