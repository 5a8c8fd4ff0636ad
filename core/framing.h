#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rastro {

// One line without its line end. `text` is valid during the call only.
struct RawLine {
  std::string_view text;     // without LF or CR LF, and without NUL bytes at its start
  std::uint64_t offset = 0;  // of the line's first byte in the uncompressed content
  std::uint32_t length = 0;  // bytes in the file, with its line end
  bool cut = false;          // longer than kLineBytesMax; the rest was skipped
};

class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void on_line(const RawLine& line) = 0;
};

// Turns blocks of bytes into lines. Holds the unfinished last line and nothing else.
//
// A line longer than kLineBytesMax is cut there, handed over marked as cut, and skipped to its end.
// NUL bytes at a line's start are what a crash leaves (PITFALLS 4): skipped, counted.
// Threads: one at a time. `sink` is borrowed.
class LineFramer {
 public:
  static constexpr std::size_t kLineBytesMax = 64 * 1024;

  explicit LineFramer(LineSink& sink, std::uint64_t offset = 0) : sink_(sink), next_(offset) {}

  // `block` continues where the last one ended.
  void feed(std::string_view block);

  // The content ends here: what is left without a line end is handed over as a line.
  void finish();

  // Forgets an unfinished line and goes on at `offset`.
  void reset(std::uint64_t offset);

  // Offset behind the last line that was handed over: what a position may claim as read.
  std::uint64_t consumed() const { return next_; }
  bool has_partial_line() const { return !partial_.empty() || skipping_; }
  std::uint64_t cut_lines() const { return cut_lines_; }
  std::uint64_t nul_bytes() const { return nul_bytes_; }

 private:
  void emit(std::string_view with_end, bool cut, std::uint64_t length);
  void hold(std::string_view part);

  LineSink& sink_;
  std::uint64_t next_;                // offset of the first byte not yet handed over
  std::string partial_;               // bytes of the unfinished line, at most kLineBytesMax
  std::uint64_t partial_length_ = 0;  // its true length so far, skipped bytes included
  bool skipping_ = false;             // inside a line that was cut; waits for its end
  std::uint64_t cut_lines_ = 0;
  std::uint64_t nul_bytes_ = 0;
};

}  // namespace rastro
