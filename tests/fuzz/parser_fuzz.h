#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "parsers/registry.h"
#include "tests/support/event_text.h"

// What every parser promises, whatever the bytes are. The input is "tag<TAB>text".
namespace rastro::fuzz {

inline void require(bool promise) {
  if (!promise) std::abort();
}

// The first of `tags` stands in for a tag that is none of theirs.
inline std::string_view tag_of(std::string_view input, std::span<const std::string_view> tags) {
  const auto tag = input.substr(0, input.find('\t'));
  for (const auto known : tags) {
    if (known == tag) return known;
  }
  return tags.front();
}

inline int run_parser(const std::uint8_t* data, std::size_t size,
                      std::span<const std::string_view> tags) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  LineHeader header;
  header.program = tag_of(input, tags);
  header.pid = 1;
  const auto tab = input.find('\t');
  // A copy of exact size: the sanitizer sees a read behind its end.
  const std::string text(tab == std::string_view::npos ? input : input.substr(tab + 1));
  const auto program = find_program(header.program);
  require(program.parse != nullptr);
  const auto first = program.parse(header, text);
  // Nothing is said of a line that is none of the program's.
  if (first.kind == LineKind::unrecognised || first.kind == LineKind::foreign ||
      first.kind == LineKind::known_ignored) {
    require(std::holds_alternative<std::monostate>(first.event));
  }
  // Pure: the same line says the same again.
  const auto said = event_text(first);
  require(event_text(program.parse(header, text)) == said);
  return 0;
}

}  // namespace rastro::fuzz
