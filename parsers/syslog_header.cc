#include "parsers/syslog_header.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "parsers/scan.h"
#include "parsers/stamps.h"

namespace rastro {
namespace {

using stamps::maybe_take_date_time;
using stamps::maybe_take_named_date;
using stamps::maybe_take_offset;
using stamps::take_fraction;

void skip_blanks(std::string_view& rest) {
  while (maybe_take(rest, ' ')) {
  }
}

// "[123]"
bool maybe_take_pid(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  if (!maybe_take(left, '[')) return false;
  const auto pid = maybe_take_number(left);
  if (!pid || !maybe_take(left, ']')) return false;
  header.pid = static_cast<std::uint32_t>(*pid);
  rest = left;
  return true;
}

// "tag[pid]: text", "tag: text".
// A template of rsyslog's may leave the colon out: "postfix/smtpd[12] text".
// The one tag that has a blank: Plesk's sendmail wrapper, since 18.0.
constexpr std::string_view kPleskSendmail = "plesk sendmail";
enum class Colon : bool { required, after_pid_optional };
bool maybe_take_tag(std::string_view& rest, LineHeader& header,
                    Colon colon = Colon::after_pid_optional) {
  auto left = rest;
  auto end = position_of(left, ':', '[', ' ');
  if (end == left.size() || end == 0) return false;
  if (left[end] == ' ' && left.starts_with(kPleskSendmail)) end = kPleskSendmail.size();
  if (end == left.size()) return false;
  const auto program = left.substr(0, end);
  left.remove_prefix(end);
  if (left[0] == ' ') {  // iRedAPD's logging handler writes its name as a word of the text
    if (program != "iredapd" || colon == Colon::required) return false;
    header.pid = 0;
    header.program = program;
    rest = left.substr(1);
    return true;
  }
  header.pid = 0;
  if (left[0] == '[' && !maybe_take_pid(left, header)) return false;
  if (left.starts_with(" <")) {  // "tag[pid] <Info>: text", ASL of macOS
    auto level = left.substr(2);
    const auto word = maybe_take_until(level, '>');
    if (word && word->size() < 10 && level.starts_with(':')) left = level;
  }
  const bool may_lack_colon = colon == Colon::after_pid_optional && header.pid != 0 &&
                              program.find('/') != std::string_view::npos;
  if (!maybe_take(left, ':') && !(may_lack_colon && left.starts_with(' '))) return false;
  maybe_take(left, ' ');
  header.program = program;
  rest = left;
  return true;
}

// "INFO    postfix/smtp[1]: ...": a container's log level where a host would stand.
bool is_level(std::string_view word) {
  constexpr std::string_view kLevels[] = {"INFO",   "WARN",   "WARNING", "ERROR",   "DEBUG",
                                          "NOTICE", "info",   "warn",    "warning", "err",
                                          "error",  "notice", "debug",   "crit"};
  return std::ranges::find(kLevels, word) != std::end(kLevels);
}

// "mail.info" of busybox' syslogd and OpenWrt's logread.
bool is_facility(std::string_view word) {
  constexpr std::string_view kSeverities[] = {"emerg", "alert",   "crit",   "err",  "error",
                                              "warn",  "warning", "notice", "info", "debug"};
  const auto dot = word.find('.');
  if (dot == std::string_view::npos) return false;
  const auto facility = word.substr(0, dot);
  return (facility == "mail" || facility == "auth" || facility == "authpriv" ||
          facility == "daemon" || facility == "user" || facility == "syslog") &&
         std::ranges::find(kSeverities, word.substr(dot + 1)) != std::end(kSeverities);
}

// Nobody's line: "host -- MARK --", "host text without a tag".
bool take_untagged(std::string_view host, std::string_view& rest, LineHeader& header) {
  header.host = host;
  header.program = "-";
  header.pid = 0;
  return !rest.empty();
}

// Dovecot's own log file: "imap-login: Info: Login: ...", with the process where a host would
// stand.
bool maybe_take_dovecot(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  const auto process = maybe_take_until(left, std::string_view(": "));
  if (!process || process->empty() || process->find(' ') != std::string_view::npos) return false;
  constexpr std::string_view kLevels[] = {"Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: "};
  if (std::ranges::none_of(kLevels, [left](auto level) { return left.starts_with(level); })) {
    return false;
  }
  header.host = {};
  header.program = "dovecot";
  header.pid = 0;
  return true;
}

// rspamd's own log file: "#1576(normal) <9a8448>; task; text", the process where a host would
// stand.
bool maybe_take_rspamd(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  if (!maybe_take(left, '#')) return false;
  const auto pid = maybe_take_number(left);
  if (!pid || !maybe_take(left, '(')) return false;
  const auto process = maybe_take_until(left, std::string_view(") "));
  if (!process || process->empty() || process->find(' ') != std::string_view::npos) return false;
  header.host = {};
  header.program = "rspamd";
  header.pid = static_cast<std::uint32_t>(*pid);
  rest = left;
  return true;
}

// iRedAPD's own log file: "INFO [192.0.2.1] RCPT, ...", "INFO Starting iRedAPD (...".
bool maybe_take_iredapd(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  if (!maybe_take(left, "INFO ") && !maybe_take(left, "DEBUG ")) return false;
  auto asked = left;
  const bool request = maybe_take(asked, '[') && maybe_take_until(asked, std::string_view("] ")) &&
                       (asked.starts_with("RCPT, ") || asked.starts_with("END-OF-MESSAGE, "));
  if (!request && !left.starts_with("Starting iRedAPD (")) return false;
  header.host = {};
  header.program = "iredapd";
  header.pid = 0;
  rest = left;
  return true;
}

// spamd's own log file: "[9675] info: spamd: text".
bool maybe_take_spamd(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  if (!maybe_take_pid(left, header) || !maybe_take(left, ' ')) return false;
  const auto level = maybe_take_until(left, std::string_view(": "));
  if (!level || (*level != "info" && *level != "warn" && *level != "error" && *level != "dbg")) {
    return false;
  }
  header.host = {};
  header.program = "spamd";
  rest = left;
  return true;
}

// "mail:info " of AIX, also "mail:info mail|" and the like; "<mail.info> ".
void skip_facility_behind_host(std::string_view& rest) {
  auto left = rest;
  if (maybe_take(left, '<')) {
    const auto word = maybe_take_until(left, std::string_view("> "));
    if (word && is_facility(*word)) rest = left;
    return;
  }
  const auto word = maybe_take_until(left, ' ');
  if (!word) return;
  const auto colon = word->find(':');
  if (colon == std::string_view::npos || colon + 1 >= word->size()) return;
  std::array<char, 24> dotted{};
  if (word->size() > dotted.size()) return;
  std::ranges::copy(*word, dotted.begin());
  dotted[colon] = '.';
  if (is_facility({dotted.data(), word->size()})) rest = left;
}

bool take_host_and_tag(std::string_view& rest, LineHeader& header);

// "mail.info tag[pid]: text", "mail.info host tag[pid]: text".
bool take_host_and_tag_behind_facility(std::string_view& rest, LineHeader& header) {
  header.host = {};
  return maybe_take_tag(rest, header) || take_host_and_tag(rest, header);
}

// "host tag[pid]: text" and what comes in its place.
bool take_host_and_tag(std::string_view& rest, LineHeader& header) {
  if (rest.starts_with('<')) {  // "<mail.info> host tag: ", syslogd -v of FreeBSD
    auto left = rest;
    if (maybe_take_until(left, std::string_view("> "))) rest = left;
  }
  if (rest.starts_with('#') && maybe_take_rspamd(rest, header)) return true;
  if (rest.starts_with('[')) {  // "[tag] text", metalog
    if (maybe_take_spamd(rest, header)) return true;
    auto left = rest.substr(1);
    const auto program = maybe_take_until(left, std::string_view("] "));
    if (!program || program->empty()) return false;
    // "[hostname] tag[pid]: text": a name that somebody took out.
    if (auto own = left; maybe_take_tag(own, header, Colon::required) && header.pid != 0) {
      header.host = *program;
      rest = own;
      return true;
    }
    header.host = {};
    header.program = *program;
    header.pid = 0;
    rest = left;
    return true;
  }
  const auto end = position_of(rest, ' ');
  if (end == rest.size() || end == 0) return false;
  if ((rest[0] == 'I' || rest[0] == 'D') && maybe_take_iredapd(rest, header)) return true;
  const auto host = rest.substr(0, end);
  if (host.back() == ':') {
    if (host.ends_with("]:")) {  // no host
      header.host = {};
      return maybe_take_tag(rest, header);
    }
    if (maybe_take_dovecot(rest, header)) return true;
  }
  rest.remove_prefix(end + 1);
  if (is_facility(host)) return take_host_and_tag_behind_facility(rest, header);
  header.host = host;
  skip_facility_behind_host(rest);
  if (rest.starts_with(' ') && !is_level(host)) {  // columns that somebody lined up
    auto left = rest;
    skip_blanks(left);
    if (maybe_take_tag(left, header, Colon::required)) {
      rest = left;
      return true;
    }
  }
  if (maybe_take_tag(rest, header)) return true;
  if (auto left = rest; const auto word = maybe_take_until(left, ' ')) {
    if ((is_facility(*word) || is_level(*word)) && maybe_take_tag(left, header)) {
      rest = left;
      return true;
    }
  }
  if (is_level(host)) {
    skip_blanks(rest);
    header.host = {};
    return maybe_take_tag(rest, header);
  }
  return take_untagged(host, rest, header);
}

// Text behind the tag: "[ID 197553 mail.info] text" of Solaris, "message repeated 3 times: [ text]"
// of rsyslog.
void take_marks(std::string_view& rest, LineHeader& header) {
  header.repeated = 1;
  if (rest.empty() || (rest[0] != 'm' && rest[0] != '[')) return;
  auto left = rest;
  if (maybe_take(left, "[ID ") && maybe_take_number(left) && maybe_take(left, ' ') &&
      maybe_take_until(left, std::string_view("] "))) {
    rest = left;
    return;
  }
  left = rest;
  if (!maybe_take(left, "message repeated ")) return;
  const auto times = maybe_take_number(left);
  if (!times || *times > 1'000'000 || !maybe_take(left, " times: [") || !left.ends_with(']'))
    return;
  maybe_take(left, ' ');
  left.remove_suffix(1);
  header.repeated = static_cast<std::uint32_t>(*times);
  rest = left;
}

// One field of RFC 5424; "-" is none.
std::optional<std::string_view> maybe_take_5424_field(std::string_view& rest) {
  const auto word = maybe_take_until(rest, ' ');
  if (!word || word->empty()) return std::nullopt;
  return *word == "-" ? std::string_view{} : *word;
}

// "-" or "[id name=\"value\" ...][...]", quotes and escapes followed.
bool take_structured_data(std::string_view& rest) {
  if (maybe_take(rest, '-')) return true;
  bool any = false;
  while (rest.starts_with('[')) {
    std::size_t i = 1;
    for (bool quoted = false; i < rest.size(); ++i) {
      if (quoted && rest[i] == '\\') {
        ++i;
      } else if (rest[i] == '"') {
        quoted = !quoted;
      } else if (rest[i] == ']' && !quoted) {
        break;
      }
    }
    if (i >= rest.size()) return false;
    rest.remove_prefix(i + 1);
    any = true;
  }
  return any;
}

// RFC 5424 behind "<PRI>1 ": "STAMP HOST APP PROCID MSGID SD [BOM]MSG".
bool take_5424(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  const auto local = maybe_take_date_time(left, 'T');
  if (!local) return false;
  const auto us = take_fraction(left);
  const auto east = maybe_take_offset(left);
  if (!east || !maybe_take(left, ' ')) return false;
  const auto host = maybe_take_5424_field(left);
  const auto program = host ? maybe_take_5424_field(left) : std::nullopt;
  const auto process = program ? maybe_take_5424_field(left) : std::nullopt;
  if (!host || !program || !process || !maybe_take_5424_field(left) || !take_structured_data(left))
    return false;
  if (!left.empty() && !maybe_take(left, ' ')) return false;
  maybe_take(left, "\xEF\xBB\xBF");
  maybe_take(left, ' ');
  header.logged_at = Time(Duration((*local - *east) * 1'000'000 + us));
  header.host = *host;
  header.program = program->empty() ? std::string_view("-") : *program;
  auto digits = *process;
  const auto pid = maybe_take_number(digits);
  header.pid = pid && digits.empty() ? static_cast<std::uint32_t>(*pid) : 0;
  rest = left;
  return true;
}

// The two digits of seconds at `at`, -1 when they are none.
int second_of(std::string_view rest, std::size_t at) {
  if (rest.size() < at + 2 || !is_digit(rest[at]) || !is_digit(rest[at + 1])) return -1;
  const int second = (rest[at] - '0') * 10 + (rest[at + 1] - '0');
  return second <= 60 ? second : -1;
}

// "YYYY-MM-DDTHH:MM:SS" with 'T' or a blank, read once for each minute.
std::optional<std::int64_t> maybe_take_iso_seconds(std::string_view& rest, StampReader& reader) {
  constexpr std::size_t kMinuteSize = 17;
  const int second = second_of(rest, kMinuteSize);
  if (second < 0) return std::nullopt;
  const auto minute = rest.substr(0, kMinuteSize);
  if (const auto known = reader.known_minute(minute)) {
    rest.remove_prefix(kMinuteSize + 2);
    return *known + second;
  }
  auto local = maybe_take_date_time(rest, 'T');
  if (!local) local = maybe_take_date_time(rest, ' ');
  if (local) reader.know_minute(minute, *local - second);
  return local;
}

// "Nov 24 01:40:29", read once for each minute: seconds since 1970.
std::optional<std::int64_t> maybe_take_traditional(std::string_view& rest, StampReader& reader) {
  constexpr std::size_t kMinuteSize = 13;
  const int second = second_of(rest, kMinuteSize);
  if (second < 0 || rest[6] != ' ' || rest[9] != ':') return std::nullopt;
  const auto minute = rest.substr(0, kMinuteSize);
  if (const auto known = reader.known_minute(minute)) {
    rest.remove_prefix(kMinuteSize + 2);
    return *known + second;
  }
  auto left = rest;
  const auto date = maybe_take_named_date(left);
  if (!date || date->year != 0) return std::nullopt;
  const auto at = reader.without_year(date->month, date->day, date->second_of_day);
  const auto out = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  reader.know_minute(minute, out - second);
  rest = left;
  return out;
}

// "2026-11-24T01:40:29.123+01:00 ", also with a blank between, and without an offset: local time.
bool take_iso_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  auto left = rest;
  auto local = maybe_take_date_time(left, 'T');
  if (!local) local = maybe_take_date_time(left, ' ');
  if (!local) return false;
  const auto us = take_fraction(left);
  auto east = maybe_take_offset(left);
  if (!maybe_take(left, ' ')) return false;
  if (!east && (left.starts_with('+') || left.starts_with('-'))) {
    east = maybe_take_offset(left);
    if (!east || !maybe_take(left, ' ')) return false;
  }
  header.logged_at =
      (east ? Time(Duration((*local - *east) * 1'000'000)) : Time(reader.to_utc(*local))) +
      Duration(us);
  if (east && rest.size() - left.size() == StampReader::kFullSize && rest[19] == '.') {
    reader.know_full_minute(rest, *local - *east - second_of(rest, 17));
  }
  rest = left;
  return true;
}

bool take_named_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  auto left = rest;
  if (const auto at = maybe_take_traditional(left, reader)) {
    const auto us = take_fraction(left);
    maybe_take(left, ':');  // Cisco
    if (!maybe_take(left, ' ')) return false;
    header.logged_at = Time(std::chrono::seconds(*at)) + Duration(us);
    rest = left;
    return true;
  }
  const auto date = maybe_take_named_date(left);
  if (!date) return false;
  const auto us = take_fraction(left);
  maybe_take(left, ':');  // Cisco
  if (!maybe_take(left, ' ')) return false;
  if (date->year != 0) {
    reader.set_year(date->year);
    header.logged_at =
        reader.to_utc(stamps::days_from_civil(date->year, date->month, date->day) * 86400 +
                      date->second_of_day) +
        Duration(us);
  } else {
    header.logged_at =
        reader.without_year(date->month, date->day, date->second_of_day) + Duration(us);
  }
  rest = left;
  return true;
}

// "Tue Nov 24 01:40:29 2026 " as ctime() writes it, "Nov 24 01:40:29.123 CET 2026 " as date(1) and
// some appliances do: the zone's name is the source's own.
bool take_long_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  auto left = rest;
  stamps::maybe_take_weekday(left);
  const auto date = maybe_take_named_date(left);
  if (!date) return false;
  const auto us = take_fraction(left);
  const bool utc = stamps::maybe_take_zone_name(left) == "UTC";
  const int year = date->year != 0 ? date->year : stamps::maybe_take_year_behind(left);
  if (!maybe_take(left, ' ')) return false;
  if (year != 0) {
    const auto local =
        stamps::days_from_civil(year, date->month, date->day) * 86400 + date->second_of_day;
    header.logged_at = (utc ? Time(std::chrono::seconds(local)) : reader.to_utc(local));
    reader.set_year(year);
  } else {
    header.logged_at = reader.without_year(date->month, date->day, date->second_of_day);
  }
  header.logged_at += Duration(us);
  rest = left;
  return true;
}

// "Tue 2026-11-24 01:40:29 CET " of journalctl -o short-full: the zone's name is the source's own.
bool take_full_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  if (rest.size() < 25 || rest[3] != ' ' || !is_digit(rest[4])) return false;
  auto left = rest.substr(4);
  const auto local = maybe_take_date_time(left, ' ');
  if (!local) return false;
  const auto us = take_fraction(left);
  if (!maybe_take(left, ' ')) return false;
  const auto zone = maybe_take_word(left);
  if (!zone || zone->size() > 6 || !maybe_take(left, ' ')) return false;
  header.logged_at =
      (*zone == "UTC" ? Time(std::chrono::seconds(*local)) : Time(reader.to_utc(*local))) +
      Duration(us);
  rest = left;
  return true;
}

// Of journalctl -o short-unix, multilog and svlogd.
bool take_utc_stamp(std::string_view& rest, LineHeader& header) {
  auto left = rest;
  auto at = stamps::maybe_take_unix_time(left);
  if (!at) at = stamps::maybe_take_daemontools_time(left);
  if (!at || !maybe_take(left, ' ')) return false;
  header.logged_at = *at;
  rest = left;
  return true;
}

bool take_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  if (rest.size() < 16) return false;
  if (is_digit(rest[0])) {
    return take_iso_stamp(rest, reader, header) || take_named_stamp(rest, reader, header) ||
           take_utc_stamp(rest, header);
  }
  if (rest[0] == '@') return take_utc_stamp(rest, header);
  return take_named_stamp(rest, reader, header) || take_full_stamp(rest, reader, header) ||
         take_long_stamp(rest, reader, header);
}

// "stdout F ", which the container runtime interface writes behind its stamp.
void skip_cri_stream(std::string_view& rest) {
  if (rest.empty() || rest[0] != 's' || !rest.starts_with("std")) return;
  for (const std::string_view stream : {"stdout F ", "stderr F ", "stdout P ", "stderr P "}) {
    if (maybe_take(rest, stream)) return;
  }
}

// "mail.info: ", which socklog writes in front of what syslog() gave it.
void skip_facility_mark(std::string_view& rest) {
  auto left = rest;
  const auto word = maybe_take_until(left, std::string_view(": "));
  if (word && is_facility(*word)) rest = left;
}

// The colour of a terminal: "\x1b[36m".
void skip_colour(std::string_view& rest) {
  constexpr std::size_t kBytesMax = 12;
  if (!rest.starts_with("\x1b[")) return;
  const auto end = rest.substr(0, kBytesMax).find('m');
  if (end != std::string_view::npos) rest.remove_prefix(end + 1);
}

// "mail-1  | ", which `docker compose logs` writes in front, with colours where it was told so.
void skip_compose_name(std::string_view& whole) {
  auto rest = whole;
  skip_colour(rest);
  const bool coloured = rest.size() < whole.size();
  constexpr std::size_t kNameBytesMax = 64;
  const auto bar = rest.substr(0, kNameBytesMax).find(coloured ? "|" : "| ");
  if (bar == std::string_view::npos || bar == 0 || rest[bar - 1] != ' ') return;
  const auto name = rest.substr(0, rest.find(' '));
  if (rest.substr(name.size(), bar - name.size()).find_first_not_of(' ') !=
      std::string_view::npos) {
    return;
  }
  rest.remove_prefix(bar + 1);
  if (coloured) skip_colour(rest);
  maybe_take(rest, ' ');
  whole = rest;
}

// What a container's runtime writes in front of a line of Exim's own log, taken off: "exim-1  | ",
// "2026-11-24T01:40:29.123456789Z stdout F ". The line as it is when there is no such thing.
std::string_view behind_runtime(std::string_view line) {
  auto left = line;
  skip_compose_name(left);
  auto inner = left;
  if (!maybe_take_date_time(inner, 'T')) return left;
  take_fraction(inner);
  if (!maybe_take_offset(inner) || !maybe_take(inner, ' ')) return left;
  skip_cri_stream(inner);
  auto stamp = inner;
  return maybe_take_date_time(stamp, ' ') ? inner : left;
}

// The tag that Docker's syslog driver gives a container's lines: its short id, or "docker/name" and
// the like with the tag option as Docker's manual shows it.
bool is_container_tag(std::string_view program) {
  constexpr std::size_t kShortIdSize = 12;
  if (begins_with(program, "docker/")) return true;
  return program.size() == kShortIdSize &&
         std::ranges::all_of(program, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool take_header(std::string_view& rest, StampReader& reader, LineHeader& header) {
  auto left = rest;
  if (left.starts_with('<')) {
    const auto end = left.find('>');
    if (end == std::string_view::npos || end > 4) return false;
    left.remove_prefix(end + 1);
    if (maybe_take(left, "1 ") && take_5424(left, header)) {
      take_marks(left, header);
      rest = left;
      return true;
    }
  }
  if (!take_stamp(left, reader, header)) return false;
  skip_cri_stream(left);
  if (!take_host_and_tag(left, header)) return false;
  take_marks(left, header);
  rest = left;
  return true;
}

}  // namespace

namespace {

constexpr std::size_t kTraditionalSize = 16;

// The size of "2026-11-24T01:40:29.123456+01:00 " as rsyslog writes it, or of "Nov 24 01:40:29 ",
// when its minute and its offset are those of the line before; else 0.
std::size_t known_stamp_size(std::string_view line, const StampReader& reader, Time& at) {
  if (line[19] == '.' && line[32] == ' ') {
    const auto minute = reader.known_full_minute(line);
    const int second = second_of(line, 17);
    const EightDigits us(line.data() + 20);
    if (!minute || second < 0 || us.size != 6) return 0;
    at = Time(Duration((*minute + second) * 1'000'000 + static_cast<std::int64_t>(us.value)));
    return StampReader::kFullSize;
  }
  if (line[kTraditionalSize - 1] != ' ') return 0;
  const auto minute = reader.known_minute(line.substr(0, 13));
  const int second = second_of(line, 13);
  if (!minute || second < 0) return 0;
  at = Time(std::chrono::seconds(*minute + second));
  return kTraditionalSize;
}

// The size of the header that nearly all lines have, "STAMP host tag[pid]: " with a known stamp.
// 0 for anything else, also for what needs a second look: take_header() has the last word.
std::size_t usual_header_size(std::string_view line, const StampReader& reader,
                              LineHeader& header) {
  constexpr std::size_t kBehindTag = 16;  // may be read past the tag, whatever stands there
  if (line.size() < StampReader::kFullSize + kBehindTag) return 0;
  Time logged_at{};
  auto at = known_stamp_size(line, reader, logged_at);
  if (at == 0 || line[at] == '<' || line[at] == '[' || begins_with(line.substr(at), "std"))
    return 0;
  const auto host = line.substr(at, position_of(line.substr(at), ' '));
  at += host.size() + 1;
  if (host.empty() || host.back() == ':' || at + kBehindTag > line.size()) return 0;
  const auto program = line.substr(at, position_of(line.substr(at), ':', '[', ' '));
  at += program.size();
  if (program.empty() || program == "-" || at + kBehindTag > line.size()) return 0;
  if (is_container_tag(program)) return 0;
  std::uint32_t process = 0;
  if (line[at] == '[') {
    const EightDigits pid(line.data() + at + 1);
    at += 2 + pid.size;
    if (pid.size == 0 || pid.size > 7 || line[at - 1] != ']') return 0;
    process = static_cast<std::uint32_t>(pid.value);
  }
  if (line[at] != ':' || line[at + 1] != ' ' || line[at + 2] == 'm' || line[at + 2] == '[')
    return 0;
  header = {logged_at, host, program, process, 1};
  return at + 2;
}

}  // namespace

namespace {

bool looks_like_syslog(std::string_view behind_stamp);

// What a container's mail server wrote, with a stamp of its own: a syslog's, or Exim's log as it
// is.
void take_container_line(std::string_view& rest, StampReader& reader, LineHeader& header) {
  auto inner = rest;
  LineHeader own;
  own.host = header.host;
  auto behind_stamp = rest;
  const bool is_exim = maybe_take_date_time(behind_stamp, ' ') && !looks_like_syslog(behind_stamp);
  if (is_exim ? !maybe_take_exim_stamp(inner, reader, own) : !take_header(inner, reader, own)) {
    return;
  }
  header = own;
  rest = inner;
}

}  // namespace

bool maybe_take_syslog_header(std::string_view& rest, StampReader& reader, LineHeader& header) {
  if (const auto size = usual_header_size(rest, reader, header); size > 0) {
    rest.remove_prefix(size);
    return true;
  }
  auto left = rest;
  if (!take_header(left, reader, header)) {
    skip_compose_name(left);
    if (left.size() == rest.size() || !take_header(left, reader, header)) return false;
  }
  if (header.program == "-") {
    auto inner = rest;
    LineHeader outer;
    skip_compose_name(inner);
    if (auto own = inner; take_long_stamp(own, reader, outer) &&
                          inner.size() - own.size() > kTraditionalSize &&
                          take_host_and_tag(own, outer) && outer.program != "-") {
      take_marks(own, outer);
      header = outer;
      rest = own;
      return true;
    }
    // A runtime's stamp in front of a line with its own: that one wins.
    if (take_stamp(inner, reader, outer)) {
      skip_cri_stream(inner);
      skip_facility_mark(inner);
      LineHeader own;
      // Logstash writes its own host between the two.
      if (take_header(inner, reader, own) ||
          (rest.size() > 10 && rest[10] == 'T' && maybe_take_word(inner) &&
           maybe_take(inner, ' ') && take_header(inner, reader, own))) {
        header = own;
        left = inner;
      }
    }
  } else if (is_container_tag(header.program)) {
    take_container_line(left, reader, header);
  }
  rest = left;
  return true;
}

namespace {

// "2026-11-24 01:40:29 text" in the minute of the line before; all else is the general reader's.
bool maybe_take_known_exim_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  if (rest.size() < 21 || rest[10] != ' ' || rest[19] != ' ') return false;
  if (rest[20] == '+' || rest[20] == '-' || rest[20] == '[') return false;
  const auto minute = reader.known_minute(rest.substr(0, 17));
  const int second = second_of(rest, 17);
  if (!minute || second < 0) return false;
  header.logged_at = reader.to_utc(*minute + second);
  header.pid = 0;
  header.program = "exim";
  rest.remove_prefix(20);
  return true;
}

}  // namespace

bool maybe_take_exim_stamp(std::string_view& rest, StampReader& reader, LineHeader& header) {
  if (maybe_take_known_exim_stamp(rest, reader, header)) return true;
  auto left = rest;
  if (left.size() < 11) return false;
  if (left[10] != ' ' || !is_digit(left[0])) {
    left = behind_runtime(rest);
    if (left.size() < 11 || left[10] != ' ') return false;
  }
  const auto local = maybe_take_iso_seconds(left, reader);
  if (!local) return false;
  const auto us = take_fraction(left);
  if (!maybe_take(left, ' ')) return false;
  if (left.starts_with('+') || left.starts_with('-')) {
    const auto east = maybe_take_offset(left);
    if (!east || !maybe_take(left, ' ')) return false;
    header.logged_at = Time(Duration((*local - *east) * 1'000'000 + us));
  } else {
    header.logged_at = reader.to_utc(*local) + Duration(us);
  }
  header.pid = 0;
  header.program = "exim";
  if (left.starts_with('[')) {
    auto digits = left.substr(1);
    const auto pid = maybe_take_number(digits);
    if (pid && maybe_take(digits, "] ")) {
      header.pid = static_cast<std::uint32_t>(*pid);
      left = digits;
    }
  }
  rest = left;
  return true;
}

namespace {

// "2026-11-24 01:40:29 host tag[pid]: text" is a syslog's line; Exim's has no word with a pid.
// Rspamd's, Dovecot's and iRedAPD's own files have the same stamp.
bool looks_like_syslog(std::string_view behind_stamp) {
  take_fraction(behind_stamp);
  maybe_take_offset(behind_stamp);
  if (!maybe_take(behind_stamp, ' ')) return false;
  if (maybe_take_offset(behind_stamp) && !maybe_take(behind_stamp, ' ')) return false;
  LineHeader header;
  if (auto own = behind_stamp; maybe_take_rspamd(own, header) || maybe_take_dovecot(own, header) ||
                               maybe_take_iredapd(own, header)) {
    return true;
  }
  return maybe_take_word(behind_stamp) && maybe_take(behind_stamp, ' ') &&
         maybe_take_tag(behind_stamp, header, Colon::required) && header.pid != 0;
}

// Without a reader: no zone is needed to tell that there is a stamp.
bool has_syslog_stamp(std::string_view line) {
  if (line.starts_with('<')) return true;
  auto rest = line;
  LineHeader header;
  if (maybe_take_date_time(rest, 'T') || maybe_take_named_date(rest)) return true;
  if (take_utc_stamp(rest, header)) return true;
  rest = line;
  if (stamps::maybe_take_weekday(rest)) {
    if (maybe_take_date_time(rest, ' ') || maybe_take_named_date(rest)) return true;
  }
  rest = line;
  skip_compose_name(rest);
  return rest.size() < line.size() && has_syslog_stamp(rest);
}

}  // namespace

LineFormat detect_format(std::string_view first_lines) {
  while (!first_lines.empty()) {
    const auto line = first_lines.substr(0, first_lines.find('\n'));
    auto rest = behind_runtime(line);
    if (maybe_take_date_time(rest, ' ')) {
      return looks_like_syslog(rest) ? LineFormat::syslog : LineFormat::exim;
    }
    if (has_syslog_stamp(line)) return LineFormat::syslog;
    first_lines.remove_prefix(std::min(line.size() + 1, first_lines.size()));
  }
  return LineFormat::unknown;
}

bool maybe_take_bare_tag(std::string_view& rest, const StampReader& stamps, LineHeader& header) {
  auto left = rest;
  header = {};
  if (!maybe_take_tag(left, header, Colon::required) || header.pid == 0) return false;
  if (header.program.find('/') == std::string_view::npos) return false;
  header.logged_at = stamps.near();
  take_marks(left, header);
  rest = left;
  return true;
}

}  // namespace rastro
