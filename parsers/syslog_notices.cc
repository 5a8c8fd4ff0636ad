#include "parsers/syslog_notices.h"

#include <algorithm>
#include <iterator>

#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

// The hole named by `lines` is the number of lines that are missing.
struct LossForm {
  std::string_view text;
  std::size_t lines;
};
constexpr LossForm kLosses[] = {
    // rsyslog: plugins/imuxsock, imjournal, imudp; runtime/ratelimit.c
    {"imuxsock lost {} messages from pid {} due to rate-limiting", 0},
    {"imuxsock[pid: {}]: lost {} messages from pid {} due to rate-limiting", 1},
    {"imuxsock[pid: {}, name: {}] from <{}>: {} messages lost due to rate-limiting{?}", 3},
    {"imjournal: {} messages lost due to rate-limiting{?}", 0},
    {"imjournal from <{}>: {} messages lost due to rate-limiting{?}", 1},
    {"imudp: {} messages lost due to rate-limiting{?}", 0},
    // systemd: src/journal/journald-server.c
    {"Suppressed {} messages from {}", 0},
    {"Missed {} kernel messages", 0},
    {"Forwarding to syslog missed {} messages.", 0},
    // syslog-ng: lib/stats, modules/afsocket
    {"Number of messages dropped: {}", 0},
};

}  // namespace

bool is_syslog_daemon(std::string_view program) {
  constexpr std::string_view kDaemons[] = {"rsyslogd",        "rsyslogd-2177", "systemd-journald",
                                           "systemd-journal", "journal",       "syslogd",
                                           "syslog-ng",       "imuxsock",      "-"};
  return std::ranges::find(kDaemons, program) != std::end(kDaemons);
}

ParsedLine parse_syslog_notice(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  if (maybe_take(rest, "last message repeated ")) {  // syslogd(8): usr.sbin/syslogd/syslogd.c
    const bool counted = maybe_take_number(rest).has_value();
    const bool times = rest == " times" || rest == " time";
    return counted && times ? ParsedLine{LineKind::known_ignored, {}} : ParsedLine{};
  }
  for (const auto& form : kLosses) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    auto digits = found->at[form.lines];
    const auto lines = maybe_take_number(digits);
    if (lines && digits.empty()) return {LineKind::log_loss, LogLoss{*lines, text}};
  }
  return {LineKind::foreign, {}};
}

}  // namespace rastro
