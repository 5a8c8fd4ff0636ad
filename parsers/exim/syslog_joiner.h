#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// Puts together the records that Exim splits for syslog: "[1/3] text" where a record was cut
// because it is too long, "[2\3] text" where it ended at a line end (src/log.c write_syslog()).
//
// The caller keeps one for each (host, pid), since records of one process come in order. A
// record with a gap (UDP loses them) is given up at once: text() then starts anew.
// Bounds: kPartsMax parts and kBytesMax bytes; what is longer is cut there and says so.
// Threads: one at a time. Owns its text.
class EximSyslogJoiner {
 public:
  static constexpr std::size_t kPartsMax = 999;
  static constexpr std::size_t kBytesMax = 64 * 1024;

  enum class State : std::uint8_t {
    whole,    // `part` is no part of a split record: parse it as it is
    waiting,  // kept; more must come
    joined,   // the record is complete: see text()
    lost,     // a part is missing; what had come is dropped (lost_records() counts)
  };
  // `part` is the text behind the syslog header.
  State add(std::string_view part);

  // The joined record, line ends where Exim had them; valid until the next add(). Its first line
  // is a line of the main log, the others are the reject log's.
  std::string_view text() const { return text_; }
  bool cut() const { return cut_; }
  bool is_waiting() const { return next_ != 0; }
  std::uint64_t lost_records() const { return lost_records_; }

  // Forgets an unfinished record: its process is gone. True if there was one.
  bool reset();

 private:
  std::string text_;
  std::size_t next_ = 0;  // number of the part that must come, 0: none is open
  std::size_t total_ = 0;
  bool line_end_ = false;  // the last part ended a line
  bool cut_ = false;
  std::uint64_t lost_records_ = 0;
};

}  // namespace rastro
