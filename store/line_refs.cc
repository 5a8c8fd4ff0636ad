#include "store/line_refs.h"

#include "core/varint.h"

namespace rastro {
namespace {

// A number and a mark before it, in as few bytes: the first one has the mark and six bits.
void append_marked(std::string& out, std::uint64_t value, bool mark) {
  const auto first = ((value & 0x3f) << 1) | (mark ? 1 : 0);
  if (value < 0x40) {
    out.push_back(static_cast<char>(first));
    return;
  }
  out.push_back(static_cast<char>(first | 0x80));
  append_varint(out, value >> 6);
}

std::optional<std::uint64_t> take_marked(std::string_view& rest, bool& mark) {
  if (rest.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  mark = (first & 1) != 0;
  const std::uint64_t low = (first >> 1) & 0x3f;
  if ((first & 0x80) == 0) return low;
  const auto high = take_varint(rest);
  if (!high) return std::nullopt;
  return (*high << 6) | low;
}

// What most lines are near to: a difference of less than 64 takes one byte.
constexpr std::uint64_t kUsualLength = 128;

// How far a line's source and offset are from those of the line before.
struct Step {
  std::uint64_t source = 0;
  std::uint64_t offset = 0;
};

std::optional<Step> take_step(std::string_view& bytes, LinePacking packing) {
  bool other_source = true;
  const bool marked = packing != LinePacking::three_numbers;
  const auto first = marked ? take_marked(bytes, other_source) : take_varint(bytes);
  if (!first) return std::nullopt;
  if (!other_source) return Step{0, unzigzag(*first)};
  const auto second = take_varint(bytes);
  if (!second) return std::nullopt;
  return marked ? Step{unzigzag(*second), unzigzag(*first)}
                : Step{unzigzag(*first), unzigzag(*second)};
}

}  // namespace

void append_line_refs(std::string& out, const std::vector<LineRef>& lines) {
  std::uint64_t source = 0;
  std::uint64_t end = 0;
  for (const auto& line : lines) {
    const bool other_source = line.source != source;
    append_marked(out, zigzag(line.offset - end), other_source);
    if (other_source) append_varint(out, zigzag(line.source - source));
    append_varint(out, zigzag(line.length - kUsualLength));
    source = line.source;
    end = line.offset + line.length;
  }
}

bool take_line_refs(std::string_view bytes, LinePacking packing, std::vector<LineRef>& out) {
  std::uint64_t source = 0;
  std::uint64_t end = 0;
  while (!bytes.empty()) {
    const auto step = take_step(bytes, packing);
    if (!step) return false;
    auto length = take_varint(bytes);
    if (!length) return false;
    if (packing == LinePacking::near_length) length = unzigzag(*length) + kUsualLength;
    source += step->source;
    const auto offset = end + step->offset;
    out.push_back(
        {static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(*length), offset});
    end = offset + *length;
  }
  return true;
}

}  // namespace rastro
