// clamav-milter (clamav-milter/clamfi.c, LogInfected and LogClean), clamsmtp (common/smtppass.c,
// src/clamsmtpd.c) and clamd itself.
#include <variant>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kMilter[] = {
    {"Message {} from <{?}> to <{}> with subject '{?}' message-id '{?}' date '{?}' infected by {}",
     "id from to subject message_id date virus", "infected"},
    {"Clean message {} from <{?}> to <{}> with subject '{?}' message-id '{?}' date '{?}'",
     "id from to subject message_id date", "clean"},
    {"Message from <{?}> to <{}> infected by {}", "from to virus", "infected"},
    {"Clean message from <{?}> to <{}>", "from to", "clean"},
    {"Intercepted virus from {} to {}", "from to", "infected"},
};
constexpr FactForm kSkips[] = {
    {"Skipping scan for authenticated user {}", "login", "not scanned"},
    {"Skipping scan for {} (whitelisted from)", "from", "not scanned"},
    {"Skipping scan for {} (in LocalNet)", "host", "not scanned"},
    {"Skipping scan (all destinations whitelisted)", "", "not scanned"},
};
constexpr KnownForm kIgnored[] = {
    {"+++ Started at {}", "clamav-milter/clamav-milter.c"},
    {"Probe for slot {}", "clamav-milter/connpool.c"},
    {"Probe for socket {} returned: success", "clamav-milter/connpool.c"},
    {"Started at {}", "clamav-milter/clamav-milter.c"},
    {"ClamAV: mi_stop=1", "libmilter"},
};
constexpr KnownForm kTrouble[] = {
    {"ERROR: Failed to initiate streaming/fdpassing", "clamav-milter/clamfi.c"},
    {"ERROR: Failed to write temporary file", "clamav-milter/clamfi.c"},
    {"ERROR: Streaming failed", "clamav-milter/clamfi.c"},
    {"ERROR: FD scan request failed", "clamav-milter/clamfi.c"},
    {"ERROR: FD send failed", "clamav-milter/clamfi.c"},
    {"ERROR: Failed to flush STREAM", "clamav-milter/clamfi.c"},
    {"ERROR: No reply from clamd", "clamav-milter/clamfi.c"},
    {"ERROR: Unknown reply from clamd", "clamav-milter/clamfi.c"},
    {"WARNING: No clamd server appears to be available", "clamav-milter/connpool.c"},
    {"No clamd server appears to be available", "clamav-milter/connpool.c"},
    {"ERROR: Probe for slot {} failed", "clamav-milter/connpool.c"},
    {"WARNING: Failed to quarantine message", "clamav-milter/clamfi.c"},
};

// clamsmtp: "100001: from=a@x, to=b@y, status=CLEAN": addresses are strangers'; the status stands
// last.
ParsedLine parse_clamsmtp_status(std::string_view text) {
  CompanionFact fact;
  fact.source = "clamsmtp";
  const auto at = text.rfind(", status=");
  if (at == std::string_view::npos || !maybe_take(text, "from=")) return {};
  auto status = text.substr(at + 4);
  text = text.substr(0, at - 5);
  const auto to = text.rfind(", to=");
  fact.envelope_sender = text.substr(0, to);
  if (to != std::string_view::npos) {
    const auto list = text.substr(to + 5);
    if (list.find(", ") == std::string_view::npos) {
      fact.recipient = list;
    } else {
      add_value(fact, "recipients", list);
    }
  }
  if (maybe_take(status, "VIRUS:")) {
    add_value(fact, "virus", status);
    status = "VIRUS";
  }
  add_value(fact, "verdict", status);
  return {LineKind::clamav_verdict, fact};
}

constexpr KnownForm kClamsmtpIgnored[] = {
    {"accepted connection from: {}", "common/smtppass.c"},
    {"starting {}", "common/smtppass.c"},
    {"{} starting", "common/smtppass.c"},
    {"created acceptor socket", "common/smtppass.c"},
};
// Behind the session's number, which is clamsmtpd's own.
constexpr KnownForm kClamsmtpTrouble[] = {
    {"CLAMAV: couldn't connect to: {}", "common/smtppass.c"},
    {"SERVER: couldn't connect to: {}", "common/smtppass.c"},
    {"CLAMAV: network {} operation timed out", "common/smtppass.c"},
    {"CLIENT: network {} operation timed out", "common/smtppass.c"},
    {"SERVER: network {} operation timed out", "common/smtppass.c"},
};

// clamd (clamd/scanner.c, clamd/server-th.c, clamd/clamd.c).
constexpr FactForm kDaemonForms[] = {
    {"{}: {} FOUND", "path virus", "infected"},
    {"{}: {} ERROR", "path error", "not scanned"},
};
constexpr KnownForm kDaemonIgnored[] = {
    {"SelfCheck: {}", "clamd/server-th.c"},
    {"Reading databases from {}", "clamd/server-th.c"},
    {"Database correctly reloaded ({} signatures)", "clamd/server-th.c"},
    {"Activating the newly loaded database...", "clamd/server-th.c"},
    {"+++ Started at {}", "clamd/clamd.c"},
    {"--- Stopped at {}", "clamd/server-th.c"},
    {"Received {} file descriptor(s) from systemd.", "clamd/clamd.c"},
    {"clamd daemon {} (OS: {})", "clamd/clamd.c"},
    {"Log file size limited to {} bytes.", "clamd/clamd.c"},
    {"Log file size limit disabled.", "clamd/clamd.c"},
    {"Running as user {} (UID {}, GID {})", "clamd/clamd.c"},
    {"Not loading PUA signatures.", "clamd/clamd.c"},
    {"Loaded {} signatures.", "clamd/clamd.c"},
    {"Bytecode: {}", "clamd/clamd.c"},
    {"LOCAL: {}", "clamd/localserver.c"},
    {"TCP: {}", "clamd/tcpserver.c"},
    {"Limits: {}", "clamd/server-th.c"},
    {"{} support enabled.", "clamd/server-th.c"},
    {"{} support disabled.", "clamd/server-th.c"},
    {"Self checking every {} seconds.", "clamd/server-th.c"},
    {"Set stacksize to {}", "clamd/server-th.c"},
    {"Socket file removed.", "clamd/server-th.c"},
    {"Pid file removed.", "clamd/server-th.c"},
    {"Exiting (clean)", "clamd/server-th.c"},
};
constexpr KnownForm kDaemonTrouble[] = {
    {"ERROR: {}", "clamd"},
    {"WARNING: {}", "clamd"},
};

// Exim has a message looked at in "scan/ID/ID.eml" of its spool directory (src/malware.c).
std::string_view exim_message_of(std::string_view path) {
  const auto name_at = path.rfind('/');
  if (name_at == std::string_view::npos) return {};
  auto name = path.substr(name_at + 1);
  auto directory = path.substr(0, name_at);
  const auto id = directory.substr(directory.rfind('/') + 1);
  directory.remove_suffix(id.size());
  const bool of_exim = directory.ends_with("/scan/") && name.starts_with(id) &&
                       name.substr(id.size()).starts_with('.') && is_queue_id(id) &&
                       id.find('-') != std::string_view::npos;
  return of_exim ? id : std::string_view();
}

}  // namespace

ParsedLine parse_clamav(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("clamav-milter", LineKind::clamav_verdict, kMilter, text);
  if (out.kind == LineKind::unrecognised) {
    out = parse_fact("clamav-milter", LineKind::clamav_verdict, kSkips, text);
  }
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

ParsedLine parse_clamd(const LineHeader& /*header*/, std::string_view text) {
  // "Mon Dec  1 14:10:00 2025 -> ", with LogTime.
  constexpr std::size_t kStamp = 24;
  if (text.size() > kStamp && text.substr(kStamp).starts_with(" -> "))
    text.remove_prefix(kStamp + 4);
  auto out = parse_ignored(kDaemonIgnored, text);
  if (out.kind == LineKind::unrecognised) out = parse_trouble(kDaemonTrouble, text);
  // What it was given: a file, an open one, or the content itself.
  const bool of_scan = text.starts_with('/') || text.starts_with("fd[") ||
                       text.starts_with("instream(") || text.starts_with("stream(");
  if (out.kind != LineKind::unrecognised || !of_scan) return out;
  out = parse_fact("clamd", LineKind::clamav_verdict, kDaemonForms, text);
  if (auto* fact = std::get_if<CompanionFact>(&out.event))
    fact->queue_id = exim_message_of(text.substr(0, text.find(": ")));
  return out;
}

ParsedLine parse_clamsmtp(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto session = maybe_take_until(rest, std::string_view(": "));
  if (!session || session->find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
    return parse_ignored(kClamsmtpIgnored, text);
  }
  auto out = parse_clamsmtp_status(rest);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kClamsmtpIgnored, rest);
  return out.kind == LineKind::unrecognised ? parse_trouble(kClamsmtpTrouble, rest) : out;
}

}  // namespace rastro::companions
