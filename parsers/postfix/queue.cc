// qmgr, oqmgr, pickup, bounce, defer, trace, postsuper: what happens to a queued message between
// its arrival and its deliveries.
#include <utility>

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

// "from=<a>, size=1, nrcpt=2 (queue active)" (src/qmgr/qmgr_active.c), "from=<a>,
// status=expired, returned to sender" (src/qmgr/qmgr_active.c, 3.5: force-expired).
ParsedLine parse_queue_state(std::string_view id, std::string_view rest) {
  auto sender = maybe_take_address(rest);
  // Before 2.0 without the brackets, as to=; a sender with ", size=" in it had them by then.
  if (!sender && !rest.starts_with('<')) {
    auto old = rest;
    sender = maybe_take_until(old, std::string_view(", "));
    if (sender) rest.remove_prefix(sender->size());
  }
  if (!sender || !maybe_take(rest, ", ")) return {};
  if (maybe_take(rest, "status=")) {
    const bool forced = maybe_take(rest, "force-expired");
    if (!forced && !maybe_take(rest, "expired")) return {};
    if (rest != ", returned to sender") return {};
    return {LineKind::postfix_expired, MessageExpired{id, *sender, forced}};
  }
  QueueActive active{id, *sender, {}, {}};
  if (maybe_take(rest, "size=")) {
    active.size_bytes = maybe_take_number(rest);
    if (!active.size_bytes) return {};
    // Cut, or left out where logs are shared.
    if (rest.empty()) return {LineKind::postfix_queue_active, active};
    if (!maybe_take(rest, ", ")) return {};
  }
  if (!maybe_take(rest, "nrcpt=")) return {};
  const auto count = maybe_take_number(rest);
  if (!count || *count > 0xffffffffULL || (!rest.empty() && !is(rest, " (queue active)"))) {
    return {};
  }
  active.recipient_count = static_cast<std::uint32_t>(*count);
  return {LineKind::postfix_queue_active, active};
}

}  // namespace

ParsedLine parse_qmgr(const LineHeader& header, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(header, text);
  if (is(rest, "removed")) {
    return {LineKind::postfix_removed, Removed{*id, Removed::By::queue_manager}};
  }
  if (begins_with(rest, "skipped, still being delivered")) {
    return {LineKind::postfix_queue_action,
            QueueAction{*id, QueueAction::Action::skipped, {}, {}, rest}};
  }
  if (maybe_take(rest, "from=")) return parse_queue_state(*id, rest);
  return parse_attempt(agent_of(header), *id, rest);
}

// "uid=0 from=<root>", since 3.? "... orig_id=ID" for requeued mail (src/pickup/pickup.c).
ParsedLine parse_pickup(const LineHeader& header, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(header, text);
  Arrival out;
  out.queue_id = *id;
  out.method = ArrivalMethod::local;
  if (!maybe_take(rest, "uid=")) return {};
  const auto uid = maybe_take_number(rest);
  if (!uid || *uid > 0xffffffffULL || !maybe_take(rest, " from=")) return {};
  out.uid = static_cast<std::uint32_t>(*uid);
  out.envelope_sender = maybe_take_address(rest);
  if (!out.envelope_sender) return {};
  if (maybe_take(rest, " orig_id=")) {
    const auto parent = maybe_take_word(rest);
    if (!parent || !is_postfix_queue_id(*parent)) return {};
    out.parent_id = *parent;
  }
  if (!rest.empty()) return {};
  return {LineKind::postfix_pickup, out};
}

// "PARENT: sender non-delivery notification: CHILD" (src/bounce/bounce_notify_service.c and its
// siblings for warnings, traces and the postmaster).
ParsedLine parse_bounce(const LineHeader& header, std::string_view text) {
  using Kind = ChildAnnounced::Kind;
  constexpr std::pair<std::string_view, Kind> kForms[] = {
      {"sender non-delivery notification: ", Kind::non_delivery},
      {"sender delay notification: ", Kind::delay},
      {"sender delivery status notification: ", Kind::delivery_status},
      {"sender verification notification: ", Kind::delivery_status},
      {"postmaster non-delivery notification: ", Kind::postmaster},
      {"postmaster delay notification: ", Kind::postmaster},
      {"postmaster copy of non-delivery notification: ", Kind::postmaster},
      {"postmaster delivery status notification: ", Kind::postmaster},
  };
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(header, text);
  for (const auto& [form, kind] : kForms) {
    if (!maybe_take(rest, form)) continue;
    if (!is_like_id(*id, rest)) return {};
    return {LineKind::postfix_notification, ChildAnnounced{*id, rest, kind}};
  }
  if (match_form(rest, "not sending trace/success notification for {}-bounce message") ||
      rest == "no trace file -- not sending a notification" ||
      // 3.11; ": " and why may follow.
      match_form(rest, "sender notification failed to {}") ||
      rest == "postmaster notification failed" ||
      match_form(rest, "postmaster notification failed: {}")) {
    return {LineKind::postfix_note, Note{*id, Note::About::other, rest}};
  }
  return {};
}

ParsedLine parse_postsuper(const LineHeader& header, std::string_view text) {
  using Action = QueueAction::Action;
  constexpr std::pair<std::string_view, Action> kForms[] = {
      {"placed on hold", Action::held}, {"released from hold", Action::released},
      {"requeued", Action::requeued},   {"removed", Action::deleted},
      {"expired", Action::expired},     {"released from hold and expired", Action::expired},
  };
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(header, text);
  for (const auto& [form, action] : kForms) {
    if (rest == form) {
      return {LineKind::postfix_queue_action, QueueAction{*id, action, {}, "postsuper", rest}};
    }
  }
  return {};
}

ParsedLine parse_tlsproxy(const LineHeader& header, std::string_view text) {
  auto tls = parse_tls(text, SessionTls::Direction::inbound);
  if (tls.kind == LineKind::unrecognised) tls = parse_tls(text, SessionTls::Direction::outbound);
  // postscreen's clients and smtp's servers: the line's process is neither, so nothing is joined.
  if (tls.kind != LineKind::unrecognised) return {LineKind::postfix_tls, {}};
  return parse_general(header, text);
}

}  // namespace rastro::postfix
