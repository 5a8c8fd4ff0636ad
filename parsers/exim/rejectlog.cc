#include <algorithm>

#include "parsers/exim/line.h"

// What follows a refusal in the reject log: the envelope, and the message's headers as received,
// each behind its type letter (src/log.c log_write(), src/macros.h htype_*).
namespace rastro::exim {
namespace {

// "P Received: ...", "  Subject: ...": a type letter or '*', a blank, a name and a colon.
bool is_header(std::string_view text) {
  constexpr std::string_view kTypes = "BCFIPRST* ";
  if (text.size() < 4 || kTypes.find(text[0]) == std::string_view::npos || text[1] != ' ') {
    return false;
  }
  auto name = text.substr(2, text.substr(2).find(':'));
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);  // RFC 5322 4.5
  return text.find(':', 2) != std::string_view::npos && !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

bool is_reject_header(std::string_view text) {
  if (text.empty()) return true;                       // an empty continuation of a header
  if (text[0] == ' ' || text[0] == '\t') return true;  // "    <recipient>", a folded header
  if (text == "*** truncated ***") return true;
  if (text.starts_with("Envelope-from: <") || text.starts_with("Envelope-to: <")) return true;
  if (text.size() >= 5 && text.find_first_not_of('-') == std::string_view::npos) return true;
  return is_header(text);
}

}  // namespace rastro::exim
