#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/source/file_tail.h"
#include "daemon/source/source.h"

namespace rastro {

struct FileSpec {
  std::vector<std::string> globs;  // a name without wildcards is waited for
  Symlinks symlinks = Symlinks::refused;
};

struct SourceSetOptions {
  std::vector<FileSpec> files;  // Generation::spec is the index into it
  Duration first_read_back = std::chrono::hours(24);
  bool alone = false;  // scan: each name is one file, read to its end once
};

// What an operator should know about one source. An empty message: it is well again.
struct SourceProblem {
  std::string source;
  std::string message;          // empty: it is well again
  bool missing = false;         // there is no such file, now
  std::optional<Time> since{};  // it was read up to then; nullopt: never
};

// All logs of the configuration. Lines come by callback, positions and holes by asking.
//
// Names matched by a glob are taken together by log: mail.log.1 and mail.log-20261123.gz belong to
// mail.log. Globs are matched again every kExpandEvery.
//
// Threads: the ingest thread only. `clock` is borrowed.
class SourceSet {
 public:
  static constexpr Duration kExpandEvery = std::chrono::seconds(1);
  static constexpr std::size_t kSourcesMax = 2000;

  // Uses the line and returns its stamp, if it has one.
  using OnLine = std::function<std::optional<Time>(const SourceLine&)>;
  using StampOf = std::function<std::optional<Time>(const SourceLine&)>;

  // `saved`: every position that the store holds; numbers go on behind the largest.
  SourceSet(SourceSetOptions options, std::vector<SourcePosition> saved, const Clock& clock);

  // Of sources that are not files (stdin, journald): they take numbers from numbers().
  void add(std::unique_ptr<Source> source);
  // The saved positions of the source with exactly this name; they are given once.
  std::vector<SourcePosition> take_saved(const std::string& name);
  SourceNumbers& numbers() { return numbers_; }

  // Reads what is there, in turn from each source, about `budget_bytes` in all.
  Progress poll(std::size_t budget_bytes, const OnLine& on_line);

  // The same in the order of stamps, for catching up: a line comes when no source has an earlier
  // one. Within a source the log's order stands, and a line without a stamp follows the one before
  // it. `more` is false when every source was read to its end.
  Progress merge(std::size_t budget_bytes, const StampOf& stamp_of, const OnLine& on_line);

  std::vector<SourcePosition> take_positions();
  std::vector<CoverageHole> take_holes();
  // What is to be stored with the positions, where it changed.
  std::vector<PendingState> take_pending();
  // Before the first line, of what was stored. False: it is not the sources'.
  bool restore_pending(std::string_view key, std::string_view value);
  // What changed since the last call: a source in trouble is named once, and again when it is well.
  std::vector<SourceProblem> take_problems();

  // Of saved positions that no source goes on with: logs that are no longer configured, and those
  // that a pattern fits and that are gone.
  std::vector<std::string> unfollowed() const { return saved_logs(false); }
  std::vector<std::string> gone() const { return saved_logs(true); }

  struct HalfLine {
    std::string path;
    Time since{};
  };
  // Logs that end in a line without an end, of which more may not come (Source::half_line_since()).
  std::vector<HalfLine> half_lines() const;

  SourceCounters counters() const;
  std::size_t size() const { return sources_.size(); }
  std::uint64_t refused_sources() const { return refused_; }
  // Directories in which something may happen: what a DirectoryWatcher should watch.
  std::vector<std::string> directories() const;

 private:
  struct Entry {
    std::unique_ptr<Source> source;
    std::string problem;
    std::optional<Time> stamp;  // of next(), or of the line before it; while merging
    bool stamped = false;       // `stamp` is about next()
  };

  void expand();
  void expand_if_due();
  void add_log(const std::string& path, std::size_t spec, Symlinks symlinks, bool wildcard);
  void note_matches(const std::string& pattern, bool any);
  bool is_configured(const std::string& path) const;
  std::vector<std::string> saved_logs(bool configured) const;
  std::vector<SourcePosition> saved_for(const std::string& path);
  bool refill(Entry& entry, std::size_t budget_bytes, Progress& progress);

  SourceSetOptions options_;
  std::vector<SourcePosition> saved_;  // not yet given to a source
  const Clock& clock_;
  SourceNumbers numbers_;
  std::vector<Entry> sources_;
  std::map<std::string, std::size_t> by_path_;
  std::map<std::string, FileTail*> logs_;             // in sources_, by path
  std::map<std::string, std::string> saved_pending_;  // of logs that are not there yet
  std::map<std::string, bool> matched_;               // patterns: whether anything ever fitted
  std::vector<SourceProblem> problems_;
  std::optional<Duration> expanded_at_;
  std::size_t turn_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace rastro
