#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/parser.h"

namespace rastro {

// What Exim logs in more than 870 bytes, or with line ends, goes to syslog in pieces: "[1/3] text"
// where a piece is full, "[1\3] text" where a line ended (src/log.c write_syslog()).
struct EximPiece {
  std::uint64_t number = 0;  // from 1
  std::uint64_t total = 0;
  bool line_end = false;  // the log's line ends with it
};
// Takes "[1/3] " off; nullopt: `text` is no piece, and stays.
std::optional<EximPiece> maybe_take_exim_piece(std::string_view& text);

// Puts the main log's line together again. Pieces of one process come one behind the other; those
// of several processes are told apart by their pid, and without one nothing is put together.
//
// Nothing depends on it alone: the first piece is a line of its own right.
// Bounds: kRecordsMax unfinished ones, the oldest goes first; kBytesMax bytes each, longer ones are
// given up. Threads: one at a time.
class EximSplitRecords {
 public:
  static constexpr std::size_t kRecordsMax = 16;
  static constexpr std::size_t kBytesMax = 16 * 1024;  // Exim's own buffer holds 8 KB

  // The whole line when `text` is its last piece, else empty. Valid until the next call.
  std::string_view add(const LineHeader& header, std::string_view text);

  bool empty() const { return begun_.empty(); }
  // All unfinished ones, as they are kept over a restart. decode(): what encode() made, or nothing.
  std::string encode() const;
  void decode(std::string_view encoded);

 private:
  struct Begun {
    std::string host;
    std::uint32_t pid = 0;
    EximPiece last;
    std::string text;
  };

  std::vector<Begun> begun_;
  std::string whole_;
};

}  // namespace rastro
