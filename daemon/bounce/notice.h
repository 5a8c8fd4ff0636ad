#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/lines.h"

namespace rastro {

// The parts of a text that came back: what a person wrote above it, the MTA's notice, and what the
// MTA returned of the original message.
struct NoticeText {
  std::vector<TextLine> lines;        // of the notice
  std::string_view notice;            // the same as one piece
  std::string_view returned;          // what follows it; may be empty
  std::vector<MailHeader> forwarded;  // headers of the bounce that stood as text in front of it
  std::vector<MailHeader> summary;    // fields of the original that the notice lists
  bool passed_on = false;             // under the mark of a forward or a quotation
};

// Cuts `text` at the marks that MTAs and mail programs set. Views into `text`. `reports`: it is
// known to be a notice; otherwise what stands above the first word of a failure may be a person's.
NoticeText find_notice(std::string_view text, bool reports, std::size_t notice_bytes_max);

// Whether the line separates a notice from the message that it returns.
bool is_separator(std::string_view line);

// Whether somebody writes here that mail did not arrive.
bool tells_failure(std::string_view line);

}  // namespace rastro
