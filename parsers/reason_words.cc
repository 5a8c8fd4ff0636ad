#include "parsers/reason_words.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/ascii.h"

namespace rastro {
namespace {

constexpr std::size_t kLettersMax = 5;
constexpr std::string_view kStart = "*";  // the line of what holds before any word

std::uint64_t key_of(std::string_view word) {
  std::uint64_t key = 0;
  std::memcpy(&key, word.data(), std::min(word.size(), sizeof key));
  return key;
}

std::uint64_t mixed(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15ULL;
  return key ^ (key >> 32);
}

// How many bytes the letter at the start takes; a byte that begins none counts as one.
std::size_t letter_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

enum class Kind : std::uint8_t {
  none,
  digit,
  letter,    // A to Z
  spaced,    // other letters, of words with blanks between them
  unspaced,  // Chinese, Japanese, Korean: no blanks, so each two characters are a word
};
constexpr auto kKinds = [] {
  std::array<Kind, 256> out{};
  for (std::size_t c = 0; c < out.size(); ++c) {
    const auto byte = static_cast<char>(c);
    out[c] = c >= 0xe0        ? Kind::unspaced
             : c >= 0x80      ? Kind::spaced
             : is_digit(byte) ? Kind::digit
             : is_alnum(byte) ? Kind::letter
                              : Kind::none;
  }
  return out;
}();

// A word with other letters than A to Z, from `at` on: its first letters.
std::string_view take_spaced_word(std::string_view text, std::size_t& at) {
  const auto begin = at;
  auto end = at;
  for (std::size_t letters = 0; at < text.size(); ++letters) {
    const auto kind = kKinds[static_cast<unsigned char>(text[at])];
    if (kind == Kind::none || kind == Kind::unspaced) break;
    at += letter_bytes(text.substr(at));
    if (letters < kLettersMax && at - begin <= ReasonWords::kWordBytesMax) end = at;
  }
  return text.substr(begin, end - begin);
}

// How likely a reason is beside one that has so many points more.
double less_likely(int points) {
  static const auto table = [] {
    std::array<double, 8 * ReasonWords::kPointsPerNat> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = std::exp(-static_cast<double>(i) / ReasonWords::kPointsPerNat);
    }
    return out;
  }();
  return static_cast<std::size_t>(points) < table.size() ? table[static_cast<std::size_t>(points)]
                                                         : 0;
}

}  // namespace

template <typename Function>
void ReasonWords::each_word(std::string_view rule_text, Function&& told) {
  const auto kind = [rule_text](std::size_t at) {
    return at < rule_text.size() ? kKinds[static_cast<unsigned char>(rule_text[at])] : Kind::none;
  };
  for (std::size_t at = 0; at < rule_text.size();) {
    const auto begin = at;
    bool letters = false;
    for (; kind(at) == Kind::digit || kind(at) == Kind::letter; ++at) {
      letters = letters || kind(at) == Kind::letter;
    }
    if (kind(at) == Kind::spaced) {
      at = begin;
      told(take_spaced_word(rule_text, at));
    } else if (at > begin) {
      const auto word = rule_text.substr(begin, std::min(at - begin, kLettersMax));
      if (letters && word.size() > 1) told(word);
    } else if (kind(at) == Kind::unspaced) {
      at += letter_bytes(rule_text.substr(at));
      if (kind(at) != Kind::unspaced) continue;
      const auto both = at - begin + letter_bytes(rule_text.substr(at));
      if (both <= kWordBytesMax) told(rule_text.substr(begin, both));
    } else {
      ++at;
    }
  }
}

template <typename Function>
void ReasonWords::each_code(std::uint16_t reply_code, std::optional<EnhancedStatus> enhanced_status,
                            Function&& told) {
  std::array<char, 16> bytes{};
  auto* end = bytes.data();
  const auto put = [&](int number) {
    end = std::to_chars(end, bytes.data() + bytes.size(), number).ptr;
  };
  const auto tell = [&] {
    const auto size = static_cast<std::size_t>(end - bytes.data());
    if (size <= kWordBytesMax) told(std::string_view(bytes.data(), size));
    end = bytes.data();
  };
  put(enhanced_status ? enhanced_status->klass : reply_code / 100);
  *end++ = 'x';
  *end++ = 'x';
  tell();
  put(reply_code);
  tell();
  if (!enhanced_status) return;
  *end++ = '.';
  put(enhanced_status->subject);
  *end++ = '.';
  put(enhanced_status->detail);
  tell();
}

void ReasonWords::words_of(std::string_view rule_text, const OnWord& told) {
  each_word(rule_text, told);
}

void ReasonWords::codes_of(std::uint16_t reply_code, std::optional<EnhancedStatus> enhanced_status,
                           const OnWord& told) {
  each_code(reply_code, enhanced_status, told);
}

Result<std::shared_ptr<const ReasonWords>> ReasonWords::parse(std::string_view table) {
  const std::shared_ptr<ReasonWords> out(new ReasonWords());
  std::vector<Reason> columns;
  int number = 0;
  const auto refuse = [&number](std::string_view why) {
    return make_error(Error::Code::invalid,
                      "reason_words.tsv:" + std::to_string(number) + ": " + std::string(why));
  };
  while (!table.empty()) {
    auto line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    ++number;
    if (line.empty() || line.starts_with("# ")) continue;
    const auto take = [&line] {
      const auto field = line.substr(0, line.find('\t'));
      line.remove_prefix(std::min(field.size() + 1, line.size()));
      return field;
    };
    const auto word = take();
    if (columns.empty()) {
      while (!line.empty()) {
        const auto reason = parse_reason(take());
        if (!reason) return refuse("unknown reason");
        columns.push_back(*reason);
        out->known_[static_cast<std::size_t>(*reason)] = true;
      }
      continue;
    }
    Points points{};
    for (const auto reason : columns) {
      const auto field = take();
      auto& value = points[static_cast<std::size_t>(reason)];
      const auto* end = field.data() + field.size();
      if (field.empty()) continue;
      const auto [at, error] = std::from_chars(field.data(), end, value);
      if (at != end || error != std::errc() || value < -128 || value > 127) {
        return refuse("points are whole numbers from -128 to 127");
      }
    }
    if (!line.empty()) return refuse("more fields than reasons");
    if (const auto problem = out->add(word, points)) return refuse(*problem);
  }
  out->index();
  return std::shared_ptr<const ReasonWords>(out);
}

std::optional<std::string> ReasonWords::add(std::string_view word, const Points& points) {
  if (word == kStart) {
    start_ = points;
    return std::nullopt;
  }
  if (word.empty() || word.size() > kWordBytesMax) return "a word has 1 to 8 bytes";
  if (words_.size() == kWordsMax) return "too many words";
  words_.push_back({key_of(word), points});
  return std::nullopt;
}

void ReasonWords::index() {
  slots_.assign(std::bit_ceil(words_.size() * 2 + 1), 0);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    auto slot = mixed(words_[i].key) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint16_t>(i + 1);
  }
}

const ReasonWords::Word* ReasonWords::find(std::string_view word) const {
  const auto key = key_of(word);
  auto slot = mixed(key) & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (words_[slots_[slot] - 1U].key == key) return &words_[slots_[slot] - 1U];
  }
  return nullptr;
}

std::optional<ReasonWords::Opinion> ReasonWords::weigh(
    std::string_view rule_text, std::uint16_t reply_code,
    std::optional<EnhancedStatus> enhanced_status, std::optional<Reason> leaning,
    int points) const {
  auto sum = start_;
  std::array<std::uint64_t, kWordsMax / 64> met{};  // one mention counts as much as ten
  std::size_t heard = 0;
  const auto count = [&](std::string_view word) {
    const auto* known = find(word);
    if (known == nullptr || heard == kHeardMax) return;
    const auto number = static_cast<std::size_t>(known - words_.data());
    const auto bit = std::uint64_t{1} << (number % 64);
    if ((met[number / 64] & bit) != 0) return;
    met[number / 64] |= bit;
    ++heard;
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      sum[i] = static_cast<std::int16_t>(sum[i] + known->points[i]);
    }
  };
  each_word(rule_text, count);
  if (heard == 0) return std::nullopt;
  const auto by_words = sum;
  const auto spoke = heard;
  each_code(reply_code, enhanced_status, count);
  auto possible = known_;
  if (leaning) {
    auto& leant = sum[static_cast<std::size_t>(*leaning)];
    possible[static_cast<std::size_t>(*leaning)] = true;
    leant = static_cast<std::int16_t>(leant + points);
  }

  std::size_t best = kReasonCount;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    if (possible[i] && (best == kReasonCount || sum[i] > sum[best])) best = i;
  }
  if (best == kReasonCount) return std::nullopt;
  if (leaning && static_cast<std::size_t>(*leaning) == best) return Opinion{*leaning, 1};
  // Of "550 Rejected" the code and what is frequent anyway tell nothing.
  if (spoke == 1 && by_words[best] <= start_[best]) return std::nullopt;
  double all = 0;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    if (possible[i]) all += less_likely(sum[best] - sum[i]);
  }
  return Opinion{static_cast<Reason>(best), 1 / all};
}

std::vector<std::string> ReasonWords::heard_for(
    Reason reason, std::string_view rule_text, std::uint16_t reply_code,
    std::optional<EnhancedStatus> enhanced_status) const {
  std::vector<std::pair<int, std::string>> heard;
  const auto note = [&](std::string_view word) {
    const auto* known = find(word);
    if (known == nullptr) return;
    const int points = known->points[static_cast<std::size_t>(reason)];
    std::pair<int, std::string> entry(-points, word);
    if (points > 0 && std::ranges::find(heard, entry) == heard.end()) {
      heard.push_back(std::move(entry));
    }
  };
  words_of(rule_text, note);
  codes_of(reply_code, enhanced_status, note);
  std::ranges::stable_sort(heard, {}, &std::pair<int, std::string>::first);
  std::vector<std::string> out;
  out.reserve(heard.size());
  for (auto& [points, word] : heard) out.push_back(std::move(word));
  return out;
}

}  // namespace rastro
