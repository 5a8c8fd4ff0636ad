#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "daemon/source/content.h"
#include "daemon/source/generation_reader.h"
#include "daemon/source/log_family.h"
#include "daemon/source/source.h"

namespace rastro {

struct FileTailOptions {
  std::size_t spec = 0;
  Symlinks symlinks = Symlinks::refused;
  Duration first_read_back = std::chrono::hours(24);  // by file time, when nothing was read before
  bool alone = false;  // this file as it is, read to its end once: no rotation, no waiting (scan)
  bool wildcard = false;  // a pattern found it: it may end when its time is over
};

// Follows one log by name, across rename, copy-truncate, re-creation and date-named files, and
// gives whole lines, oldest first.
//
// Each content generation has a position of its own (content fingerprint, offset, anchor; the inode
// is a hint), so it survives restart and rotation: what was rotated away meanwhile is found again
// by content, renamed or compressed, and read to its end before the newer generations. A position
// moves only past a complete line; a last line without a line end waits for it, or for rotation.
//
// A renamed file is read on until its end was seen twice kLinger apart and its successor exists;
// its descriptor is kept for kLateWriters more, for processes that still hold the old file.
//
// Not found again, or truncated: the new generation starts at 0 and a CoverageHole says so.
//
// Threads: the ingest thread only; takes no lock. Ownership: owns its descriptors; `clock` and
// `numbers` are borrowed and must outlive this object.
class FileTail final : public Source {
 public:
  static constexpr Duration kLinger = std::chrono::seconds(5);
  static constexpr Duration kLateWriters = std::chrono::minutes(10);
  static constexpr Duration kRetry = std::chrono::milliseconds(250);
  // A log that no name leads to for so long is missing; a rotation is over before.
  static constexpr Duration kAbsentMax = std::chrono::minutes(1);
  // One that a pattern found, and that was silent so long before it went, has ended.
  static constexpr Duration kSilent = std::chrono::hours(24);
  static constexpr std::size_t kKnownMax = 256;
  static constexpr std::string_view kPendingPrefix = "gap:";
  // A line is written at once; one that has no end for longer may stay without.
  static constexpr Duration kHalfLineMax = std::chrono::seconds(2);

  // `saved`: the positions of this log's generations, in any order.
  FileTail(std::string path, std::vector<SourcePosition> saved, FileTailOptions options,
           const Clock& clock, SourceNumbers& numbers);

  const std::string& name() const override { return path_; }
  // Errors: not_found (waited for), unavailable (no permission: resumes where it was once it can),
  // invalid (not a regular file), io.
  Result<Progress> poll(std::size_t budget_bytes) override;
  const SourceLine* next() override;
  void take(std::optional<Time> stamp) override;
  void take_positions(std::vector<SourcePosition>& changed) override;
  void take_holes(std::vector<CoverageHole>& holes) override;
  void take_pending(std::vector<PendingState>& changed) override;
  // Before the first poll(): a value of take_pending().
  void restore_pending(std::string_view value);
  std::optional<Time> read_until() const override;
  std::optional<Time> half_line_since() const override;
  SourceCounters counters() const override;

 private:
  struct Reading {
    std::unique_ptr<GenerationReader> reader;
    std::optional<Duration> ended_at;  // steady; its end was seen first, since it was renamed
    bool finished = false;             // nothing more is expected
    bool closing = false;              // to be dropped once its lines are taken
    Time blank_at{};                   // file time when it was opened, or looked at while empty
  };

  // A file of the family that was opened to see what it is.
  struct Candidate {
    FamilyMember member;
    OpenedFile file;
    std::string head;
    const GenerationReader* reader = nullptr;  // one of readings_, which reads it already
    std::optional<std::size_t> known;          // index into known_
    bool is_current = false;
    bool blank = false;        // nothing was read of it: says nothing about older files
    bool starts = false;       // to be read since this look
    std::uint32_t source = 0;  // of what reads it, or read it
    bool matched() const { return reader != nullptr || known.has_value(); }
  };

  Result<void> locate(bool was_down);
  Result<std::vector<FamilyMember>> members() const;
  Result<std::vector<Candidate>> open_candidates(bool& raced);
  Result<bool> add_candidate(const FamilyMember& member, bool is_current,
                             std::vector<Candidate>& found);
  void match(Candidate& candidate, const std::vector<Candidate>& others);
  bool all_found(const std::vector<Candidate>& found) const;
  bool still_named(const std::vector<Candidate>& found) const;
  std::optional<Time> unread_since() const;
  void start_reading(Candidate& candidate, const GenerationReader* before);
  bool blank_changed();
  void report_lost(const std::vector<Candidate>& found);

  // Lines between two generations that are in neither: from the last line of the one to the first
  // one of the other.
  struct Gap {
    std::uint32_t before = 0;  // generations, by their source number
    std::uint32_t after = 0;   // 0: whichever comes next
    std::string path;
    Time since{};  // when no line of `before` tells
    std::string cause;
    bool told = false;  // as a hole without an end
  };
  static constexpr std::size_t kGapsMax = 100;
  bool copied_over(const std::vector<Candidate>& found) const;
  void add_gap(Gap gap);
  void find_gaps(const std::vector<Candidate>& found);
  void fill_gaps();
  const SourcePosition* position_of(std::uint32_t source);
  void look_for_half_line(const Reading& newest);

  // No name leads to the newest generation any more, nor to a newer one.
  struct Absence {
    Duration noticed_at{0};  // steady
    Time since{};            // wall; the last look that found it
    Error error;
  };

  std::optional<std::string> current_path();
  Result<void> check_rotation();
  void note_absence(Error error);
  bool is_missing() const;
  void end_absence(bool lost);
  void on_changed(std::size_t index);
  void on_damage(std::size_t index, const std::string& what);
  Result<void> on_end(std::size_t index);
  void close(std::size_t index);
  void retire(std::size_t index);

  std::string path_;
  std::string directory_;
  std::string base_;
  FileTailOptions options_;
  const Clock& clock_;
  SourceNumbers& numbers_;

  std::vector<SourcePosition> known_;  // generations that are not being read, oldest first
  std::vector<Reading> readings_;      // oldest first; the last one is followed by name
  bool located_ = false;               // the first look at the family was taken
  std::string unreadable_;             // why a rotated file could not be looked at
  std::optional<Time> seen_end_at_;    // wall; the end of the newest generation was last seen
  std::optional<Absence> absence_;
  bool newest_is_named_ = false;           // at the last look at the family
  std::optional<Time> changed_opened_at_;  // time of the file that on_changed() is about
  std::optional<Error> failure_;  // of the last look at the family, repeated until retry_at_
  Duration retry_at_{0};
  // Device and inode of the newest name when that was no log and was looked into last.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> looked_at_;
  Duration listed_at_ = Duration::min();
  std::vector<SourcePosition> retired_;  // not yet reported
  std::map<std::uint32_t, SourcePosition> reported_;
  std::vector<CoverageHole> holes_;
  std::vector<Gap> gaps_;
  std::string saved_gaps_;  // as take_pending() told them last
  struct HalfLine {
    std::uint64_t bytes_read = 0;
    Duration seen_at{0};  // steady
    std::optional<Time> last_line_at;
  };
  std::optional<HalfLine> half_line_;  // at the end of the newest generation
  SourceCounters past_;                // of readers that are gone
};

}  // namespace rastro
