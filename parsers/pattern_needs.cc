#include "parsers/pattern_needs.h"

#include <algorithm>
#include <utility>

#include "core/ascii.h"

namespace rastro {
namespace {

constexpr std::size_t kStringsMax = 24;  // that one part may stand for
constexpr std::size_t kClausesMax = 8;
constexpr int kDepthMax = 20;

using Strings = std::vector<std::string>;

std::size_t shortest(const Strings& strings) {
  std::size_t size = std::string::npos;
  for (const auto& string : strings) size = std::min(size, string.size());
  return size;
}

// A text that has the longer of two has the shorter one too.
Strings without_longer(Strings strings) {
  std::ranges::sort(strings, {}, &std::string::size);
  Strings out;
  for (auto& string : strings) {
    const auto within = [&](const std::string& other) {
      return string.find(other) != std::string::npos;
    };
    if (std::ranges::none_of(out, within)) out.push_back(std::move(string));
  }
  return out;
}

// A part of a pattern: either exactly one of some strings, or something that holds one of each
// clause.
struct Part {
  bool exact = false;
  Strings strings;  // when it is exact
  std::vector<Strings> clauses;

  static Part of(char c) { return {true, {std::string(1, c)}, {}}; }
  static Part nothing() { return {true, {std::string()}, {}}; }
  static Part anything() { return {}; }

  void forget_strings() {
    exact = false;
    strings.clear();
  }
};

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : left_(pattern) {}

  PatternNeeds read() {
    auto whole = alternatives(0);
    if (unknown_ || !left_.empty()) return {};
    const bool exact = whole.exact;
    say(whole);
    if (whole.clauses.size() > kClausesMax) whole.clauses.resize(kClausesMax);
    const bool enough = exact && !asserts_ && !whole.clauses.empty();
    return {std::move(whole.clauses), enough};
  }

 private:
  // What a part stands for exactly becomes a clause of it.
  static void say(Part& part) {
    if (!part.exact) return;
    if (shortest(part.strings) >= PatternNeeds::kLiteralBytesMin) {
      part.clauses.push_back(without_longer(std::move(part.strings)));
    }
    part.forget_strings();
  }

  static void append(Part& sequence, Part& open, Part&& next) {
    const bool both = next.exact && open.exact;
    if (both && next.strings.size() == 1) {  // most are a letter
      for (auto& before : open.strings) before += next.strings.front();
      return;
    }
    if (both && open.strings.size() * next.strings.size() <= kStringsMax) {
      Strings joined;
      for (const auto& before : open.strings) {
        for (const auto& after : next.strings) joined.push_back(before + after);
      }
      open.strings = std::move(joined);
      return;
    }
    close(sequence, open);
    if (next.exact) {
      open = std::move(next);
      return;
    }
    for (auto& clause : next.clauses) sequence.clauses.push_back(std::move(clause));
  }
  static void close(Part& sequence, Part& open) {
    sequence.forget_strings();
    say(open);
    for (auto& clause : open.clauses) sequence.clauses.push_back(std::move(clause));
    open = Part::nothing();
  }

  Part alternatives(int depth) {
    if (depth > kDepthMax) unknown_ = true;
    std::vector<Part> parts;
    do {
      parts.push_back(sequence(depth));
    } while (!unknown_ && take('|'));
    if (parts.size() == 1) return std::move(parts.front());

    std::size_t count = 0;
    bool all_exact = true;
    for (const auto& part : parts) {
      all_exact = all_exact && part.exact;
      count += part.strings.size();
    }
    Part out;
    if (all_exact && count <= kStringsMax) {
      out.exact = true;
      for (auto& part : parts) std::ranges::move(part.strings, std::back_inserter(out.strings));
      return out;
    }
    Strings any;
    for (auto& part : parts) {
      say(part);
      const auto best = std::ranges::max_element(part.clauses, {}, shortest);
      if (best == part.clauses.end()) return Part::anything();
      std::ranges::move(*best, std::back_inserter(any));
    }
    out.clauses.push_back(std::move(any));
    return out;
  }

  Part sequence(int depth) {
    Part all = Part::nothing();  // "exactly" until something is closed
    Part open = Part::nothing();
    while (!unknown_ && !left_.empty() && left_.front() != '|' && left_.front() != ')') {
      auto one = element(depth);
      switch (take_repetition()) {
        case Repetition::once:
          append(all, open, std::move(one));
          break;
        case Repetition::maybe:
          if (one.exact) {
            one.strings.emplace_back();
          } else {
            one = Part::anything();
          }
          append(all, open, std::move(one));
          break;
        case Repetition::any:
          append(all, open, Part::anything());
          break;
        case Repetition::some:
          append(all, open, std::move(one));
          close(all, open);
          break;
      }
    }
    if (all.exact) return open;
    close(all, open);
    return all;
  }

  Part element(int depth) {
    const char c = left_.front();
    left_.remove_prefix(1);
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return one_of();
      case '\\':
        return escape();
      case '.':
        return Part::anything();
      case '^':
      case '$':
        asserts_ = true;
        return Part::nothing();
      case '*':
      case '+':
      case '?':
      case '{':
        unknown_ = true;
        return Part::anything();
      default:
        // RE2 would also take 0xf0 for 0xd0, as if it were Latin-1: half of another letter.
        return Part::of(lower(c));
    }
  }

  Part group(int depth) {
    if (take('?') && !take(':')) unknown_ = true;
    if (unknown_) return Part::anything();
    auto inner = alternatives(depth + 1);
    if (!take(')')) unknown_ = true;
    return inner;
  }

  Part escape() {
    if (left_.empty()) {
      unknown_ = true;
      return Part::anything();
    }
    const char c = left_.front();
    left_.remove_prefix(1);
    switch (c) {
      case 'b':
      case 'B':
        asserts_ = true;
        return Part::nothing();
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 's':
      case 'S':
        return Part::anything();
      default:
        if (is_alnum(c) || !is_ascii(c)) unknown_ = true;
        return Part::of(c);
    }
  }

  // "[a-f 1]": the few that it may be, or anything.
  Part one_of() {
    const bool others = take('^');
    Strings chars;
    bool known = !others;
    for (bool first = true;; first = false) {
      if (left_.empty()) {
        unknown_ = true;
        return Part::anything();
      }
      char c = left_.front();
      left_.remove_prefix(1);
      if (c == ']' && !first) break;
      if (c == '[' && left_.starts_with(':')) unknown_ = true;
      if (c == '\\') {
        if (left_.empty()) {
          unknown_ = true;
          return Part::anything();
        }
        c = left_.front();
        left_.remove_prefix(1);
        if (is_alnum(c)) known = false;
      }
      char last = c;
      if (left_.size() >= 2 && left_[0] == '-' && left_[1] != ']') {
        last = left_[1];
        left_.remove_prefix(2);
        if (last == '\\') {
          known = false;
          if (!left_.empty()) left_.remove_prefix(1);
        }
        if (!is_alnum(c) || !is_alnum(last)) known = false;
      }
      if (!is_ascii(c) || last < c || last - c > 10) known = false;
      for (char one = c; known && one <= last; ++one) chars.emplace_back(1, lower(one));
      if (chars.size() > 10) known = false;
    }
    if (!known || chars.empty()) return Part::anything();
    return {true, std::move(chars), {}};
  }

  enum class Repetition { once, maybe, any, some };
  Repetition take_repetition() {
    auto out = Repetition::once;
    if (take('?')) {
      out = Repetition::maybe;
    } else if (take('*')) {
      out = Repetition::any;
    } else if (take('+')) {
      out = Repetition::some;
    } else if (left_.starts_with('{')) {
      out = counted();
    } else {
      return out;
    }
    take('?');  // the shorter one first: the same texts
    if (!left_.empty() && std::string_view("?*+{").find(left_.front()) != std::string_view::npos) {
      unknown_ = true;
    }
    return out;
  }

  Repetition counted() {
    const auto end = left_.find('}');
    const auto inner = left_.substr(1, end == std::string_view::npos ? end : end - 1);
    const bool good = end != std::string_view::npos && !inner.empty() && inner.front() != ',' &&
                      inner.find_first_not_of("0123456789,") == std::string_view::npos;
    if (!good) {
      unknown_ = true;  // a brace that stands for itself
      return Repetition::any;
    }
    left_.remove_prefix(end + 1);
    return inner.front() == '0' ? Repetition::any : Repetition::some;
  }

  bool take(char c) {
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  std::string_view left_;
  bool unknown_ = false;
  bool asserts_ = false;  // where it stands matters
};

}  // namespace

PatternNeeds needs_of(std::string_view pattern) { return PatternReader(pattern).read(); }

}  // namespace rastro
