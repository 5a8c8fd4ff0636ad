#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "daemon/correlate/correlator.h"
#include "daemon/line_counters.h"
#include "daemon/line_pipeline.h"
#include "tests/journeys/memory_index.h"

namespace rastro {

// Lines of one log, as they stand in the file.
struct Log {
  std::string path;
  std::string host;  // for logs that name none; when `host_is_theirs`, in place of what they name
  bool host_is_theirs = false;
  std::vector<std::string> lines;
};
Log read_log(const std::filesystem::path& path);

// What chance starts from: RASTRO_SEED repeats a run that failed.
std::uint64_t seed_of_run();

// Plays logs, line by line in any order, through everything between framing and store, with
// restarts at will.
class LogPlayer {
 public:
  // Without `classify` a reason says no more than the reply's code.
  explicit LogPlayer(std::vector<Log> logs, CorrelatorOptions options = {},
                     ClassifyReply classify = {});

  // The next line of log `which`; false when it has no more.
  bool play(std::size_t which);
  void play_all();
  // What was handed over is committed.
  void flush();
  // As after a crash behind the last flush().
  void restart();

  // Every journey, by arrival; one JSON object a line, without its evidence's sources.
  std::vector<std::string> journeys();

  MemoryIndex& index() { return index_; }
  void end_of_logs() { correlator_->end_of_logs(); }
  std::uint64_t unrecognised() const { return counters_.total(LineKind::unrecognised); }
  const Correlator& correlator() const { return *correlator_; }

 private:
  std::vector<Log> logs_;
  std::vector<std::size_t> next_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::unique_ptr<LineOrigin>> origins_;
  CorrelatorOptions options_;
  ClassifyReply classify_;
  LineCounters counters_;
  std::unique_ptr<LinePipeline> pipeline_;
  MemoryIndex index_;
  std::unique_ptr<Correlator> correlator_;
};

}  // namespace rastro
