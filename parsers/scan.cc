#include "parsers/scan.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace rastro {
namespace {

enum : unsigned char { kHex = 1, kBase52 = 2, kBase62 = 4 };
constexpr std::array<unsigned char, 256> make_alphabets() {
  std::array<unsigned char, 256> out{};
  for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = kHex | kBase52 | kBase62;
  for (int c = 'A'; c <= 'Z'; ++c) out[static_cast<std::size_t>(c)] |= kBase62;
  for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] |= kBase62;
  for (int c = 'A'; c <= 'F'; ++c) out[static_cast<std::size_t>(c)] |= kHex;
  for (const char c : std::string_view("BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz")) {
    out[static_cast<unsigned char>(c)] |= kBase52;
  }
  return out;
}
constexpr auto kAlphabets = make_alphabets();
bool all_of(std::string_view word, unsigned char alphabet) {
  for (const char c : word) {
    if ((kAlphabets[static_cast<unsigned char>(c)] & alphabet) == 0) return false;
  }
  return true;
}
// Letters, digits and hyphens; `word` has sixteen bytes or more, up to thirty-two.
bool are_id_characters(std::string_view word) {
#if defined(__SSE2__)
  const auto are = [](const char* at) {
    const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto within = [](__m128i bytes, char first, char count) {
      const auto offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
      return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(count - 1))),
                            offset);
    };
    const auto letters = within(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 26);
    const auto others =
        _mm_or_si128(within(block, '0', 10), _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
    return _mm_movemask_epi8(_mm_or_si128(letters, others)) == 0xffff;
  };
  return are(word.data()) && are(word.data() + word.size() - 16);
#else
  return std::ranges::all_of(word, [](char c) {
    return c == '-' || (kAlphabets[static_cast<unsigned char>(c)] & kBase62) != 0;
  });
#endif
}
// What stands behind the last `mark`. Its first letters are rare in replies, so memrchr() goes
// through most of them in one step; rfind() would compare at each position.
std::optional<std::string_view> behind_last(std::string_view text, std::string_view mark) {
  auto left = text.size();
  while (left >= mark.size()) {
    const auto* at =
        static_cast<const char*>(::memrchr(text.data(), mark.front(), left - mark.size() + 1));
    if (at == nullptr) return std::nullopt;
    const auto position = static_cast<std::size_t>(at - text.data());
    if (text.substr(position, mark.size()) == mark) return text.substr(position + mark.size());
    left = position + mark.size() - 1;
  }
  return std::nullopt;
}

// Behind the quoted string that begins at `at`; `at` itself when none does. A quote within a word,
// or one that closes nowhere where a quoted string may, is a character like any other: Postfix
// before 3.5 logs addresses without the quotes that they need.
std::size_t behind_quoted_string(std::string_view text, std::size_t at) {
  constexpr std::string_view kBefore = "<.:";
  constexpr std::string_view kBehind = "@.>";
  if (text[at] != '"' || kBefore.find(text[at - 1]) == std::string_view::npos) return at;
  for (auto i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      const bool closes =
          i + 1 < text.size() && kBehind.find(text[i + 1]) != std::string_view::npos;
      return closes ? i + 1 : at;
    }
  }
  return at;
}

}  // namespace

std::optional<std::string_view> maybe_take_until(std::string_view& rest, std::string_view end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return taken;
}
std::optional<std::string_view> maybe_take_quoted_address(std::string_view& rest) {
  for (std::size_t i = 1; i < rest.size();) {
    const auto behind = behind_quoted_string(rest, i);
    if (behind != i) {
      i = behind;
      continue;
    }
    if (rest[i] == '>') {
      const auto address = rest.substr(1, i - 1);
      rest.remove_prefix(i + 1);
      return address;
    }
    ++i;
  }
  return std::nullopt;
}
bool is_postfix_queue_id(std::string_view word) {
  if (word.size() < 6 || word.size() > kQueueIdBytesMax) return false;
  if (all_of(word, kHex)) return true;
  // Long: six digits of microseconds' seconds part, four of microseconds, 'z', the inode.
  return word.size() >= 12 && word[10] == 'z' && all_of(word, kBase52);
}
bool is_exim_message_id(std::string_view word) {
  const bool old_form = word.size() == 16 && word[6] == '-' && word[13] == '-';
  const bool new_form = word.size() == 23 && word[6] == '-' && word[18] == '-';
  if (!old_form && !new_form) return false;
  return are_id_characters(word);
}
ReplyCodes reply_codes_of(std::string_view text) {
  ReplyCodes out;
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !is_digit(text[1]) || !is_digit(text[2]))
    return out;
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return out;
  out.code =
      static_cast<std::uint16_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
  auto rest = text.substr(std::min<std::size_t>(4, text.size()));
  out.enhanced_status = maybe_take_enhanced_status(rest);
  return out;
}
bool is_group_of_number(std::string_view text, std::size_t at) {
  constexpr std::size_t kGroupMax = 4;
  const auto is_mark = [](char c) { return c == ' ' || c == '-' || c == '.' || c == '/'; };
  // The digits of the group that ends here, one mark further on.
  auto front = text.substr(0, at);
  bool digits_in_front = false;
  if (!front.empty() && is_mark(front.back())) {
    front.remove_suffix(1);
    if (front.ends_with(')')) front.remove_suffix(1);
    std::size_t digits = 0;
    while (digits < front.size() && is_digit(front[front.size() - 1 - digits])) ++digits;
    const auto rest = front.substr(0, front.size() - digits);
    digits_in_front = digits != 0 && digits <= kGroupMax &&
                      (rest.empty() || rest.back() == ' ' || rest.back() == '+' ||
                       rest.back() == '(' || rest.back() == '-' || rest.back() == '.');
  }
  std::size_t groups = 0;
  for (auto rest = text.substr(std::min(at + 3, text.size())); rest.size() > 2;) {
    if (!is_mark(rest[0]) || !is_digit(rest[1]) || !is_digit(rest[2])) break;
    rest.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    rest.remove_prefix(digits);
    // "550 192.0.2.7", "452 4.2.2": an address, a status.
    if (digits > kGroupMax || (rest.size() > 1 && rest[0] == '.' && is_digit(rest[1]))) break;
    ++groups;
  }
  return groups > 1 || (digits_in_front && groups > 0);
}
std::optional<std::string_view> queued_as(std::string_view reply) {
  if (!reply.starts_with('2')) return std::nullopt;
  for (const std::string_view mark : {"queued as ", "OK id="}) {
    const auto behind = behind_last(reply, mark);
    if (!behind) continue;
    const auto word = behind->substr(0, position_of(*behind, ' ', ')'));
    if (is_postfix_queue_id(word) || is_exim_message_id(word)) return word;
  }
  return std::nullopt;
}

}  // namespace rastro
