#include "parsers/registry.h"

#include <algorithm>
#include <iterator>

#include "parsers/companions/companions.h"
#include "parsers/exim/exim.h"
#include "parsers/postfix/postfix.h"
#include "parsers/syslog_notices.h"

namespace rastro {
namespace {

// Exim logs as "exim"; Debian's init script and admins' second daemons add to the name.
bool is_exim(std::string_view tag) {
  return tag == "exim" || tag == "exim4" || tag.starts_with("exim-") || tag.starts_with("exim4-");
}

// Names that only Postfix has, as its commands log when nobody gave them a longer tag.
bool is_postfix_command(std::string_view tag) {
  constexpr std::string_view kCommands[] = {"postfix-script", "postsuper", "postdrop",  "postqueue",
                                            "postmap",        "postalias", "postlog",   "postlogd",
                                            "postmulti",      "postfix",   "postscreen"};
  return std::ranges::find(kCommands, tag) != std::end(kCommands);
}

}  // namespace

Program find_program(std::string_view tag) {
  const auto slash = tag.rfind('/');
  // Cyrus IMAP tags its programs as Postfix does.
  const bool of_cyrus = tag.starts_with("cyrus/");
  if (slash != std::string_view::npos && slash > 0 && !of_cyrus) {
    const auto agent = tag.substr(slash + 1);
    if (auto* parse = find_postfix_parser(agent)) {
      return {parse, Mta::postfix, tag.substr(0, tag.find('/')), agent};
    }
    if (const auto companion = find_companion(agent); companion.parse != nullptr) {
      return {companion.parse, Mta::none, {}, companion.name};
    }
  }
  // Zimbra's start script calls postlog(1) without a name in front: "/postfix-script".
  if (slash == 0 && is_postfix_command(tag.substr(1))) tag.remove_prefix(1);
  if (is_postfix_command(tag)) return {find_postfix_parser(tag), Mta::postfix, "postfix", tag};
  if (is_exim(tag)) return {parse_exim, Mta::exim, {}, "exim"};
  if (is_syslog_daemon(tag)) return {parse_syslog_notice, Mta::none, {}, "syslog"};
  const auto companion = find_companion(tag);
  // It gives Postfix' messages new ids.
  if (tag == "MailScanner") return {companion.parse, Mta::postfix, "postfix", companion.name};
  return {companion.parse, Mta::none, {}, companion.name};
}
}  // namespace rastro
