#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/event.h"
#include "core/seeded_hash.h"

namespace rastro {

// One log whose lines stand in another one too.
struct Overlap {
  std::string path;     // not indexed
  std::string same_as;  // the other one, which is
};

// Notices that two sources carry the same events (mail.log and syslog, a journal and files,
// mainlog and Exim's syslog, mainlog and rejectlog), so that nothing counts twice (DESIGN 4).
//
// Lines of different sources are compared by host, program, pid, second and text, as they come,
// within a window of recent lines. A line that another source has given as often is a copy; exact
// repeats within one source are real events. When nearly all of a sample of one source are copies,
// all of it is; when a sample has none, its lines are no longer compared.
//
// Costs nothing with one source, and nothing once all are decided. Bounded: kWindowMax lines,
// kSourcesMax sources compared (further ones are taken as they are).
// Threads: the ingest thread only.
class OverlapFilter {
 public:
  static constexpr std::size_t kWindowMax = 8'192;
  static constexpr std::size_t kSourcesMax = 256;
  static constexpr std::uint32_t kSampleLines = 300;
  static constexpr std::uint32_t kCopiesMin = 20;

  explicit OverlapFilter(std::uint64_t seed) : hash_(seed) {}

  // A content generation of `path` is about to give lines; `path` is its log's name. The order of
  // the first calls is the order of preference.
  void begin(std::uint32_t source, const std::string& path);

  // Whether this line is a copy and must not be applied. `mail`: of a program that we read; other
  // lines are not compared.
  bool is_copy(std::uint32_t source, const LineHeader& header, Mta mta, std::string_view text);

  // Whether there is anything to compare with.
  bool comparing() const { return logs_.size() > 1; }

  // Sources found to overlap since the last call.
  std::vector<Overlap> take_found();

 private:
  enum class State : std::uint8_t { sampled, distinct, copy };
  struct Log {
    std::string path;
    State state = State::sampled;
    std::uint32_t seen = 0;                         // lines while another log was active
    std::map<std::uint32_t, std::uint32_t> copies;  // index of the other log -> how many
    Time last_at{};
  };
  struct Seen {
    std::uint32_t log = 0;
    std::uint32_t times = 0;
  };
  struct WindowEntry {
    std::uint64_t key = 0;
    std::uint32_t log = 0;
  };

  std::uint64_t key_of(const LineHeader& header, Mta mta, std::string_view text) const;
  bool another_is_active(std::uint32_t log, Time at) const;
  bool compare(std::uint32_t log, std::uint64_t key);
  void remember(std::uint32_t log, std::uint64_t key);
  void decide(std::uint32_t log);
  void mark_copy(std::uint32_t log, std::uint32_t of);

  SeededHash hash_;
  std::vector<Log> logs_;
  std::map<std::string, std::uint32_t> by_path_;
  boost::unordered_flat_map<std::uint32_t, std::uint32_t> log_of_;  // source -> index
  boost::unordered_flat_map<std::uint64_t, std::vector<Seen>> window_;
  std::deque<WindowEntry> order_;
  std::vector<Overlap> found_;
};

}  // namespace rastro
