#pragma once

#include <string_view>

#include "core/event.h"
#include "parsers/parser.h"

namespace rastro {

// Parses one line of Exim's main, reject or panic log, or of its syslog, Exim 4.80 to 4.98
// (spec chapter "Log files"; src/deliver.c, receive.c, smtp_in.c, acl.c, log.c, queue.c).
//
// What the caller takes off:
// - log files: the stamp "YYYY-MM-DD HH:MM:SS[.mmm][ +hhmm] " and "[pid] ". Lines of a reject log
//   without a stamp (headers of the refused message, separators) come whole.
// - syslog: the syslog header only. An inner stamp and "[pid] " (syslog_timestamp, log_selector
//   +pid) are skipped here. Of a record that Exim splits ("[1/3] ...") the first piece is the line,
//   without the word it was cut in; for the others see split_records.h.
//
// Reads left to right: what stands in a HELO name, an address, a subject, a reply or a Message-ID
// fills its own field or makes the line `unrecognised`. Where Exim itself logs a stranger's text
// without quoting (a HELO name where helo_accept_junk_hosts allows any, local parts without
// their quotes), the readings are tried in order and the first that the whole line agrees with is
// taken; there are at most kReadingsMax, so time stays linear.
//
// Subjects and confirmations lose their quotes and escapes; if there were any, the view is into
// a buffer of this thread that the next call overwrites.
ParsedLine parse_exim(const LineHeader& header, std::string_view text);

// What an `unrecognised` line says all the same: a delivery, failure or deferral of which one field
// has no form that is known here. Nothing, where the address itself is in doubt.
Event what_is_known_of_exim(std::string_view text);

}  // namespace rastro
