#include "daemon/bounce/pasted_reply.h"

#include <re2/re2.h>

namespace rastro {
namespace {

// Postfix: "... dsn=5.1.1, status=bounced (host mx[192.0.2.7] said: 550 no (in reply to ...))".
bool take_postfix_attempt(std::string_view line, PastedReply& out) {
  static const RE2 form(
      R"(\bstatus=(?:sent|deferred|bounced|expired|undeliverable|SOFTBOUNCE)[^(]{0,24}\((.*)\)\s*$)");
  static const RE2 dsn(R"(\bdsn=([245]\.\d{1,3}\.\d{1,3}), status=)");
  std::string status;
  if (!RE2::PartialMatch(line, form, &out.text)) return false;
  if (RE2::PartialMatch(line, dsn, &status)) out.enhanced_status = parse_enhanced_status(status);
  return true;
}

// Exim: the reply behind "SMTP error from remote mail server after RCPT TO:<a@b>: ", whatever the
// log line or the bounce has in front of it.
bool take_exim_error(std::string_view line, PastedReply& out) {
  static const RE2 form(
      R"((?:^|[\s:\])>])(SMTP error from remote mail(?:er| server) after [^:]{2,40}(?::<[^>]*>)?[^:]{0,60}: .*)$)");
  if (!RE2::PartialMatch(line, form, &out.text)) return false;
  // Before 4.93 bounces had "mailer".
  static const RE2 mailer("^SMTP error from remote mailer ");
  RE2::Replace(&out.text, mailer, "SMTP error from remote mail server ");
  return true;
}

// Exim, of its own: "2026-11-30 10:00:01 1aBcDe-... ** a@b R=dnslookup T=remote_smtp: why".
bool take_exim_failure(std::string_view line, PastedReply& out) {
  static const RE2 form(
      R"(^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4})?(?: \[\d+\])? [0-9A-Za-z-]{16,23} (?:\*\*|==) .*? (?:defer \(-?\d+\)[^:]{0,80}|[A-Z]{1,3}=[^:\s]+(?: \[[^\]]*\])?(?::\d+)?): (.*)$)");
  return RE2::PartialMatch(line, form, &out.text);
}

// What quotes a reply: "<a@b>: host mx[192.0.2.7] said: ...", "Diagnostic-Code: smtp; ...", "<<< ".
bool take_quoted(std::string_view line, PastedReply& out) {
  static const RE2 mark(R"((?i)^(?:>\s*)*(?:diagnostic-code:\s*(?:smtp;\s*)?|<<<\s*)(\S.*)$)");
  static const RE2 entry(
      R"(^<[^<>\s]+@[^<>\s]+>(?: \([^)]*\))?:\s+((?:host|connect to|conversation with|lost connection with|delivery temporarily suspended:) .*)$)");
  return RE2::PartialMatch(line, mark, &out.text) || RE2::PartialMatch(line, entry, &out.text);
}

}  // namespace

PastedReply pasted_reply(std::string_view line) {
  PastedReply out;
  if (!take_postfix_attempt(line, out) && !take_exim_error(line, out) &&
      !take_exim_failure(line, out) && !take_quoted(line, out))
    out.text = std::string(line);
  return out;
}

}  // namespace rastro
