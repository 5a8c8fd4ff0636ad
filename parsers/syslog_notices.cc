#include "parsers/syslog_notices.h"

#include <algorithm>
#include <chrono>
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
    // rsyslog: plugins/imuxsock of version 5
    {"imuxsock lost {} messages from pid {} due to rate-limiting", 0},
    {"imuxsock[pid: {}]: lost {} messages from pid {} due to rate-limiting", 1},
    // systemd: src/journal/journald-server.c
    {"Suppressed {} messages from {}", 0},
    {"Forwarding to syslog missed {} messages.", 0},
    // syslog-ng: lib/stats, modules/afsocket
    {"Number of messages dropped: {}", 0},
};

constexpr std::string_view kBeginnings[] = {
    // rsyslog: imuxsock of version 5
    "imuxsock begins to drop messages from pid {} due to rate-limiting{?}",
    // rsyslog: tools/omfile.c; action.c: what comes is thrown away until it is resumed
    "action '{}omfile' suspended{?}",
};
constexpr std::string_view kEnds[] = {"action '{}omfile' resumed{?}"};
constexpr std::string_view kWriteErrors[] = {
    "file '{}': write error - {}",
    "file '{}'[{}] write error - {}",
};

// "... (20000 allowed within 600 seconds)"
std::optional<std::chrono::seconds> interval_of(std::string_view text) {
  constexpr std::string_view kWithin = " allowed within ";
  const auto at = text.find(kWithin);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(at + kWithin.size());
  const auto seconds = maybe_take_number(rest);
  constexpr std::uint64_t kSecondsMax = 86'400;
  if (!seconds || *seconds > kSecondsMax || !rest.starts_with(" seconds")) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

// rsyslog, runtime/ratelimit.c: "NAME: " or "NAME from <TAG>: ", where NAME is what the input calls
// its limit: "imuxsock[pid: 17, name: /usr/sbin/x]", "imjournal", "imudp(*:514)".
struct Limited {
  std::string_view head;
  std::string_view rest;
};
std::optional<Limited> split_limited(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == std::string_view::npos || !text.starts_with("im")) return std::nullopt;
  return Limited{text.substr(0, at), text.substr(at + words.size())};
}

std::optional<ParsedLine> rate_limit(std::string_view text) {
  if (const auto begun = split_limited(text, ": begin to drop messages due to rate-limiting"))
    return ParsedLine{LineKind::log_loss, LogLoss{LogLoss::Stage::begun, 0, {}, text}};
  const auto lost = split_limited(text, " messages lost due to rate-limiting");
  if (!lost) return std::nullopt;
  const auto before = lost->head.rfind(": ");
  if (before == std::string_view::npos) return std::nullopt;
  auto digits = lost->head.substr(before + 2);
  const auto lines = maybe_take_number(digits);
  if (!lines || !digits.empty()) return std::nullopt;
  return ParsedLine{LineKind::log_loss,
                    LogLoss{LogLoss::Stage::counted, *lines, interval_of(text), text}};
}

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
  if (const auto limited = rate_limit(text)) return *limited;
  for (const auto& form : kLosses) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    auto digits = found->at[form.lines];
    const auto lines = maybe_take_number(digits);
    if (lines && digits.empty()) {
      return {LineKind::log_loss,
              LogLoss{LogLoss::Stage::counted, *lines, interval_of(text), text}};
    }
  }
  for (const auto form : kBeginnings) {
    if (match_form(text, form))
      return {LineKind::log_loss, LogLoss{LogLoss::Stage::begun, 0, {}, text}};
  }
  for (const auto form : kWriteErrors) {
    if (match_form(text, form))
      return {LineKind::log_loss, LogLoss{LogLoss::Stage::counted, 0, {}, text}};
  }
  for (const auto form : kEnds) {
    if (match_form(text, form))
      return {LineKind::log_loss, LogLoss{LogLoss::Stage::ended, 0, {}, text}};
  }
  if (match_form(text, "[origin software=\"rsyslogd\" {}] start"))
    return {LineKind::log_restart, LogLoss{LogLoss::Stage::restarted, 0, {}, text}};
  return {LineKind::foreign, {}};
}

}  // namespace rastro
