// cleanup(8): Message-IDs, header and body checks, milters at end of message (src/cleanup/*.c).
#include "core/address.h"
#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

constexpr std::size_t kContentBytesMax = 210;  // the header or body line is printed with %.200s

// "from=<a> to=<b> proto=ESMTP helo=<h>[: text]" behind the origin; the text is the operator's.
bool take_origin_fields(std::string_view tail, PolicyVerdict& out) {
  if (take_session_fields(tail, out)) return true;
  for (auto at = tail.find(": "); at != std::string_view::npos; at = tail.find(": ", at + 1)) {
    auto candidate = out;
    if (!take_session_fields(tail.substr(0, at), candidate)) continue;
    out = candidate;
    out.reply_text = tail.substr(at + 2);
    return true;
  }
  return false;
}

// "Subject: text" to "text".
bool maybe_take_name(std::string_view& header, std::string_view name) {
  if (!equal_ignoring_case(header.substr(0, name.size()), name)) return false;
  header.remove_prefix(name.size());
  maybe_take(header, ' ');
  return true;
}

// "reject: header Subject: text from host[ip]; from=<a> to=<b> proto=ESMTP helo=<h>: text"
// (src/cleanup/cleanup_message.c). The header's text and the HELO name are strangers' and may hold
// the same words; when more than one place fits, none is believed and the addresses stay unknown.
ParsedLine parse_check(std::string_view id, std::string_view word, std::string_view rest) {
  const auto action = policy_action_of(word);
  if (!action) return {};
  PolicyVerdict out;
  out.queue_id = id;
  out.action = *action;
  const auto kind = maybe_take_until(rest, ' ');
  if (!kind || (*kind != "header" && *kind != "body" && *kind != "mime-header" &&
                *kind != "nested-header" && *kind != "mime-error" && *kind != "content")) {
    return {};
  }
  out.stage = *kind;
  auto found = out;
  int fits = 0;
  for (auto at = rest.find(" from "); at != std::string_view::npos && at <= kContentBytesMax;
       at = rest.find(" from ", at + 1)) {
    auto origin = rest.substr(at + 6);
    auto candidate = out;
    candidate.subject_matter = rest.substr(0, at);
    if (origin.starts_with("local; ")) {  // no client: by sendmail(1)
      maybe_take(origin, "local");
    } else {
      const auto client = maybe_take_peer(origin);
      if (!client) continue;
      candidate.client = *client;
    }
    if (!maybe_take(origin, "; ") || !take_origin_fields(origin, candidate)) continue;
    if (++fits == 1) found = candidate;
  }
  if (fits == 0) return {};
  if (fits > 1) {
    found = out;
    found.subject_matter = rest.substr(0, kContentBytesMax);
  }
  // Where the header ends is known by the envelope behind it.
  auto subject = found.subject_matter;
  if (fits == 1 && found.stage == "header" && maybe_take_name(subject, "subject:"))
    found.subject = subject;
  auto text = found.reply_text;
  found.enhanced_status = maybe_take_enhanced_status(text);
  if (found.action == PolicyVerdict::Action::redirect ||
      found.action == PolicyVerdict::Action::filter || found.action == PolicyVerdict::Action::bcc) {
    found.target = found.reply_text;
  }
  return {found.action == PolicyVerdict::Action::reject ? LineKind::postfix_reject
                                                        : LineKind::postfix_policy,
          found};
}

}  // namespace

ParsedLine parse_cleanup(const LineHeader& header, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(header, text);
  if (maybe_take(rest, "message-id=")) {
    return {LineKind::postfix_message_id, MessageIdSeen{*id, rest, false}};
  }
  if (maybe_take(rest, "resent-message-id=")) {
    return {LineKind::postfix_message_id, MessageIdSeen{*id, rest, true}};
  }
  if (rest == "removed (canceled)" || rest == "canceled") {
    return {LineKind::postfix_removed, Removed{*id, Removed::By::cleanup_canceled}};
  }
  if (rest == "removed (discarded)" || rest == "discarded") {
    return {LineKind::postfix_removed, Removed{*id, Removed::By::cleanup_discarded}};
  }
  if (rest.starts_with("to=") || rest.starts_with("status=")) {
    return parse_attempt("cleanup", *id, rest);
  }
  if (match_form(rest, "{} map lookup problem -- message not accepted, try again later")) {
    return {LineKind::postfix_note, Note{*id, Note::About::queue_error, rest}};
  }
  auto behind = rest;
  const auto word = maybe_take_until(behind, std::string_view(": "));
  if (!word) return {};
  for (const std::string_view kind :
       {"header ", "body ", "mime-header ", "nested-header ", "mime-error ", "content "}) {
    if (behind.starts_with(kind)) return parse_check(*id, *word, behind);
  }
  return parse_verdict(*id, rest);
}

}  // namespace rastro::postfix
