// Proxmox Mail Gateway's filter (pmg-smtp-filter, PMG/RuleDB/*.pm, PMG/Utils.pm). It names a
// message by an id of its own, which its reply to Postfix ends with: "250 2.5.0 OK (id)",
// "250 2.7.0 BLOCKED (id)".
#include <algorithm>
#include <variant>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr std::size_t kIdMin = 12;
constexpr std::size_t kIdMax = 25;

bool is_session(std::string_view id) {
  return id.size() >= kIdMin && id.size() <= kIdMax &&
         id.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

constexpr FactForm kForms[] = {
    {"new mail message-id={}", "message_id", ""},
    {"virus detected: {} ({})", "virus scanner", "infected"},
    {"processing time: {} seconds{?}", "#seconds times", ""},
    {"found archive '{}' ({})", "file content_type", "archive"},
    {"unpack archive '{}' done ({} ms)", "file #elapsed_ms", "archive read"},
    {"unpack archive failed ({} ms) - {}", "#elapsed_ms error", "archive not read"},
    {"unpack failed - {}", "error", "archive not read"},
};
// Of the daemon itself, about no message.
constexpr KnownForm kFilterIgnored[] = {
    {R"({} CONNECT TCP Peer: "{}" Local: "{}")", "Net::Server"},
    {"Process Backgrounded", "Net::Server"},
    {"{} Process Backgrounded", "Net::Server"},
    {"Binding to {}", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
    {"{} Beginning prefork ({} processes)", "Net::Server::PreFork"},
    {"Beginning prefork ({} processes)", "Net::Server::PreFork"},
    {"Starting \"{}\" children", "Net::Server::PreFork"},
    {"Killing \"{}\" children", "Net::Server::PreFork"},
    {"Setting gid to {}", "Net::Server"},
    {"Setting uid to {}", "Net::Server"},
    {"Filter daemon (re)started (max. {} processes)", "bin/pmg-smtp-filter"},
    {"using pre-fork workers with {}", "bin/pmg-smtp-filter"},
    {"reloading configuration {}", "bin/pmg-smtp-filter"},
    {"starting database maintenance", "bin/pmg-smtp-filter"},
    {"end database maintenance ({} ms)", "bin/pmg-smtp-filter"},
    {"starting database maintainance", "bin/pmg-smtp-filter, before 8.2"},
    {"end database maintainance ({} ms)", "bin/pmg-smtp-filter, before 8.2"},
    {"demo mode detected - not starting server", "bin/pmg-smtp-filter"},
};
constexpr KnownForm kFilterTrouble[] = {
    {"ERROR: {}", "bin/pmg-smtp-filter"},
    {"WARNING: {}", "bin/pmg-smtp-filter"},
    {"Cleanup failures: {}", "bin/pmg-smtp-filter"},
    {"memory usage: {} bytes", "bin/pmg-smtp-filter"},
    {"fast exit because of errors (free {} bytes)", "bin/pmg-smtp-filter"},
    {"fast exit to reduce server load (free {} bytes)", "bin/pmg-smtp-filter"},
    {"processing took {}s, longer than the timeout ({}s)", "bin/pmg-smtp-filter"},
};
// "(rule: name)" and the end; the name is the operator's and may hold brackets.
bool take_rule(std::string_view rest, std::string_view& rule) {
  if (!maybe_take(rest, "(rule: ") || !rest.ends_with(')')) return false;
  rule = rest.substr(0, rest.size() - 1);
  return true;
}

// "SA score=8/5 time=0.5 bayes=0.00 autolearn=no autolearn_force=no hits=A(0.5),B(1)".
ParsedLine parse_score(CompanionFact fact, std::string_view rest) {
  while (!rest.empty()) {
    const auto name = maybe_take_until(rest, '=');
    if (!name) return {};
    const auto end = std::min(rest.find(' '), rest.size());
    const auto value = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (*name == "score" || *name == "bayes" || *name == "hits") {
      add_value(fact, *name == "hits" ? "tests" : *name, value);
    }
  }
  return {LineKind::pmg_verdict, fact};
}

// "accept mail to <a> (id) (rule: r)", "block mail to <a> (rule: r)", "moved mail for <a> to spam
// quarantine - id (rule: r)".
ParsedLine parse_action(CompanionFact fact, std::string_view rest) {
  std::string_view action;
  std::string_view rule;
  if (maybe_take(rest, "accept mail to ")) {
    action = "accept";
  } else if (maybe_take(rest, "block mail to ")) {
    action = "block";
  } else if (maybe_take(rest, "moved mail for ")) {
    action = "quarantine";
  } else {
    return {};
  }
  const auto recipient = maybe_take_address(rest);
  if (!recipient || !maybe_take(rest, ' ')) return {};
  fact.recipient = *recipient;
  add_value(fact, "action", action);
  if (action == "accept") {
    if (!maybe_take(rest, '(')) return {};
    const auto id = maybe_take_until(rest, std::string_view(") "));
    if (!id) return {};
    add_value(fact, "queued_as", *id);
  } else if (action == "quarantine") {
    if (!maybe_take(rest, "to ")) return {};
    const auto where = maybe_take_until(rest, std::string_view(" quarantine - "));
    if (!where || !maybe_take_word(rest) || !maybe_take(rest, ' ')) return {};
    add_value(fact, "quarantine", *where);
    // Of the attachments a copy is kept, and the mail goes on without them (PMG/RuleDB/Remove.pm).
    if (*where != "attachment") add_value(fact, "quarantined_for", *recipient);
  } else {
    add_value(fact, "blocked_for", *recipient);
  }
  if (!take_rule(rest, rule)) return {};
  add_value(fact, "rule", rule);
  return {LineKind::pmg_verdict, fact};
}

// "notify <a> (rule: r, id)", "bcc to <a> (rule: r, id)": a mail of the filter's own under that id;
// "... (rule: r) failed" (PMG/RuleDB/Notify.pm, BCC.pm).
ParsedLine parse_side_mail(CompanionFact fact, std::string_view rest) {
  const bool notice = maybe_take(rest, "notify ");
  if (!notice && !maybe_take(rest, "bcc to ")) return {};
  const auto address = maybe_take_address(rest);
  if (!address || !maybe_take(rest, " (rule: ")) return {};
  add_value(fact, notice ? "notified" : "bcc", *address);
  if (rest.ends_with(") failed")) {
    add_value(fact, "rule", rest.substr(0, rest.size() - std::string_view(") failed").size()));
    add_value(fact, "error", notice ? "notice not sent" : "bcc not sent");
    return {LineKind::pmg_verdict, fact};
  }
  const auto comma = rest.rfind(", ");
  if (comma == std::string_view::npos || !rest.ends_with(')')) return {};
  const auto id = rest.substr(comma + 2, rest.size() - comma - 3);
  if (!is_queue_id(id)) return {};
  add_value(fact, "rule", rest.substr(0, comma));
  add_value(fact, notice ? "notice_queue_id" : "bcc_queue_id", id);
  return {LineKind::pmg_verdict, fact};
}

// pmgpolicy (bin/pmgpolicy) asks no name of the message and logs none: whom it made wait stands in
// Postfix's own refusal.
constexpr KnownForm kPolicyIgnored[] = {
    {"SPF says {}", "bin/pmgpolicy"},
    {"defer greylisted mail", "bin/pmgpolicy"},
    {"starting policy database maintainance (greylist, rbl)", "bin/pmgpolicy"},
    {"starting greylist database maintainance", "bin/pmgpolicy"},
    {"end policy database maintainance ({} ms, {} ms)", "bin/pmgpolicy"},
    {"end greylist database maintainance ({} ms, {} ms)", "bin/pmgpolicy"},
    {"found {} expired mails in greylisting database", "bin/pmgpolicy"},
    {"Policy daemon (re)started", "bin/pmgpolicy"},
    {"reloading configuration {}", "bin/pmgpolicy"},
    {"demo mode detected - not starting server", "bin/pmgpolicy"},
    {"Process Backgrounded", "Net::Server"},
    {"{} Process Backgrounded", "Net::Server"},
    {"Binding to {}", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
};
constexpr KnownForm kPolicyTrouble[] = {
    {"ERROR: {}", "bin/pmgpolicy"},
    {"WARNING: {}", "bin/pmgpolicy"},
    {"rbl update error: {}", "bin/pmgpolicy"},
    {"greylist database update error: {}", "bin/pmgpolicy"},
    {"Database connection broken - trying to reconnect", "bin/pmgpolicy"},
    {"unable to reconnect to database server: {}", "bin/pmgpolicy"},
    {"greylist policy protocol error - got '{?}'", "bin/pmgpolicy"},
    {"greylist policy protocol error - unused data '{?}'", "bin/pmgpolicy"},
    {"SPF timeout", "bin/pmgpolicy"},
    {"socket not ready - {}", "bin/pmgpolicy"},
};
// Whom it let pass unasked.
constexpr FactForm kPolicyForms[] = {
    {"accept mails from backup MX host - {}", "ip", "pass: backup MX"},
    {"accept mails from whitelist - {}", "ip", "pass: whitelist"},
    {"accept mails to whitelist - <{}>", "to", "pass: whitelist"},
};

}  // namespace

ParsedLine parse_pmgpolicy(const LineHeader& /*header*/, std::string_view text) {
  while (text.ends_with("#012")) text.remove_suffix(4);
  auto out = parse_fact("pmgpolicy", LineKind::greylist_verdict, kPolicyForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kPolicyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kPolicyTrouble, text) : out;
}

ParsedLine parse_pmg(const LineHeader& /*header*/, std::string_view text) {
  while (text.ends_with("#012")) text.remove_suffix(4);  // rsyslog's newline
  auto rest = text;
  const auto session = maybe_take_until(rest, std::string_view(": "));
  if (!session || !is_session(*session)) {
    const auto known = parse_ignored(kFilterIgnored, text);
    return known.kind == LineKind::unrecognised ? parse_trouble(kFilterTrouble, text) : known;
  }
  CompanionFact fact;
  fact.source = "pmg";
  fact.queue_id = *session;
  if (maybe_take(rest, "SA ")) return parse_score(fact, rest);
  auto out = parse_action(fact, rest);
  if (out.kind == LineKind::unrecognised) out = parse_side_mail(fact, rest);
  if (out.kind != LineKind::unrecognised) return out;
  out = parse_fact("pmg", LineKind::pmg_verdict, kForms, rest);
  if (auto* told = std::get_if<CompanionFact>(&out.event)) {
    // The Message-ID is a stranger's: the session's id is the surer name of the two.
    told->queue_id = *session;
  }
  return out;
}

}  // namespace rastro::companions
