#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/source/queued_lines.h"
#include "daemon/source/source.h"

struct sd_journal;

namespace rastro {

struct JournalOptions {
  std::string journal = "system";  // or a directory of journal files
  // Entries of any of these; none of both: the mail facility. What journald says of lost messages
  // is always read.
  std::vector<std::string> units;
  std::vector<std::string> identifiers;
  std::size_t spec = 0;
  Duration first_read_back = std::chrono::hours(24);
};

// Reads the systemd journal through sd-journal(3). Each entry becomes the line that rsyslog would
// have written (RFC 3339 stamp with the time of the sender, control characters as #ooo), so that
// parsers know one form only.
//
// The position is journald's cursor. When that entry is gone (vacuumed) the time since the last
// line read is a hole.
// Threads: the ingest thread only. `clock` is borrowed.
class JournalSource final : public Source {
 public:
  // `saved`: positions of this source; the one with the highest number goes on.
  JournalSource(JournalOptions options, const std::vector<SourcePosition>& saved,
                SourceNumbers& numbers, const Clock& clock);
  ~JournalSource() override;

  const std::string& name() const override { return name_; }
  Result<Progress> poll(std::size_t budget_bytes) override;
  const SourceLine* next() override { return lines_.next(); }
  void take(std::optional<Time> stamp) override { lines_.take(stamp); }
  void take_positions(std::vector<SourcePosition>& changed) override {
    lines_.take_position(changed);
  }
  void take_holes(std::vector<CoverageHole>& holes) override;
  SourceCounters counters() const override { return lines_.counters(); }

  // How positions of the journal are named: "journal:system".
  static std::string name_of(const std::string& journal) { return "journal:" + journal; }

 private:
  struct CloseJournal {
    void operator()(sd_journal* journal) const;
  };

  Result<void> open();
  Result<void> add_matches();
  Result<void> seek();
  std::string render();
  std::string_view field(const char* name);

  JournalOptions options_;
  std::string name_;
  const Clock& clock_;
  QueuedLines lines_;
  std::unique_ptr<sd_journal, CloseJournal> journal_;
  std::vector<CoverageHole> holes_;
  std::optional<Time> gap_from_;  // the saved entry is gone: ends with the first one found
};

}  // namespace rastro
