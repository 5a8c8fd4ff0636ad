#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/event.h"

// The small readers that all parsers share. Each takes what it names off the front of `rest`, or
// returns nothing and leaves `rest` alone. None searches ahead.
//
// Those of the frequent lines are inline even where the compiler would rather not: then `rest`
// stays in registers. A view that is changed in memory, word by word, and copied at once waits for
// its own stores, and that was a quarter of a line's time. For the same reason the rare cases
// behind them work on a copy.
namespace rastro {

// Here and not in the .cc: a literal that the compiler knows is compared in a few instructions.
[[gnu::always_inline]] inline bool maybe_take(std::string_view& rest, std::string_view literal) {
  if (rest.size() < literal.size() ||
      std::memcmp(rest.data(), literal.data(), literal.size()) != 0) {
    return false;
  }
  rest.remove_prefix(literal.size());
  return true;
}
[[gnu::always_inline]] inline bool maybe_take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}
// As operator== and starts_with(), which call memcmp() even for a literal that the compiler knows.
[[gnu::always_inline]] inline bool begins_with(std::string_view text, std::string_view literal) {
  return text.size() >= literal.size() &&
         std::memcmp(text.data(), literal.data(), literal.size()) == 0;
}
[[gnu::always_inline]] inline bool is(std::string_view text, std::string_view literal) {
  return text.size() == literal.size() && begins_with(text, literal);
}
// The position of the first character of `text` that is one of `any`; its size when there is none.
// For words of a few bytes, where a call of memchr() for each of them would cost more.
template <typename... Chars>
[[gnu::always_inline]] inline std::size_t position_of(std::string_view text, Chars... any) {
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
// As operator==, for the names of a few bytes that a table is asked for at each line.
inline bool same_name(std::string_view a, std::string_view b) {
  const auto size = a.size();
  if (size != b.size()) return false;
  std::uint64_t left[2];
  std::uint64_t right[2];
  if (size >= 4 && size < 8) {
    std::uint32_t halves[4];
    std::memcpy(&halves[0], a.data(), 4);
    std::memcpy(&halves[1], b.data(), 4);
    std::memcpy(&halves[2], a.data() + size - 4, 4);
    std::memcpy(&halves[3], b.data() + size - 4, 4);
    return halves[0] == halves[1] && halves[2] == halves[3];
  }
  if (size >= 8 && size <= 16) {
    std::memcpy(&left[0], a.data(), 8);
    std::memcpy(&right[0], b.data(), 8);
    std::memcpy(&left[1], a.data() + size - 8, 8);
    std::memcpy(&right[1], b.data() + size - 8, 8);
    return left[0] == right[0] && left[1] == right[1];
  }
  return size == 0 || std::memcmp(a.data(), b.data(), size) == 0;  // a view may be of nothing
}
// Up to but not including `end`, which must come; `end` is taken too.
inline std::optional<std::string_view> maybe_take_until(std::string_view& rest, char end) {
  const auto at = position_of(rest, end);
  if (at == rest.size()) return std::nullopt;
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}
std::optional<std::string_view> maybe_take_until(std::string_view& rest, std::string_view end);
// Not empty; up to a blank or the end.
[[gnu::always_inline]] inline std::optional<std::string_view> maybe_take_word(
    std::string_view& rest) {
  const auto end = position_of(rest, ' ');
  if (end == 0) return std::nullopt;
  const auto word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}
// The decimal digits that eight bytes start with, read without a branch for each: how many there
// are, and their value. Eight of them may go on behind; on a big-endian machine none are found.
struct EightDigits {
  [[gnu::always_inline]] explicit EightDigits(const char* at) {
    if constexpr (std::endian::native != std::endian::little) return;
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    word ^= 0x3030303030303030;  // a digit's byte becomes its value
    const auto others = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
    size = static_cast<std::size_t>(std::countr_zero(others)) / 8;
    if (size == 0) return;
    word <<= 64 - 8 * size;  // zeros in front
    word = word * 10 + (word >> 8);
    value = ((word & 0x000000ff000000ff) * 0x000f424000000064 +
             ((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
            32;
  }
  std::size_t size = 0;
  std::uint64_t value = 0;
};
// Decimal, at most 18 digits.
[[gnu::always_inline]] inline std::optional<std::uint64_t> maybe_take_number(
    std::string_view& rest) {
  if (rest.size() >= 8) {
    const EightDigits digits(rest.data());
    if (digits.size > 0 && digits.size < 8) {
      rest.remove_prefix(digits.size);
      return digits.value;
    }
  }
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
// The same behind a first '<' when a quote comes before its '>'.
std::optional<std::string_view> maybe_take_quoted_address(std::string_view& rest);
// "<address>", quotes followed.
[[gnu::always_inline]] inline std::optional<std::string_view> maybe_take_address(
    std::string_view& rest) {
  if (rest.empty() || rest.front() != '<') return std::nullopt;
  const auto end = position_of(rest, '>', '"');
  if (end == rest.size()) return std::nullopt;
  if (rest[end] == '"') {
    auto left = rest;
    const auto quoted = maybe_take_quoted_address(left);
    rest = left;
    return quoted;
  }
  const auto address = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return address;
}
// ".123456" and more digits than six, which count for nothing: microseconds; -1 for no digit.
[[gnu::always_inline]] inline std::int64_t take_decimals(std::string_view& rest) {
  constexpr std::int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  if (rest.size() >= 9) {
    const EightDigits digits(rest.data() + 1);
    if (digits.size > 0 && digits.size < std::size(kUnits)) {
      rest.remove_prefix(1 + digits.size);
      return static_cast<std::int64_t>(digits.value) * kUnits[digits.size];
    }
  }
  std::int64_t us = 0;
  std::size_t size = 0;
  for (; size + 1 < rest.size() && rest[size + 1] >= '0' && rest[size + 1] <= '9'; ++size) {
    if (size + 1 < std::size(kUnits)) us += (rest[size + 1] - '0') * kUnits[size + 1];
  }
  rest.remove_prefix(1 + size);
  return size == 0 ? -1 : us;
}
// "1.23", "0", "340": seconds.
[[gnu::always_inline]] inline std::optional<Duration> maybe_take_seconds(std::string_view& rest) {
  auto left = rest;
  const auto whole = maybe_take_number(left);
  if (!whole || *whole > 1'000'000'000) return std::nullopt;
  std::int64_t us = 0;
  if (!left.empty() && left.front() == '.') {
    us = take_decimals(left);
    if (us < 0) return std::nullopt;
  }
  rest = left;
  return Duration(static_cast<std::int64_t>(*whole) * 1'000'000 + us);
}
// "host[ip]:port", "host[ip]", "[ip]".
[[gnu::always_inline]] inline bool maybe_take_peer(std::string_view& rest, Peer& peer) {
  const auto open = position_of(rest, '[', ' ', ',');
  if (open == rest.size() || rest[open] != '[') return false;
  auto left = rest.substr(open + 1);
  const auto close = position_of(left, ']', ' ', ',');
  if (close == left.size() || left[close] != ']') return false;
  peer = {rest.substr(0, open), left.substr(0, close), 0};
  if (close >= 5 && peer.ip[4] == ':') maybe_take(peer.ip, "IPv6:");
  left.remove_prefix(close + 1);
  if (left.size() > 1 && left[0] == ':') {
    auto digits = left.substr(1);
    const auto port = maybe_take_number(digits);
    if (port && *port < 65536) {
      peer.port = static_cast<std::uint16_t>(*port);
      left = digits;
    } else {
      maybe_take(left, ":unknown");  // smtpd_client_port_logging where the port is not known
    }
  }
  rest = left;
  return true;
}
inline std::optional<Peer> maybe_take_peer(std::string_view& rest) {
  Peer peer;
  return maybe_take_peer(rest, peer) ? std::optional(peer) : std::nullopt;
}
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
// Whether the three digits at `at` are a group of a longer number: "Tel. 91 555 11 22".
bool is_group_of_number(std::string_view text, std::size_t at);
// The id behind "queued as " or "id=" in a 2xx reply that ends with it, else nullopt.
std::optional<std::string_view> queued_as(std::string_view reply);

}  // namespace rastro
