#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/source/content.h"
#include "daemon/source/source.h"

namespace rastro {

// Reads one content generation, line by line, from a position on, and knows the position behind
// each line that was taken.
//
// Memory: one block of at most kBlockBytes with its lines, freed at the end of the content, and an
// unfinished line (core/framing.h).
// Threads: one at a time. Ownership: owns the content.
class GenerationReader final : private LineSink {
 public:
  static constexpr std::size_t kBlockBytes = 32 * 1024;

  enum class Step {
    data,     // bytes were read; next() may have a line
    end,      // nothing more for now
    changed,  // what was read before is not there any more: truncated, or written anew
  };

  // `position` says where to begin; its number, path and device fields are kept. `head` is
  // read_head(content).
  GenerationReader(OpenedFile file, Generation generation, SourcePosition position,
                   std::string head);

  // Reads the next block. Only when next() is nullptr.
  // Errors: corrupt (final: a damaged archive), io.
  Result<Step> read(std::size_t budget_bytes);

  const SourceLine* next() const { return at_ < lines_.size() ? &lines_[at_] : nullptr; }
  void take(std::optional<Time> stamp);

  // What was read without a line end becomes a line.
  void finish();

  // Behind the last line taken.
  const SourcePosition& position();
  void set_finished(bool finished) { position_.finished = finished; }

  const Generation& generation() const { return generation_; }
  bool is_file(std::uint64_t device, std::uint64_t inode) const {
    return position_.device == device && position_.inode == inode;
  }
  // Nothing was read of it yet.
  bool untouched() const { return bytes_read_ == 0 && position_.offset == 0; }
  // Of a file that was empty when it was opened.
  void look_at_head();
  // True when a file that begins with `head` is, or was made from, what is being read here.
  bool same_as(std::string_view head, Content& content);
  std::optional<Content::State> state() const { return file_.content->growing(); }
  bool complete() const { return !file_.content->growing().has_value(); }
  bool has_partial_line() const { return framer_.has_partial_line(); }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t cut_lines() const { return framer_.cut_lines(); }
  std::uint64_t nul_bytes() const { return framer_.nul_bytes(); }

 private:
  void on_line(const RawLine& line) override;
  Result<bool> prime();
  Result<bool> unchanged_at_end();
  Result<std::size_t> fill(std::size_t wanted);
  void settle();
  std::string_view bytes_before(std::uint64_t offset) const;

  OpenedFile file_;
  Generation generation_;
  SourcePosition position_;
  std::string head_;
  LineFramer framer_;
  std::uint64_t read_end_;  // behind the last byte read
  std::string tail_;        // at most kAnchorBytes before read_end_
  bool primed_ = false;     // tail_ was read and fits the position
  std::int64_t seen_modified_ns_ = -1;
  std::vector<char> block_;          // ends at read_end_; lines_ point into it
  std::deque<std::string> carried_;  // texts of lines that began in an earlier block
  std::vector<SourceLine> lines_;
  std::size_t at_ = 0;  // next line to be taken
  bool anchor_stale_ = false;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace rastro
