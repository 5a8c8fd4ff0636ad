#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/position.h"
#include "daemon/source/source.h"

namespace rastro {

// The lines of a source that is no file, from when they arrived until they are taken, and the
// position behind the last one taken. Their offsets are those of a file that held just them.
class QueuedLines {
 public:
  QueuedLines(SourcePosition position, Generation generation)
      : position_(std::move(position)),
        generation_(std::move(generation)),
        end_(position_.offset) {}

  // `cursor`: where the source goes on behind this line; may be empty. A longer line than
  // LineFramer::kLineBytesMax is cut and counted.
  void add(std::string line, std::string cursor);
  const SourceLine* next();
  void take(std::optional<Time> stamp);
  // The position, when it moved since the last call.
  void take_position(std::vector<SourcePosition>& changed);

  bool empty() const { return waiting_.empty(); }
  const SourcePosition& position() const { return position_; }
  const SourceCounters& counters() const { return counters_; }

 private:
  struct Waiting {
    std::string text;
    std::string cursor;
    std::uint64_t offset = 0;
    bool cut = false;
  };
  std::deque<Waiting> waiting_;
  SourcePosition position_;
  Generation generation_;
  std::uint64_t end_;  // offset behind the last line added
  SourceLine line_;
  bool moved_ = false;
  SourceCounters counters_;
};

// Control characters as #ooo, as rsyslog does on reception: a line end inside of a message must not
// begin a line of its own.
void append_escaped_line(std::string& out, std::string_view text);

}  // namespace rastro
