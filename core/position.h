#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace rastro {

// How far one content generation of one source was read. Committed with the data read up to it.
//
// The content names a file; device and inode are only hints, because a rotated log's inode is
// reused within a day (RELIABILITY 2).
struct SourcePosition {
  std::uint32_t source = 0;  // number of this content generation; LineRef::source
  std::string path;          // as configured or matched by the glob
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t head_hash = 0;    // of the first `head_length` bytes of the uncompressed content
  std::uint32_t head_length = 0;  // at most 1024
  std::uint64_t offset = 0;       // behind the last line handed over, in the uncompressed content
  std::uint64_t anchor_hash = 0;  // of the at most 256 bytes before `offset`
  bool finished = false;          // rotated away and read to its end
  std::optional<Time> first_line_at;
  std::optional<Time> last_line_at;
  std::string cursor;  // where to go on in a source that is no file: journald's own name for it
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

// An interval of one source that was not read, or that the log says is missing.
struct CoverageHole {
  std::string source_path;
  Time from{};
  Time until{};
  std::string cause;  // "rotated away while rastrod was down", "rsyslog lost 12 messages", ...
};

}  // namespace rastro
