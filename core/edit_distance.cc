#include "core/edit_distance.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace rastro {
namespace {

// Which bytes occur; a letter's two cases are one.
std::uint64_t letters_of(std::string_view text) {
  std::uint64_t letters = 0;
  for (const char c : text) letters |= std::uint64_t{1} << ((c & 64 ? 0 : 32) | (c & 31));
  return letters;
}

}  // namespace

bool may_be_within(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return false;
  const auto of_a = letters_of(a);
  const auto of_b = letters_of(b);
  const auto only_one_has = std::max(std::popcount(of_a & ~of_b), std::popcount(of_b & ~of_a));
  return static_cast<std::size_t>(only_one_has) <= most;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most) {
  if (!may_be_within(a, b, most)) return most + 1;
  if (a.size() > b.size()) std::swap(a, b);
  std::vector<std::size_t> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) back[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    if (least > most) return most + 1;
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return std::min(back[b.size()], most + 1);
}

}  // namespace rastro
