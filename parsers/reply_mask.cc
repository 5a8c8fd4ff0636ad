#include "parsers/reply_mask.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>

#include "core/ascii.h"
#include "parsers/scan.h"
#endif

namespace rastro {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kBlocks = kReplyBytesMax / kBlock + 1;
constexpr std::size_t kAddressBytesMax = 320;
constexpr std::size_t kCodeDigitsMax = 4;  // "OFR_104", "S3140"

constexpr bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// One bit for each byte of 64.
struct BlockBits {
  std::uint64_t digit = 0;
  std::uint64_t word = 0;
  std::uint64_t at = 0;
};

#if defined(__SSE2__)
struct Bits16 {
  std::uint64_t digit, word, at;
};
Bits16 bits_of_16(const char* bytes) {
  const auto mask = [](__m128i lanes) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(lanes)));
  };
  const auto in_range = [](__m128i value, char first, char count) {
    const auto shifted = _mm_sub_epi8(value, _mm_set1_epi8(first));
    const auto top = _mm_set1_epi8(static_cast<char>(count - 1));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, top), shifted);
  };
  const auto value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const auto digits = in_range(value, '0', 10);
  const auto letters = in_range(_mm_or_si128(value, _mm_set1_epi8(0x20)), 'a', 26);
  return {mask(digits), mask(_mm_or_si128(_mm_or_si128(digits, letters), value)),
          mask(_mm_cmpeq_epi8(value, _mm_set1_epi8('@')))};
}
BlockBits bits_of(const char* bytes) {
  BlockBits out;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto part = bits_of_16(bytes + i * 16);
    out.digit |= part.digit << (i * 16);
    out.word |= part.word << (i * 16);
    out.at |= part.at << (i * 16);
  }
  return out;
}
#else
BlockBits bits_of(const char* bytes) {
  BlockBits out;
  for (unsigned i = 0; i < kBlock; ++i) {
    out.digit |= static_cast<std::uint64_t>(is_digit(bytes[i])) << i;
    out.word |= static_cast<std::uint64_t>(is_word(bytes[i])) << i;
    out.at |= static_cast<std::uint64_t>(bytes[i] == '@') << i;
  }
  return out;
}
#endif

constexpr std::uint64_t below(std::size_t bit) { return bit >= kBlock ? ~0ULL : (1ULL << bit) - 1; }

constexpr auto kEndsAddress = [] {
  std::array<bool, 256> ends{};
  for (const char c : std::string_view(" <>(),;:\"'[]|=\t"))
    ends[static_cast<unsigned char>(c)] = true;
  return ends;
}();
bool ends_address(char c) { return kEndsAddress[static_cast<unsigned char>(c)]; }

// The MTA's own words before the name of a host: "host H[ip] said: ...". Returns the bytes of the
// lead, and how many behind it name the host; 0 if there is none.
struct Lead {
  std::size_t words = 0;
  std::size_t host = 0;
};
Lead lead_of(std::string_view text) {
  // Postfix, src/smtp/smtp_trouble.c, smtp_connect.c, lmtp.
  static constexpr std::string_view kSuspended = "delivery temporarily suspended: ";
  static constexpr std::string_view kLeads[] = {"host ", "connect to ", "conversation with ",
                                                "lost connection with "};
  const auto start = text.starts_with(kSuspended) ? kSuspended.size() : 0;
  const auto rest = text.substr(start);
  for (const auto lead : kLeads) {
    if (!rest.starts_with(lead)) continue;
    const auto named = rest.substr(lead.size());
    for (std::size_t i = 0; i < named.size() && named[i] != ' '; ++i) {
      if (named[i] == ']') return {start + lead.size(), i + 1};
    }
    return {};
  }
  return {};
}

}  // namespace

class ReplyMasker {
 public:
  ReplyMasker(MaskedReply& out, std::string_view text) : out_(out), text_(text) {}

  void run() {
    const auto lead = lead_of(text_);
    if (lead.host > 0) {
      keep(0, lead.words);
      put('#');
    }
    done_ = lead.words + lead.host;
    read_bits();
    std::size_t next = done_;  // what is before it is decided: a code may stand in two blocks
    for (std::size_t block = 0; block * kBlock < text_.size(); ++block) {
      const auto begin = block * kBlock;
      auto open = bits_[block].digit | bits_[block].at;
      if (next > begin) open &= ~below(next - begin);
      while (open != 0) {
        next = mark(begin + static_cast<std::size_t>(std::countr_zero(open)));
        open &= ~below(next - begin);
      }
    }
    keep(done_, text_.size());
  }

 private:
  void read_bits() {
    std::size_t block = 0;
    for (; (block + 1) * kBlock <= text_.size(); ++block) {
      bits_[block] = bits_of(text_.data() + block * kBlock);
    }
    const auto left = text_.size() - block * kBlock;
    std::array<char, kBlock> rest{};
    if (left > 0) std::memcpy(rest.data(), text_.data() + block * kBlock, left);
    bits_[block] = bits_of(rest.data());
    blocks_ = block + 1;
  }

  // Blocks of 16, so short pieces cost no call; both sides have room for it.
  void keep(std::size_t from, std::size_t to) {
    if (from >= to) return;
    const auto size = to - from;
    char* target = out_.bytes_.data() + out_.size_;
    const char* source = text_.data() + from;
    out_.size_ += size;
    std::size_t i = 0;
    for (; i + 16 <= size; i += 16) std::memcpy(target + i, source + i, 16);
    if (i == size) return;
    if (to + 16 <= text_.size()) {
      std::memcpy(target + i, source + i, 16);
    } else {
      for (; i < size; ++i) target[i] = source[i];
    }
  }
  void put(char mark) { out_.bytes_[out_.size_++] = mark; }

  std::size_t run_begin(std::size_t at) const {
    auto block = at / kBlock;
    auto gaps = ~bits_[block].word & below(at % kBlock);
    while (gaps == 0) {
      if (block == 0) return 0;
      gaps = ~bits_[--block].word;
    }
    return block * kBlock + kBlock - static_cast<std::size_t>(std::countl_zero(gaps));
  }
  std::size_t run_end(std::size_t at) const {
    auto block = at / kBlock;
    auto gaps = ~bits_[block].word & ~below(at % kBlock);
    while (gaps == 0) {
      if (++block == blocks_) return text_.size();
      gaps = ~bits_[block].word;
    }
    return block * kBlock + static_cast<std::size_t>(std::countr_zero(gaps));
  }
  // The digits of a run of at most 64 bytes, its first byte lowest.
  std::uint64_t digits_in(std::size_t begin, std::size_t end) const {
    const auto block = begin / kBlock;
    const auto shift = begin % kBlock;
    auto bits = bits_[block].digit >> shift;
    if (shift != 0 && block + 1 < blocks_) bits |= bits_[block + 1].digit << (kBlock - shift);
    return bits & below(end - begin);
  }

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  // A letter of a script that is written without blanks, or its comma: three bytes, from U+3000 on.
  bool wide_at(std::size_t i) const {
    const auto byte = [&](std::size_t at_byte) { return static_cast<unsigned char>(at(at_byte)); };
    return byte(i) >= 0xe3 && byte(i) <= 0xef && (byte(i + 1) & 0xc0U) == 0x80 &&
           (byte(i + 2) & 0xc0U) == 0x80;
  }

  // Where the "@" of the address is that the byte at `from` belongs to; npos if to none.
  std::size_t address_mark(std::size_t from) const {
    const auto last = std::min(text_.size(), from + kAddressBytesMax);
    for (auto i = from; i < last && !ends_address(text_[i]); ++i) {
      if (text_[i] == '@') return i;
    }
    return std::string_view::npos;
  }
  bool any_at_from(std::size_t from) {
    if (next_at_ != std::string_view::npos && next_at_ >= from) return true;
    if (no_more_at_) return false;
    auto block = from / kBlock;
    auto bits = bits_[block].at & ~below(from % kBlock);
    while (bits == 0) {
      if (++block == blocks_) {
        no_more_at_ = true;
        return false;
      }
      bits = bits_[block].at;
    }
    next_at_ = block * kBlock + static_cast<std::size_t>(std::countr_zero(bits));
    return true;
  }

  // Handles the digit or "@" at `from`; returns where to go on.
  std::size_t mark(std::size_t from) {
    if (any_at_from(from) && next_at_ - from < kAddressBytesMax) {
      const auto sign = address_mark(from);
      if (sign != std::string_view::npos) return address(from, sign);
    }
    return number(from);
  }

  std::size_t address(std::size_t from, std::size_t sign) {
    // Chinese and Japanese write no blank around "a@b.example": the other letters are the
    // sentence's.
    const bool ascii_user = sign > done_ && is_ascii(text_[sign - 1]);
    auto begin = sign;
    while (begin > done_ && !ends_address(text_[begin - 1]) &&
           !(ascii_user && begin >= done_ + 3 && wide_at(begin - 3)))
      --begin;
    if (begin > from) return number(from);
    const bool ascii_host = is_ascii(at(sign + 1));
    auto end = sign + 1;
    // "a@b.example...User unknown": no name of a host has two dots in a row.
    while (end < text_.size() && !ends_address(text_[end]) &&
           !(text_[end] == '.' && at(end + 1) == '.') && !(ascii_host && wide_at(end)))
      ++end;
    // "a@b.example." ends a sentence.
    while (end > sign + 1 && text_[end - 1] == '.') --end;
    keep(done_, begin);
    put('@');
    done_ = end;
    return end;
  }

  // "5.7.606" from `begin`; 0 if there is none.
  std::size_t enhanced_end(std::size_t begin) const {
    const char klass = at(begin);
    if ((klass != '2' && klass != '4' && klass != '5') || at(begin + 1) != '.') return 0;
    auto i = begin + 2;
    for (int part = 0; part < 2; ++part) {
      const auto first = i;
      while (i < first + 3 && is_digit(at(i))) ++i;
      if (i == first) return 0;
      if (part == 0 && at(i++) != '.') return 0;
    }
    return is_word(at(i)) || (at(i) == '.' && is_digit(at(i + 1))) ? 0 : i;
  }

  // Exim writes a byte beyond ASCII as backslash and three octal digits.
  bool is_octal_escape(std::size_t from) const {
    if (from == 0 || text_[from - 1] != '\\') return false;
    for (auto i = from; i < from + 3; ++i) {
      if (at(i) < '0' || at(i) > '7') return false;
    }
    return true;
  }

  std::size_t number(std::size_t from) {
    if (is_octal_escape(from)) return from + 3;
    const auto begin = std::max(run_begin(from), done_);
    const auto end = run_end(from);
    const auto size = end - begin;
    if (size > kBlock) return masked(begin, end);
    const auto digits = digits_in(begin, end);
    const auto count = static_cast<std::size_t>(std::popcount(digits));
    if (count == size) {
      if (begin == 0 || text_[begin - 1] != '.') {
        if (const auto status_end = enhanced_end(begin); status_end > 0) return status_end;
      }
      return is_reply_code(begin, size) || is_policy_code(begin, size) ||
                     is_socket_code(begin, size)
                 ? end
                 : masked(begin, end);
    }
    const auto first_digit = static_cast<std::size_t>(std::countr_zero(digits));
    if (digits == (below(size) & ~below(first_digit))) {  // letters, then digits
      return count <= kCodeDigitsMax ? end : masked(begin + first_digit, end);
    }
    return size < 4 ? end : masked(begin, end);
  }

  bool is_reply_code(std::size_t begin, std::size_t size) const {
    const char before = begin == 0 ? ' ' : text_[begin - 1];
    if (size != 3 || before == '.') return false;
    if (before == '_') return true;  // "OFR_104", "LPN007_104"
    const char first = text_[begin];
    return (first == '4' || first == '5') && !(at(begin + 3) == '.' && is_digit(at(begin + 4))) &&
           !is_group_of_number(text_, begin);
  }

  // "AUP#I-1310", "AUP#In-1020", "AUP#1220": the figures that Charter documents.
  bool is_policy_code(std::size_t begin, std::size_t size) const {
    constexpr std::size_t kLettersMax = 3;
    if (size != kCodeDigitsMax || begin < 4) return false;
    auto i = begin - 1;
    if (text_[i] == '-') {
      const auto letters_end = i;
      while (i > 0 && letters_end - i <= kLettersMax && is_word(text_[i - 1])) --i;
      if (i == 0) return false;
      --i;
    }
    return text_[i] == '#' && i >= 3 && text_.substr(i - 3, 3) == "AUP";
  }

  // What Windows' sockets say, and Exchange after them: no route, broken off, no answer, refused.
  bool is_socket_code(std::size_t begin, std::size_t size) const {
    if (size != 5) return false;
    const auto code = text_.substr(begin, size);
    return code.starts_with("100") && (code == "10051" || code == "10053" || code == "10054" ||
                                       code == "10060" || code == "10061" || code == "10065");
  }

  // "#" instead of the run, and of the numbers that hang on it: "192.0.2.7", "12:30:55", "a1b2-c3".
  std::size_t masked(std::size_t begin, std::size_t end) {
    keep(done_, begin);
    put('#');
    for (;;) {
      auto next = end;
      while (at(next) == '.' || at(next) == ':' || at(next) == '-') ++next;
      if (next == end || !is_word(at(next))) break;
      const auto next_end = run_end(next);
      if (next_end - next <= kBlock && digits_in(next, next_end) == 0) break;
      end = next_end;
    }
    done_ = end;
    return end;
  }

  MaskedReply& out_;
  std::string_view text_;
  std::array<BlockBits, kBlocks> bits_;  // filled up to blocks_
  std::size_t blocks_ = 0;
  std::size_t done_ = 0;  // what is before it has been written
  std::size_t next_at_ = std::string_view::npos;
  bool no_more_at_ = false;
};

// Only the first size_ bytes are ever read.
MaskedReply::MaskedReply(std::string_view text) {
  ReplyMasker(*this, text.substr(0, kReplyBytesMax)).run();
}

}  // namespace rastro
