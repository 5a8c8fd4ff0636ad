#include "daemon/line_counters.h"

#include <cctype>

namespace rastro {
namespace {

constexpr std::string_view kOthers = "(other programs)";

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '.' || c == '@' || c == '_' || c == '-' || c == '+' ||
         c == '=' || byte >= 0x80;
}

// Plain lower-case or capitalised words are the form's own; anything else is somebody's data.
std::string_view mark_for(std::string_view word) {
  bool digit = false;
  bool dot_inside = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '@') return "<address>";
    if (c >= '0' && c <= '9') digit = true;
    if (static_cast<unsigned char>(c) >= 0x80) return "<text>";
    if (c == '.' && i > 0 && i + 1 < word.size()) dot_inside = true;
  }
  if (digit) return "#";
  if (dot_inside) return "<host>";
  return {};
}

}  // namespace

std::string mask_line(std::string_view text) {
  std::string out;
  text = text.substr(0, LineCounters::kSampleBytesMax);
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size() && is_word(text[size])) ++size;
    if (size == 0) {
      const auto byte = static_cast<unsigned char>(text[0]);
      out.push_back(byte < 0x20 || byte == 0x7f ? '?' : text[0]);
      text.remove_prefix(1);
      continue;
    }
    const auto word = text.substr(0, size);
    const auto mark = mark_for(word);
    out += mark.empty() ? word : mark;
    text.remove_prefix(size);
  }
  return out;
}

ProgramLines& LineCounters::of(std::string_view program) {
  if (const auto found = programs_.find(program); found != programs_.end()) return found->second;
  const auto name = programs_.size() < kProgramsMax ? program : kOthers;
  auto& lines = programs_[std::string(name)];
  lines.program = name;
  return lines;
}

void LineCounters::keep_sample(ProgramLines& lines, std::string_view text) {
  if (lines.samples.size() >= kSamplesMax) lines.samples.pop_front();
  lines.samples.push_back(mask_line(text));
}

std::vector<ProgramLines> LineCounters::snapshot() const {
  std::vector<ProgramLines> out;
  out.reserve(programs_.size());
  for (const auto& [name, lines] : programs_) out.push_back(lines);
  return out;
}

std::uint64_t LineCounters::total(LineKind kind) const {
  std::uint64_t sum = 0;
  for (const auto& [name, lines] : programs_) sum += lines.by_kind[static_cast<std::size_t>(kind)];
  return sum;
}

}  // namespace rastro
