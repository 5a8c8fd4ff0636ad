#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/framing.h"
#include "core/position.h"
#include "core/result.h"

namespace rastro {

// One content generation of one log: what a reader of its lines wants to know about the file.
struct Generation {
  std::uint32_t source = 0;  // LineRef::source
  std::size_t spec = 0;      // which entry of the configuration it comes from
  std::string path;          // as configured or matched by the glob
  std::string found_at;      // the name under which it was opened
  Time modified_at{};  // the file's time when it was opened; stamps without a year are near it
};

struct SourceLine {
  RawLine raw;  // valid until take()
  const Generation* generation = nullptr;
};

struct Progress {
  std::size_t bytes = 0;  // read by this call
  bool more = false;      // there may be more to read at once: call again
};

struct SourceCounters {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cut_lines = 0;
  std::uint64_t nul_bytes = 0;
  std::uint64_t rotations = 0;
  std::uint64_t truncations = 0;
  std::uint64_t damaged_archives = 0;
};

// Of a source's state; stored with its positions. An empty value: nothing more under that key.
struct PendingState {
  std::string key;
  std::string value;
};

// Hands out numbers of content generations, across all sources and restarts.
class SourceNumbers {
 public:
  explicit SourceNumbers(std::uint32_t last_used) : last_used_(last_used) {}
  std::uint32_t next() { return ++last_used_; }

 private:
  std::uint32_t last_used_;
};

// Something that log lines are read from, one at a time. Lines are pulled, so that several sources
// can be merged while each position stays exact:
//
//   while (const SourceLine* line = source.next()) { ...; source.take(stamp); }
//
// Threads: the ingest thread.
class Source {
 public:
  virtual ~Source() = default;
  virtual const std::string& name() const = 0;

  // Brings lines within reach of next(), reading at most about `budget_bytes`; never waits (but
  // for StreamSource). Does nothing while next() has a line. An error is not final: call again.
  virtual Result<Progress> poll(std::size_t budget_bytes) = 0;

  // The next line, or nullptr when poll() must read first. Stable until take() or poll().
  virtual const SourceLine* next() = 0;

  // next() was used: the position moves behind it. `stamp` is the line's time, if it has one.
  virtual void take(std::optional<Time> stamp) = 0;

  // Appends the positions that changed since the last call. What was taken before the call is in
  // them, and nothing else.
  virtual void take_positions(std::vector<SourcePosition>& changed) = 0;

  // Appends the holes found since the last call.
  virtual void take_holes(std::vector<CoverageHole>& holes) = 0;

  // Appends what a restart must know beside the positions, where it changed since the last call.
  virtual void take_pending(std::vector<PendingState>& /*changed*/) {}

  // Everything that stood in the log then (wall) was read. nullopt: nothing is known of it.
  virtual std::optional<Time> read_until() const { return std::nullopt; }

  // The log ends in a line that has no end, and for so long that none may come: read up to then
  // (wall).
  virtual std::optional<Time> half_line_since() const { return std::nullopt; }

  virtual SourceCounters counters() const = 0;
};

}  // namespace rastro
