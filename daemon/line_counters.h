#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/line_kind.h"

namespace rastro {

// Lines of one program, by what was made of them.
struct ProgramLines {
  std::string program;  // the tag as logged
  std::array<std::uint64_t, kLineKindCount> by_kind{};
  std::deque<std::string> samples;  // newest unrecognised texts, masked
};

// The account of DESIGN 3.2: every line stands under exactly one kind of exactly one program.
// Programs beyond kProgramsMax are counted together: a tag is a stranger's text too.
// Threads: the ingest thread only.
class LineCounters {
 public:
  static constexpr std::size_t kProgramsMax = 500;
  static constexpr std::size_t kSamplesMax = 20;
  static constexpr std::size_t kSampleBytesMax = 300;

  // Stays valid and at its place for the life of the counters.
  ProgramLines& of(std::string_view program);
  static void count(ProgramLines& lines, LineKind kind, std::uint64_t times) {
    lines.by_kind[static_cast<std::size_t>(kind)] += times;
  }
  static void keep_sample(ProgramLines& lines, std::string_view text);

  std::vector<ProgramLines> snapshot() const;
  std::uint64_t total(LineKind kind) const;

 private:
  std::map<std::string, ProgramLines, std::less<>> programs_;
};

// `text` without what names anybody: addresses, numbers, ids and host names become marks, so that a
// sample may be shown and two lines of one form look the same.
std::string mask_line(std::string_view text);

}  // namespace rastro
