#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/framing.h"
#include "core/leg_store.h"
#include "core/position.h"
#include "core/seeded_hash.h"
#include "daemon/confessed_losses.h"
#include "daemon/correlate/correlator.h"
#include "daemon/line_counters.h"
#include "daemon/overlap_filter.h"
#include "parsers/exim/reject_record.h"
#include "parsers/exim/split_records.h"
#include "parsers/json_line.h"
#include "parsers/parser.h"
#include "parsers/pasted_line.h"
#include "parsers/registry.h"
#include "parsers/syslog_header.h"

namespace rastro {

// One content generation as the pipeline reads it: its format, zone and year so far.
struct LineOrigin {
  LineOrigin(std::uint32_t source_number, std::string source_path, LineFormat log_format,
             StampReader stamp_reader, std::string host)
      : source(source_number),
        path(std::move(source_path)),
        format(log_format),
        stamps(std::move(stamp_reader)),
        default_host(std::move(host)) {}

  std::uint32_t source;
  std::string path;
  LineFormat format;  // unknown: told by the first line that has a stamp
  StampReader stamps;
  std::string default_host;  // Exim's own files name none; also the configured override
  bool override_host = false;
  bool copy_lines = false;  // into the index: they cannot be read again
  std::optional<Time> last_stamp;
  std::optional<Time> previous_stamp;  // of the line before
  JsonLine json;  // the last line that came in an object: what was read of it points here
  // How lines came here. A log that is followed is its daemon's own: in it, what looks like one
  // that went through a mail or a page is a stranger's text (PITFALLS 7). Only of a file as a
  // whole can be said that it is something else (look_at_head()).
  enum class Manner : std::uint8_t {
    own,
    pasted,  // each stamp has something in front of it, or is none of a log daemon's
    quoted,  // as a mail or a ticket quotes them, but not all
    bare,    // no line has a stamp
  };
  Manner manner = Manner::own;
  bool is_page = false;  // every angle bracket is written as "&lt;"
  PastedLine pasted;     // as `json`
};

// Finds out the manner of a source, of which all or the beginning is `head`.
void look_at_head(std::string_view head, LineOrigin& origin);

// A line with its header taken off. Views into the raw line, or into its origin until the next one.
struct HeadedLine {
  bool headed = false;  // false: no header that the format knows
  LineHeader header;
  std::string_view text;
};

// From raw lines to the correlator: header, program, parser, account. The only place where a line
// meets all of them.
// Threads: the ingest thread only. Ownership: all borrowed.
class LinePipeline {
 public:
  // `overlaps` may be null: then nothing is compared, and everything counts.
  LinePipeline(LineCounters& counters, std::uint64_t seed, OverlapFilter* overlaps = nullptr)
      : counters_(counters), hash_(seed), overlaps_(overlaps) {}

  // Once for each line, in the order of its origin: stamps without a year depend on it.
  static HeadedLine read_header(LineOrigin& origin, const RawLine& raw);

  struct Understood {
    std::string_view program;  // the tag as logged
    ParsedLine parsed;
    const Program* source_program = nullptr;
    ProgramLines* lines = nullptr;

    LineKind kind() const { return parsed.kind; }
    std::string_view queue_id() const { return queue_id_of(parsed.event); }
  };
  Understood understand(const HeadedLine& line);

  // Counts the line, and applies what it says.
  void take(const LineOrigin& origin, const RawLine& raw, const HeadedLine& line,
            Correlator& correlator);

  // What goes on in the next line of a log, for a restart between the two: changed entries of the
  // table `pending`. restore_pending(): whether the entry was one of these.
  void hand_over_pending(LegSink& sink);
  bool restore_pending(std::string_view key, std::string_view value);
  // A log that is read on in the middle of a record has the record's time and format.
  void resume(LineOrigin& origin) const;
  // It was read to its end, and no line of it comes any more.
  void end_source(std::uint32_t source);

  // Holes that the logs themselves confessed since the last call.
  std::vector<CoverageHole> take_holes() { return losses_.take_holes(); }

 private:
  struct Known {
    std::string tag;
    Program program;  // its views point into `tag`
    ProgramLines* lines = nullptr;
  };
  Known& known(std::string_view tag);
  Known& find_known(std::string_view tag);
  Understood read(const HeadedLine& line);
  // What can be said of a line that its program's parser does not know.
  static void understand_less(const Program& program, const HeadedLine& line, ParsedLine& parsed);
  bool is_copy(const LineOrigin& origin, const HeadedLine& line);
  void complete_arrival(const LogLine& log_line, const HeadedLine& line, Correlator& correlator);
  void follow_refusal(const LogLine& log_line, const HeadedLine& line, const ParsedLine& parsed,
                      Correlator& correlator);

  static constexpr std::size_t kKnownMax = 2'000;
  LineCounters& counters_;
  SeededHash hash_;
  OverlapFilter* overlaps_;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Known>> known_;
  std::array<Known*, 64> recent_{};  // into known_
  EximSplitRecords split_records_;
  static constexpr std::size_t kRefusalsMax = 64;
  struct OpenRefusal {
    OpenRefusal(EximRejectRecord started, Time at) : record(std::move(started)), logged_at(at) {}
    EximRejectRecord record;
    Time logged_at;
    bool changed = true;  // since the last hand_over_pending()
    bool stored = false;
    Event verdict;  // once it was needed: what the refusal says, views into `record`
  };
  void forget_refusal(std::uint32_t source);
  void forget_oldest_refusal();

  std::map<std::uint32_t, OpenRefusal> refusals_;  // by source: its newest line is of one
  std::vector<std::uint32_t> ended_refusals_;      // that `pending` knows
  bool pieces_changed_ = false;
  bool pieces_stored_ = false;
  ConfessedLosses losses_;
};

}  // namespace rastro
