#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// A log line that came through a command, a mail or a page: "/var/log/mail.log:12:" of grep, "> ",
// blanks, "[pod/mail-0/mail] ", an octet count, a terminal's colour, in front of its stamp; between
// backticks; a record of a table,
// "stamp","host","text"; or with a stamp that is written in none of the ways of a log daemon:
// "[...]", "28.11.2026 10:00:00", "28 Nov 10:00:00", "Fri Nov 28 10:00:00 CET 2026".
//
// Not for a log's own lines: a reader asks only about a source whose first line had no stamp where
// one belongs. In another one such a line is a stranger's text (PITFALLS 7).
// Threads: one at a time.
class PastedLine {
 public:
  // The line as a daemon would have written it, its stamp in front; nullopt when there is none
  // near its beginning. Views into `line`, or into this until the next call.
  std::optional<std::string_view> unwrap(std::string_view line);
  // A text of a page's source, "&lt;" for "<". As unwrap(), and for what it returned.
  std::string_view unescape(std::string_view text);

 private:
  bool read_record(std::string_view line);
  std::string_view without_colours(std::string_view line);

  std::string plain_;
  std::string record_;
  std::string unescaped_;
  std::string line_;
};

}  // namespace rastro
