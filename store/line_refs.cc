#include "store/line_refs.h"

#include "store/varint.h"

namespace rastro {
namespace {

// Small numbers of either sign become small varints.
std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ (0 - (difference >> 63));
}
std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

}  // namespace

void append_line_refs(std::string& out, const std::vector<LineRef>& lines) {
  std::uint64_t source = 0;
  std::uint64_t end = 0;
  for (const auto& line : lines) {
    append_varint(out, zigzag(line.source - source));
    append_varint(out, zigzag(line.offset - end));
    append_varint(out, line.length);
    source = line.source;
    end = line.offset + line.length;
  }
}

bool take_line_refs(std::string_view bytes, std::vector<LineRef>& out) {
  std::uint64_t source = 0;
  std::uint64_t end = 0;
  while (!bytes.empty()) {
    const auto source_step = take_varint(bytes);
    const auto offset_step = take_varint(bytes);
    const auto length = take_varint(bytes);
    if (!source_step || !offset_step || !length) return false;
    source += unzigzag(*source_step);
    const auto offset = end + unzigzag(*offset_step);
    out.push_back(
        {static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(*length), offset});
    end = offset + *length;
  }
  return true;
}

}  // namespace rastro
