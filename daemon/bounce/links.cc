#include "daemon/bounce/links.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/address.h"

namespace rastro {
namespace {

constexpr std::size_t kNearLink = 322;  // no address, and no link to one, is longer
constexpr std::string_view kMailto = "mailto:";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_of_address(char c) {
  return !is_space(c) && std::string_view("[]()<>").find(c) == std::string_view::npos;
}

bool is_address(std::string_view word) {
  constexpr std::size_t kLocalMax = 64;
  const auto at = word.rfind('@');
  return at != std::string_view::npos && at > 0 && at <= kLocalMax && at + 1 < word.size();
}

// What is kept of text[begin, end).
struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view kept;
};

// Where the link whose target begins at `at` ends, before `mark`.
std::optional<std::size_t> target_end(std::string_view text, std::size_t at, char mark,
                                      std::string_view refused) {
  const auto near = text.substr(at, kNearLink);
  const auto end = near.find(mark);
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  if (near.substr(0, end).find_first_of(refused) != std::string_view::npos) return std::nullopt;
  return at + end;
}

// "[**<a@b>**](mailto:x)"; `at` is that of "mailto:".
std::optional<Piece> markdown_at(std::string_view text, std::size_t at) {
  if (at < 2 || text.substr(at - 2, 2) != "](") return std::nullopt;
  const auto close = target_end(text, at + kMailto.size(), ')', " \t\n(");
  if (!close) return std::nullopt;
  auto end = at - 2;
  if (text.substr(0, end).ends_with("**")) end -= 2;
  auto begin = end;
  if (begin > 0 && text[begin - 1] == '>') --begin;
  const auto least = begin > kNearLink ? begin - kNearLink : 0;
  while (begin > least && is_of_address(text[begin - 1]) && text[begin - 1] != '*') --begin;
  if (begin > 0 && text[begin - 1] == '<') --begin;
  const auto kept = text.substr(begin, end - begin);
  if (text.substr(0, begin).ends_with("**")) begin -= 2;
  if (begin == 0 || text[begin - 1] != '[' || !is_address(kept)) return std::nullopt;
  return Piece{begin - 1, *close + 1, kept};
}

// <a class="x" href="mailto:x"> a@b </a>
std::optional<Piece> anchor_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kTagMax = 70;
  if (at < 6 || !equal_ignoring_case(text.substr(at - 6, 5), "href=")) return std::nullopt;
  const auto least = at > kTagMax ? at - kTagMax : 0;
  const auto open = text.substr(least, at - least).find_last_of("<>");
  if (open == std::string_view::npos) return std::nullopt;
  const auto begin = least + open;
  const auto tag = text.substr(begin, 3);
  if (tag.size() < 3 || (tag[1] != 'a' && tag[1] != 'A') || tag[0] != '<' || !is_space(tag[2]))
    return std::nullopt;
  const auto close = target_end(text, at + kMailto.size(), '>', "<");
  if (!close) return std::nullopt;
  auto word = *close + 1;
  const auto last = std::min(text.size(), word + kNearLink);
  while (word < last && is_space(text[word])) ++word;
  auto end = word;
  while (end < last && !is_space(text[end]) && text[end] != '<' && text[end] != '>') ++end;
  const auto kept = text.substr(word, end - word);
  while (end < last && is_space(text[end])) ++end;
  if (!is_address(kept) || !equal_ignoring_case(text.substr(end, 4), "</a>")) return std::nullopt;
  return Piece{begin, end + 4, kept};
}

// "Ana (a@b)<mailto:x>"
std::optional<Piece> doubled_at(std::string_view text, std::size_t at) {
  if (at < 4 || text.substr(at - 2, 2) != ")<") return std::nullopt;
  const auto close = target_end(text, at + kMailto.size(), '>', " \t\n<");
  if (!close) return std::nullopt;
  auto begin = at - 2;
  const auto least = begin > kNearLink ? begin - kNearLink : 0;
  while (begin > least && is_of_address(text[begin - 1])) --begin;
  if (begin == 0 || text[begin - 1] != '(' || !is_address(text.substr(begin, at - 2 - begin)))
    return std::nullopt;
  return Piece{at - 1, *close + 1, {}};
}

// Google's page, copied: the bold address lost the blank behind it.
void part_glued(std::string& text, std::size_t bytes_max) {
  constexpr std::string_view kBehind = "because the address", kBefore = "delivered to ";
  for (auto at = text.find(kBehind); at < bytes_max && at != std::string::npos;
       at = text.find(kBehind, at + kBehind.size())) {
    auto begin = at;
    const auto least = begin > kNearLink ? begin - kNearLink : 0;
    while (begin > least && is_of_address(text[begin - 1])) --begin;
    const auto whole = std::string_view(text);
    if (begin == at || !is_address(whole.substr(begin, at - begin)) ||
        !whole.substr(0, begin).ends_with(kBefore))
      continue;
    text.insert(at, 1, ' ');
    ++at;
  }
}

}  // namespace

std::string without_links(std::string text, std::size_t bytes_max) {
  part_glued(text, bytes_max);
  const std::string_view all = text;
  std::string out;
  std::size_t done = 0;
  for (auto at = all.find(kMailto); at < bytes_max && at != std::string_view::npos;
       at = all.find(kMailto, at + 1)) {
    auto piece = markdown_at(all, at);
    if (!piece) piece = anchor_at(all, at);
    if (!piece) piece = doubled_at(all, at);
    if (!piece || piece->begin < done) continue;
    out.append(all.substr(done, piece->begin - done)).append(piece->kept);
    done = piece->end;
  }
  if (done == 0) return text;
  return out.append(all.substr(done));
}

}  // namespace rastro
