#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cli/terminal.h"
#include "cli/texts.h"

namespace rastro::cli {

// For whom an answer is written: their terminal, their language, and what time it is there. Times
// are shown in the process's zone (TZ, which --tz sets).
struct View {
  Terminal terminal;
  Language language = Language::en;
  std::int64_t now_us = 0;
  std::string scanned{};        // the logs that `rastro scan` is about; "": the index's answer
  std::string typed_options{};  // that every command takes: " --lang es"; "": none was typed

  // "rastro find --to a@b", or the same of the logs that were scanned.
  std::string find_command(std::string_view options) const {
    return (scanned.empty() ? "rastro find " : "rastro scan " + scanned + " ") +
           std::string(options) + typed_options;
  }
  std::string show_command(std::string_view id = "ID") const {
    return (scanned.empty() ? "rastro show " : "rastro scan " + scanned + " --show ") +
           std::string(id);
  }

  std::string say(Text id, std::initializer_list<std::string_view> arguments = {}) const {
    return cli::say(language, id, arguments);
  }
  // `one` when n is 1, else `many`; {0} is the number, further places follow.
  std::string count(Text one, Text many, std::int64_t n) const;
  // The words for one of the API's names: named("outcome_", "deferred"); the escaped name itself
  // when there are none.
  std::string named(std::string_view prefix, std::string_view name) const;

  // A sentence of the daemon in the reader's language, escaped; as it is when it is not known.
  std::string said(std::string_view sentence) const;

  std::string number(std::int64_t n) const;         // "1,240", "1240" and "12.400" in Spanish
  std::string size(std::int64_t bytes) const;       // "334 bytes", "31.2 MB"
  std::string clock(std::int64_t us) const;         // "14:30:05", "yesterday 14:30:05"
  std::string clock(std::string_view stamp) const;  // of an API stamp; "" for none
  std::string minute(std::int64_t us) const;        // the same without seconds
  std::string minute(std::string_view stamp) const;
  std::string brief(std::string_view stamp) const;      // seconds only for times of today
  std::string ago(std::int64_t us) const;               // "2 hours ago", "in 5 minutes"
  std::string clock_ago(std::string_view stamp) const;  // "14:30:05 (2 hours ago)"
  std::string duration(std::int64_t us) const;          // "3 s", "12 min", "2 h 5 min", "1 d 3 h"

  std::string paint(Colour colour, std::string_view text) const {
    return cli::paint(terminal, colour, text);
  }
  // "→" on a terminal, "->" elsewhere.
  std::string_view arrow() const { return terminal.is_tty ? "→" : "->"; }
};

// The answer's strings are strangers': every renderer escapes them, ends its text in a newline and
// keeps lines to view.terminal.width columns.

}  // namespace rastro::cli
