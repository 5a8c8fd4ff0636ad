#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// Lines of one source, kept in the index: of sources that cannot be read again (sockets, journald),
// or of all when the operator wants copies. Layout: docs/store.md.
struct RawBlock {
  std::uint32_t source = 0;
  std::uint64_t first_offset = 0;  // of its first line
  std::uint64_t end_offset = 0;    // behind its last line
  std::uint32_t size_bytes = 0;    // unpacked
  std::string bytes;               // packed after pack(), unpacked before
};

// Gathers lines into blocks of about 64 KiB. Threads: one.
class RawBlockBuilder {
 public:
  static constexpr std::size_t kBlockBytesMax = 64 * 1024;
  // A block begins when the last one is full, or when `offset` does not go on from it.
  void add(std::uint32_t source, std::uint64_t offset, std::uint32_t length, std::string_view text);
  // Everything gathered since the last call, not yet packed.
  std::vector<RawBlock> take();

 private:
  std::vector<RawBlock> blocks_;
};

// One zstd frame.
void pack(RawBlock& block);

// Calls `visit` for each line of a packed block until it returns false. False: damaged bytes.
bool for_each_raw_line(std::string_view packed, std::uint64_t first_offset,
                       const std::function<bool(std::uint64_t offset, std::string_view)>& visit);

// Within the caller's transaction. Errors stick to the database.
void write_raw_blocks(Database& database, const std::vector<RawBlock>& blocks);
std::optional<std::string> read_raw_line(Database& database, std::uint32_t source,
                                         std::uint64_t offset);

}  // namespace rastro
