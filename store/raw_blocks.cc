#include "store/raw_blocks.h"

#include <ranges>
#include <utility>

#include "core/varint.h"
#include "store/zstd_frame.h"

namespace rastro {

void RawBlockBuilder::add(std::uint32_t source, std::uint64_t offset, std::uint32_t length,
                          std::string_view text) {
  RawBlock* block = nullptr;
  // Sources are read in turns: the block of this one is among the last few.
  for (auto& one : std::views::reverse(blocks_)) {
    if (one.source != source) continue;
    if (one.end_offset == offset && one.bytes.size() + text.size() <= kBlockBytesMax) block = &one;
    break;
  }
  if (block == nullptr) {
    block = &blocks_.emplace_back();
    block->source = source;
    block->first_offset = offset;
    block->bytes.reserve(kBlockBytesMax);
  }
  append_varint(block->bytes, offset - block->first_offset);
  append_varint(block->bytes, text.size());
  block->bytes.append(text);
  block->end_offset = offset + length;
}

std::vector<RawBlock> RawBlockBuilder::take() {
  for (auto& block : blocks_) block.size_bytes = static_cast<std::uint32_t>(block.bytes.size());
  return std::exchange(blocks_, {});
}

void pack(RawBlock& block) { block.bytes = zstd_packed(block.bytes); }

bool for_each_raw_line(std::string_view packed, std::uint64_t first_offset,
                       const std::function<bool(std::uint64_t offset, std::string_view)>& visit) {
  const auto bytes = zstd_unpacked(packed);
  if (!bytes) return false;
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    const auto step = take_varint(rest);
    if (!step) return false;
    const auto size = take_varint(rest);
    if (!size || *size > rest.size()) return false;
    if (!visit(first_offset + *step, rest.substr(0, static_cast<std::size_t>(*size)))) return true;
    rest.remove_prefix(static_cast<std::size_t>(*size));
  }
  return true;
}

void write_raw_blocks(Database& database, const std::vector<RawBlock>& blocks) {
  if (blocks.empty()) return;
  auto row = database.prepare(
      "INSERT OR REPLACE INTO raw_block(source, first_offset, end_offset, size, lines)"
      " VALUES(?1, ?2, ?3, ?4, ?5)");
  for (const auto& block : blocks) {
    row.bind(1, std::int64_t{block.source})
        .bind(2, static_cast<std::int64_t>(block.first_offset))
        .bind(3, static_cast<std::int64_t>(block.end_offset))
        .bind(4, std::int64_t{block.size_bytes})
        .bind_blob(5, block.bytes)
        .run();
  }
}

std::optional<std::string> read_raw_line(Database& database, std::uint32_t source,
                                         std::uint64_t offset) {
  auto row = database.prepare(
      "SELECT first_offset, lines FROM raw_block WHERE source = ?1 AND first_offset <= ?2"
      " AND end_offset > ?2 ORDER BY first_offset DESC LIMIT 1");
  row.bind(1, std::int64_t{source}).bind(2, static_cast<std::int64_t>(offset));
  std::optional<std::string> found;
  if (!row.step()) return found;
  const auto visit = [&](std::uint64_t at, std::string_view text) {
    if (at == offset) found = text;
    return at < offset;
  };
  static_cast<void>(
      for_each_raw_line(row.column_bytes(1), static_cast<std::uint64_t>(row.column_int(0)), visit));
  return found;
}

}  // namespace rastro
