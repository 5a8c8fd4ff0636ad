#include "daemon/bounce/lines.h"

#include <algorithm>
#include <array>

#include "core/address.h"
#include "daemon/answer/mail_header.h"

namespace rastro {

std::size_t header_name_length(std::string_view line) {
  constexpr std::size_t kNameMax = 76;
  std::size_t i = 0;
  while (i < line.size() && i <= kNameMax && line[i] > ' ' && line[i] < 0x7f && line[i] != ':') ++i;
  if (i == 0 || i > kNameMax) return 0;
  auto end = i;
  // "From : a" is seen in French; a name never has '<' or '@'.
  while (end < line.size() && line[end] == ' ') ++end;
  if (end >= line.size() || line[end] != ':' || end > i + 1) return 0;
  const auto name = line.substr(0, i);
  return name.find_first_of("<>@()\"/\\*") == std::string_view::npos ? i : 0;
}

bool is_header(std::string_view line, std::string_view name) {
  return header_name_length(line) == name.size() &&
         equal_ignoring_case(line.substr(0, name.size()), name);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool contains_ignoring_case(std::string_view text, std::string_view lower) {
  const auto found =
      std::search(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
      });
  return found != text.end() || lower.empty();
}

std::string tidy(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text) {
    const bool blank = (c >= 0 && c <= ' ') || c == 0x7f;
    if (!blank) out.push_back(c);
    if (blank && !out.empty() && out.back() != ' ') out.push_back(' ');
    if (out.size() >= bytes_max) break;
  }
  while (out.ends_with(' ')) out.pop_back();
  // Never half of a character at the cut.
  if (out.size() >= bytes_max) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0U) == 0x80U)
      out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0U) out.pop_back();
  }
  return out;
}

std::string with_plain_blanks(std::string text) {
  struct Mark {
    std::string_view bytes;  // UTF-8
    std::string_view blank;
  };
  constexpr std::array kMarks = {Mark{"\xc2\xa0", " "}, Mark{"\xe2\x80\x87", " "},
                                 Mark{"\xe2\x80\xaf", " "}, Mark{"\xe2\x80\x8b", ""},
                                 Mark{"\xef\xbb\xbf", ""}};
  for (const auto& mark : kMarks) {
    auto at = text.find(mark.bytes);
    if (at == std::string::npos) continue;
    std::string out;
    out.reserve(text.size());
    std::size_t done = 0;
    for (; at != std::string::npos; at = text.find(mark.bytes, done)) {
      out.append(text, done, at - done).append(mark.blank);
      done = at + mark.bytes.size();
    }
    text = out.append(text, done);
  }
  return text;
}

std::vector<TextLine> split_lines(std::string_view text) {
  std::vector<TextLine> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    const auto indent = line.find_first_not_of(" \t");
    lines.push_back({trim(line), indent == std::string_view::npos ? 0 : indent});
    at = end + 1;
  }
  return lines;
}

std::string single_spaced(std::string text) {
  constexpr std::size_t kLinesMin = 6, kFullLine = 40, kGaps = 4;
  constexpr std::string_view kSentenceEnds = ".:;!?>)\"'";
  const auto lines = split_lines(text);
  // How often so many blank lines stand between two, and how often they cut a sentence.
  std::array<std::size_t, kGaps> gaps{}, broken{};
  std::size_t count = 0, blanks = 0, even = 0;
  std::string_view last;
  for (const auto& line : lines) {
    if (line.text.empty()) {
      ++blanks;
      continue;
    }
    even += count != 0 && blanks % 2 == 0 ? 1 : 0;
    if (count != 0 && blanks < kGaps) {
      ++gaps.at(blanks);
      const bool ended = kSentenceEnds.find(last.back()) != std::string_view::npos;
      // What goes on in the middle of a sentence, and names nobody.
      const char first = line.text.front();
      constexpr std::size_t kLabelMax = 30;
      const bool label = line.text.ends_with(':') && line.text.size() < kLabelMax;
      const bool goes_on =
          first >= 'a' && first <= 'z' && !label &&
          line.text.substr(0, line.text.find(' ')).find('@') == std::string_view::npos;
      if (!ended && (last.size() >= kFullLine || goes_on)) ++broken.at(blanks);
    }
    last = line.text;
    blanks = 0;
    ++count;
  }
  // Doubled line ends leave odd numbers of blank lines only.
  const bool doubled = even == 0 && gaps[1] >= 1 && gaps[3] >= 2;
  const auto usual =
      doubled ? 1 : static_cast<std::size_t>(std::ranges::max_element(gaps) - gaps.begin());
  if (count < kLinesMin || usual == 0 || gaps[0] * 10 > count) return text;
  if (broken.at(usual) < 2 && !doubled) return text;
  std::string out;
  blanks = 0;
  for (const auto& line : lines) {
    if (line.text.empty()) {
      ++blanks;
      continue;
    }
    if (blanks > usual) out.push_back('\n');
    blanks = 0;
    out.append(line.indent, ' ').append(line.text).push_back('\n');
  }
  return out;
}

std::vector<MailHeader> parse_header_text(std::string_view text) {
  std::vector<MailHeader> headers;
  std::string raw;
  const auto finish = [&] {
    if (!headers.empty()) headers.back().value = decode_header(raw);
    raw.clear();
  };
  bool begun = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (trim(line).empty()) {
      if (begun) break;
      continue;
    }
    begun = true;
    const auto length = header_name_length(line);
    if (length != 0) {
      finish();
      headers.push_back({std::string(line.substr(0, length)), ""});
      raw = line.substr(line.find(':') + 1);
    } else if (!headers.empty()) {
      raw.append("\n").append(line);
    }
  }
  finish();
  return headers;
}

}  // namespace rastro
