#include "daemon/correlate/filter_findings.h"

#include <algorithm>
#include <string>

#include "core/address.h"

namespace rastro {
namespace {

Reason reason_of_category(std::string_view text) {
  const auto word = ascii_lower(text);
  const auto is = [&word](std::string_view category) { return word.starts_with(category); };
  if (is("infected") || is("virus") || is("banned")) return Reason::virus_or_attachment;
  if (is("spam")) return Reason::spam_content;
  return Reason::none;
}

// amavisd's "250 2.7.0 Ok, discarded, id=12345-01 - INFECTED: Eicar", "- spam", "- BANNED: a.zip"
// (amavisd-new, %smtp_reason_by_ccat); clamsmtpd's "250 Virus Detected; Discarded Email".
Reason reason_of_answer(std::string_view reply) {
  if (reply.starts_with("250 Virus Detected; ")) return Reason::virus_or_attachment;
  const auto id = reply.find(" id=");
  const auto mark = reply.find(" - ", id);
  if (id == std::string_view::npos || mark == std::string_view::npos) return Reason::none;
  return reason_of_category(reply.substr(mark + 3));
}

// rspamd's actions that keep a message from its mailbox; the others mark it or put it off.
bool is_against_delivery(std::string_view action) {
  return action == "reject" || action == "discard" || action == "quarantine";
}

Reason reason_of_fact(const Fact& fact) {
  const bool verdict = fact.name == "verdict";
  if (fact.source == "amavis" && verdict) return reason_of_category(fact.value);
  if (fact.source == "rspamd" && verdict && is_against_delivery(fact.value))
    return Reason::spam_content;
  if (fact.source == "spamd" && verdict && fact.value == "spam") return Reason::spam_content;
  const bool of_clamav =
      fact.source == "clamav-milter" || fact.source == "clamsmtp" || fact.source == "clamd";
  if (of_clamav && fact.name == "virus") return Reason::virus_or_attachment;
  return Reason::none;
}

// Proxmox Mail Gateway says for each recipient where it put the message, or that a rule blocked it.
Reason found_by_pmg(const LegRecord& leg, const LegRecipient& recipient) {
  std::string_view quarantine;
  bool infected = false;
  for (const auto& fact : leg.facts) {
    if (fact.source != "pmg") continue;
    infected = infected || fact.name == "virus";
    if (fact.name == "quarantine") quarantine = fact.value;
    const bool kept = fact.name == "quarantined_for";
    if ((!kept && fact.name != "blocked_for") ||
        !equal_ignoring_case(fact.value, recipient.recipient))
      continue;
    if (infected || (kept && quarantine == "virus")) return Reason::virus_or_attachment;
    return kept && quarantine == "spam" ? Reason::spam_content : Reason::local_policy;
  }
  return Reason::none;
}

// rspamd's symbols for what an antivirus scanner found (lualib/lua_scanners, "CLAM_VIRUS").
bool is_virus_symbol(const Fact& fact) {
  return fact.source == "rspamd" && fact.name == "symbols" &&
         fact.value.find("_VIRUS(") != std::string::npos;
}

}  // namespace

Reason found_by_filter(const LegRecord& leg, const LegRecipient& recipient) {
  auto reason = reason_of_answer(recipient.reply_text);
  if (reason != Reason::none) return reason;
  if (const auto found = found_by_pmg(leg, recipient); found != Reason::none) return found;
  for (const auto& fact : leg.facts) {
    const auto found = is_virus_symbol(fact) ? Reason::virus_or_attachment : reason_of_fact(fact);
    if (found == Reason::virus_or_attachment) return found;
    if (found != Reason::none) reason = found;
  }
  return reason;
}

void note_failed_scan(LegRecord& leg) {
  const bool failed = std::ranges::any_of(
      leg.facts, [](const Fact& fact) { return fact.source == kScannerSource; });
  if (!failed) return;
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome == Outcome::rejected && recipient.reply_text.empty() &&
        recipient.reply_code == 451)
      recipient.reason = Reason::local_config;
  }
  for (auto& entry : leg.timeline) {
    if (entry.kind == TimelineEntry::Kind::rejected && entry.text.empty() &&
        entry.reply_code == 451)
      entry.reason = Reason::local_config;
  }
}

}  // namespace rastro
