#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// Which literals a text must hold for a pattern to be found in it. Asked of lower-case texts, of
// patterns that ignore case.
struct PatternNeeds {
  // Shorter ones stand in every text.
  static constexpr std::size_t kLiteralBytesMin = 3;

  // Of each at least one; none: any text may match.
  std::vector<std::vector<std::string>> clauses;
  // The only clause says it all: a text that has one of its literals matches.
  bool enough = false;
};

// Reads the part of RE2's syntax that rules are written in; of what it does not know it says that
// any text may match.
PatternNeeds needs_of(std::string_view pattern);

}  // namespace rastro
