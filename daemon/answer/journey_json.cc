#include "daemon/answer/journey_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/message_id.h"
#include "core/report_note.h"
#include "daemon/answer/direction.h"
#include "daemon/answer/mail_header.h"
#include "daemon/answer/unnamed.h"
#include "daemon/explain/retry_estimate.h"

namespace rastro {
namespace {

namespace json = boost::json;

using Memory = json::storage_ptr;

json::value text(std::string_view bytes, const Memory& memory) {
  if (std::ranges::all_of(bytes, [](char c) { return (c & 0x80) == 0; }))
    return json::value(bytes, memory);
  return json::value(valid_utf8(bytes), memory);
}
json::value maybe_text(const MaybeText& bytes, const Memory& memory) {
  return bytes ? text(*bytes, memory) : json::value(nullptr);
}
json::value time_json(Time at, const Memory& memory) { return json::value(api_time(at), memory); }
json::value maybe_time(const std::optional<Time>& at, const Memory& memory) {
  return at ? time_json(*at, memory) : json::value(nullptr);
}
json::value code_or_null(std::uint16_t code) {
  return code == 0 ? json::value(nullptr) : json::value(code);
}
json::value status_or_null(const std::optional<EnhancedStatus>& status, const Memory& memory) {
  return status ? json::value(to_string(*status), memory) : json::value(nullptr);
}
json::value relay_json(const Endpoint& relay, const Memory& memory) {
  if (relay.empty()) return nullptr;
  return json::object({{"host", text_or_null(relay.host, memory)},
                       {"ip", text_or_null(relay.ip, memory)},
                       {"port", relay.port == 0 ? json::value(nullptr) : json::value(relay.port)}},
                      memory);
}

// Of the first leg that has it.
const std::string* first_known(const Journey& journey, MaybeText LegRecord::*field) {
  for (const auto& leg : journey.legs) {
    const auto& known = leg.*field;
    if (known) return &*known;
  }
  return nullptr;
}

// Whether the message has been accepted for this recipient since: of those who were refused
// together each comes back alone, or not at all.
bool came_back(const Journey& journey, const LegRecipient& state) {
  return std::ranges::any_of(journey.links, [&](const JourneyLink& link) {
    return link.link.kind == LegLink::Kind::retry &&
           link.link.direction == LegLink::Direction::child && !link.link.queue_id.empty() &&
           std::ranges::any_of(link.taken, [&](const std::string& address) {
             return equal_ignoring_case(address, state.recipient);
           });
  });
}

// Of the report that was made of this recipient's failure: the first one behind it. One before it
// tells of others.
std::optional<Outcome> report_of(const Journey& journey, const LegRecipient& state) {
  const JourneyLink* found = nullptr;
  for (const auto& link : journey.links) {
    if (link.link.kind != LegLink::Kind::bounce ||
        link.link.direction != LegLink::Direction::child) {
      continue;
    }
    if (state.last_attempt_at && link.link.at < *state.last_attempt_at) continue;
    if (found == nullptr || link.link.at < found->link.at) found = &link;
  }
  return found == nullptr ? std::nullopt : found->outcome;
}

// Whether mailboxes behind one address ended in more ways than one.
bool is_one_of_several(const Journey& journey, const LegRecipient& state) {
  return state.original_recipient &&
         std::ranges::any_of(journey.recipients, [&](const JourneyRecipient& other) {
           return other.state.original_recipient == state.original_recipient &&
                  other.state.outcome != state.outcome;
         });
}

// Whether an address here sent it on to this recipient, who is elsewhere: of another domain, and
// not at a server behind this one.
bool is_sent_on(const LegRecipient& state) {
  // "orig_to=<root>": a name of this host, to which the MTA put the domain.
  if (state.original_recipient && state.original_recipient->find('@') == std::string::npos &&
      equal_ignoring_case(*state.original_recipient, split_address(state.recipient).local_part))
    return false;
  return state.original_recipient && leaves_us(state) && !is_own_hop(state) &&
         !is_private_network(state.relay.ip) && state.recipient.find('@') != std::string::npos &&
         !equal_ignoring_case(split_address(*state.original_recipient).domain,
                              split_address(state.recipient).domain);
}

// Whether mail for this recipient is sent on besides, and that ended otherwise.
bool is_beside_forward(const Journey& journey, const LegRecipient& state) {
  const auto& name = state.original_recipient ? *state.original_recipient : state.recipient;
  return std::ranges::any_of(journey.recipients, [&](const JourneyRecipient& other) {
    return is_sent_on(other.state) && other.state.outcome != state.outcome &&
           equal_ignoring_case(*other.state.original_recipient, name);
  });
}

// What stopped the message, in the log's words: the header or body line that a check names, or the
// text of whoever set it up.
std::string rule_of(const Journey& journey, const LegRecipient& state) {
  if (state.outcome != Outcome::held && state.outcome != Outcome::discarded) return {};
  const auto kind =
      state.outcome == Outcome::held ? TimelineEntry::Kind::held : TimelineEntry::Kind::discarded;
  std::string out;
  for (const auto& leg : journey.legs) {
    for (const auto& entry : leg.timeline) {
      if (entry.kind == kind && entry.recipient < 0 && !entry.text.empty()) out = entry.text;
    }
  }
  return out;
}

// The virus or the forbidden file that amavis names, as it says it.
struct Finding {
  std::string text;
  bool only_forbidden = false;
};
Finding finding_of(const Journey& journey) {
  for (const auto& leg : journey.legs) {
    const auto value_of = [&](std::string_view name) -> std::string {
      const auto found = std::ranges::find_if(leg.facts, [&](const Fact& fact) {
        return fact.source == "amavis" && fact.name == name;
      });
      return found == leg.facts.end() ? std::string() : found->value;
    };
    const auto verdict = value_of("verdict");
    if (!verdict.starts_with("INFECTED") && !verdict.starts_with("BANNED")) continue;
    const auto detail = value_of("detail");
    return {detail.empty() ? verdict : detail, verdict.starts_with("BANNED")};
  }
  return {};
}

// A Sieve script of the recipient's that rejected or threw away what our server had delivered to
// it.
bool is_ended_by_script(const Journey& journey, const LegRecipient& state) {
  if (state.outcome == Outcome::discarded) {
    // Pigeonhole's words: a content filter behind the queue discards too, and is ours.
    const auto rule = ascii_lower(rule_of(journey, state));
    return rule.starts_with("marked message to be discarded") ||
           rule.starts_with("discarded duplicate message");
  }
  return state.outcome == Outcome::bounced &&
         std::ranges::any_of(journey.legs, [&](const LegRecord& leg) {
           return std::ranges::any_of(leg.facts, [&](const Fact& fact) {
             return fact.name == "rejected" && fact.value == state.reply_text;
           });
         });
}

bool is_ended_by_hand(const LegRecord& leg, const LegRecipient& state) {
  return state.outcome == Outcome::expired &&
         std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
           return entry.kind == TimelineEntry::Kind::expired && entry.text == "force-expired";
         });
}

// Who was refused with those that a refusal of the content names.
std::uint32_t refused_beside(const LegRecord& leg, const LegRecipient& state) {
  if (state.outcome != Outcome::rejected || leg.accepted) return 0;
  const auto named = static_cast<std::uint32_t>(leg.recipients.size());
  return std::max(leg.recipient_count.value_or(0), named) - named;
}

// Whether the log shows part of the attempts only: it begins after the arrival, and long enough for
// one to have been made before its first.
bool has_earlier_attempts(const LegRecord& leg, const LegRecipient& state) {
  constexpr Duration kFirstRetry = std::chrono::minutes(5);  // minimal_backoff_time
  if (leg.arrival_seen || leg.internal || !leg.accepted || !state.first_attempt_at) return false;
  return !leg.accepted_at || *state.first_attempt_at - *leg.accepted_at >= kFirstRetry;
}

bool has_host_failure(const LegRecord& leg) {
  return std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
    return entry.kind == TimelineEntry::Kind::host_failure;
  });
}

// What amavis counted of a message that it took for spam.
std::string score_of(const Journey& journey) {
  for (const auto& leg : journey.legs) {
    for (const auto& fact : leg.facts) {
      if (fact.source == "amavis" && fact.name == "score") return fact.value;
    }
  }
  return {};
}

// Where the mailbox server sent it on for this recipient alone, with commas.
std::string forwarded_to(const LegRecord& leg, const LegRecipient& state) {
  if (state.delivered_to != DeliveredTo::program) return {};
  const auto handed_over =
      std::ranges::count(leg.recipients, DeliveredTo::program, &LegRecipient::delivered_to);
  if (handed_over != 1) return {};
  std::string out;
  for (const auto& address : sent_on_to(leg)) out += (out.empty() ? "" : ", ") + address;
  return out;
}

json::value explanation_json(const Journey& journey, const JourneyRecipient& recipient,
                             const RetryEstimate& retry, const JourneyJsonOptions& options) {
  if (options.explainer == nullptr) return nullptr;
  const auto& state = recipient.state;
  const auto* sender = first_known(journey, &LegRecord::envelope_sender);
  const auto direction = direction_of(journey);
  const bool redirected = is_sent_on(state);
  const auto finding = finding_of(journey);
  const auto told = options.explainer->explain(
      state,
      {.submission = arrival_leg(journey).submission.method,
       .null_sender = sender != nullptr && (sender->empty() || *sender == "<>"),
       .from_outside = direction == "in" || direction == "relay",
       .forwarded = direction != "out" && !state.relay.ip.empty() && state.original_recipient &&
                    !equal_ignoring_case(*state.original_recipient, state.recipient),
       .redirected = redirected,
       .beside_forward = !redirected && is_beside_forward(journey, state),
       .one_of_several = is_one_of_several(journey, state),
       .forwarded_to = forwarded_to(journey.legs[recipient.leg], state),
       .came_back = came_back(journey, state),
       .earlier_attempts = has_earlier_attempts(journey.legs[recipient.leg], state),
       .refused_beside = refused_beside(journey.legs[recipient.leg], state),
       .report = report_of(journey, state),
       .sender = sender == nullptr ? std::string() : *sender,
       .finding = finding.text,
       .only_forbidden = finding.only_forbidden,
       .score = score_of(journey),
       .rule = rule_of(journey, state),
       .by_own_script = is_ended_by_script(journey, state),
       .host_failed = has_host_failure(journey.legs[recipient.leg]),
       .ended_by_hand = is_ended_by_hand(journey.legs[recipient.leg], state),
       .language = options.language,
       .timezone = options.timezone,
       .now = options.now,
       .next_attempt_at = retry.next_attempt_at,
       .gives_up_at = retry.gives_up_at});
  return told_json(told, options.language, options.memory);
}

// The recipient's state may carry the name that the customer knows; the leg's is by position.
RetryEstimate retry_of(const Journey& journey, const JourneyRecipient& recipient) {
  const auto& leg = journey.legs[recipient.leg];
  for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
    if (leg.recipients[i].recipient == recipient.state.recipient &&
        leg.recipients[i].last_attempt_at == recipient.state.last_attempt_at) {
      return estimate_retry(leg, i);
    }
  }
  return {};
}

json::object recipient_json(const Journey& journey, const JourneyRecipient& recipient,
                            const JourneyJsonOptions& options) {
  const auto retry = retry_of(journey, recipient);
  const auto& state = recipient.state;
  const auto& memory = options.memory;
  json::object out(
      {{"recipient", text(state.recipient, memory)},
       {"original_recipient", maybe_text(state.original_recipient, memory)},
       {"dsn_original_recipient", maybe_text(state.dsn_original_recipient, memory)},
       {"outcome", outcome_name(state.outcome)},
       {"delivered_to", text_or_null(delivered_to_name(state.delivered_to), memory)},
       {"folder", text_or_null(state.folder, memory)},
       {"unknown_because", text_or_null(unknown_because_name(state.unknown_because), memory)},
       {"reason", text_or_null(reason_name(state.reason), memory)},
       {"enhanced_status", status_or_null(state.enhanced_status, memory)},
       {"reply_code", code_or_null(state.reply_code)},
       {"reply_text", text_or_null(state.reply_text, memory)},
       {"relay", relay_json(state.relay, memory)},
       {"agent", text_or_null(state.agent, memory)},
       {"tls", maybe_text(state.tls, memory)},
       {"attempts", state.attempts},
       {"attempts_before_log", has_earlier_attempts(journey.legs[recipient.leg], state)},
       {"first_attempt_at", maybe_time(state.first_attempt_at, memory)},
       {"last_attempt_at", maybe_time(state.last_attempt_at, memory)},
       {"next_attempt_expected_at", maybe_time(retry.next_attempt_at, memory)},
       {"gives_up_at", maybe_time(retry.gives_up_at, memory)},
       {"leg", text_or_null(journey.legs[recipient.leg].queue_id, memory)},
       {"explanation", explanation_json(journey, recipient, retry, options)}},
      memory);
  // Of few: no field where there is nothing to tell.
  const auto sent_on = forwarded_to(journey.legs[recipient.leg], state);
  if (!sent_on.empty()) out["forwarded_to"] = text(sent_on, memory);
  return out;
}

json::object leg_json(const LegRecord& leg, const Memory& memory) {
  json::array recipients(memory);
  for (const auto& recipient : leg.recipients) {
    recipients.push_back(json::object({{"recipient", text(recipient.recipient, memory)},
                                       {"outcome", outcome_name(recipient.outcome)}},
                                      memory));
  }
  return {{{"host", text(leg.host, memory)},
           {"mta", mta_name(leg.mta)},
           {"instance", text_or_null(leg.instance, memory)},
           {"queue_id", text_or_null(leg.queue_id, memory)},
           {"generation", leg.generation},
           {"opened_at", time_json(leg.opened_at, memory)},
           {"closed_at", maybe_time(leg.closed_at, memory)},
           {"recipients", std::move(recipients)}},
          memory};
}

json::object entry_json(const LegRecord& leg, const TimelineEntry& entry, const Memory& memory) {
  const auto index = static_cast<std::size_t>(entry.recipient);
  const bool named = entry.recipient >= 0 && index < leg.recipients.size();
  return {
      {{"at", time_json(entry.at, memory)},
       {"kind", entry.kind == TimelineEntry::Kind::attempt ? outcome_name(entry.result)
                                                           : timeline_kind_name(entry.kind)},
       {"recipient", named ? text(leg.recipients[index].recipient, memory) : json::value(nullptr)},
       {"agent", text_or_null(entry.agent, memory)},
       {"relay", relay_json(entry.relay, memory)},
       {"reply_code", code_or_null(entry.reply_code)},
       {"enhanced_status", status_or_null(entry.enhanced_status, memory)},
       {"reply_text", text_or_null(entry.text, memory)},
       {"leg", text_or_null(leg.queue_id, memory)}},
      memory};
}

// Whether the attempt before such an end was put off: somebody, or time, made the end.
bool was_put_off(Outcome outcome) {
  return outcome == Outcome::expired || outcome == Outcome::deleted || outcome == Outcome::held;
}

// The last attempt of each recipient stands in its state, not in the timeline rows.
TimelineEntry last_attempt(const LegRecipient& state, std::size_t index, Time at) {
  TimelineEntry entry;
  entry.at = at;
  entry.kind = state.outcome == Outcome::rejected ? TimelineEntry::Kind::rejected
                                                  : TimelineEntry::Kind::attempt;
  entry.recipient = static_cast<std::int32_t>(index);
  entry.result = was_put_off(state.outcome) ? Outcome::deferred : state.outcome;
  entry.reply_code = state.reply_code;
  entry.enhanced_status = state.enhanced_status;
  entry.agent = state.agent;
  entry.relay = state.relay;
  entry.text = state.reply_text;
  return entry;
}

// What seemed a bounce or a notice of delay when its message came, and was an automatic answer.
TimelineEntry as_linked(const LegRecord& leg, const TimelineEntry& entry) {
  using Kind = TimelineEntry::Kind;
  auto out = entry;
  if (entry.kind != Kind::bounce_sent && entry.kind != Kind::delay_notice_sent) return out;
  const bool report = std::ranges::any_of(leg.links, [&](const LegLink& link) {
    return link.kind == LegLink::Kind::report && link.direction == LegLink::Direction::child &&
           link.queue_id == entry.text;
  });
  if (!report) return out;
  out.kind = Kind::note;
  out.text = report_note(entry.text);
  return out;
}

// The mailbox server took it, and has said itself that it threw it away: the attempt handed it
// over.
bool was_thrown_away_later(const LegRecord& leg, const TimelineEntry& attempt) {
  return attempt.result == Outcome::discarded && attempt.reply_code / 100 == 2 &&
         std::ranges::any_of(leg.timeline, [&](const TimelineEntry& entry) {
           return entry.kind == TimelineEntry::Kind::discarded && entry.recipient < 0;
         });
}

// What was done to the message and stands there as the end of its recipients too.
bool is_told_of_recipients(const LegRecord& leg, const TimelineEntry& entry) {
  return entry.kind == TimelineEntry::Kind::discarded && entry.recipient < 0 &&
         std::ranges::any_of(leg.recipients, [&](const LegRecipient& state) {
           return state.outcome == Outcome::discarded && state.last_attempt_at == entry.at &&
                  state.reply_code / 100 != 2 &&
                  (entry.text.empty() || entry.text == state.reply_text);
         });
}

// Whether the queue manager or the delivery process did this after attempts of the same second, and
// because of them: what is known of a last attempt is its time alone.
bool is_behind_attempts(const LegRecord& leg, std::size_t index) {
  using Kind = TimelineEntry::Kind;
  const auto& entry = leg.timeline[index];
  switch (entry.kind) {
    case Kind::expired:
    case Kind::bounce_sent:
    case Kind::delay_notice_sent:
    case Kind::deleted:
      return true;
    case Kind::held:
      // Nothing is tried while it is held, so an attempt of this second was before, unless it was
      // let go meanwhile.
      return std::none_of(leg.timeline.begin() + static_cast<std::ptrdiff_t>(index),
                          leg.timeline.end(), [&](const TimelineEntry& later) {
                            return later.at == entry.at &&
                                   (later.kind == Kind::released || later.kind == Kind::requeued);
                          });
    default:
      return false;
  }
}

json::array timeline_json(const Journey& journey, const Memory& memory) {
  std::vector<std::pair<const LegRecord*, TimelineEntry>> entries;
  for (const auto& leg : journey.legs) {
    std::vector<TimelineEntry> attempts;
    if (leg.accepted && leg.accepted_at) {
      TimelineEntry accepted;
      accepted.at = *leg.accepted_at;
      accepted.kind = TimelineEntry::Kind::accepted;
      entries.emplace_back(&leg, accepted);
    }
    for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
      const auto& state = leg.recipients[i];
      if (!state.last_attempt_at) continue;
      attempts.push_back(last_attempt(state, i, *state.last_attempt_at));
      if (!was_thrown_away_later(leg, attempts.back())) continue;
      attempts.back().result = Outcome::passed;
      entries.emplace_back(&leg, std::move(attempts.back()));
      attempts.pop_back();
    }
    std::vector<TimelineEntry> behind;
    for (std::size_t i = 0; i < leg.timeline.size(); ++i) {
      const auto& entry = leg.timeline[i];
      if (is_told_of_recipients(leg, entry)) continue;
      auto linked = as_linked(leg, entry);
      if (is_behind_attempts(leg, i)) {
        behind.push_back(std::move(linked));
      } else {
        entries.emplace_back(&leg, std::move(linked));
      }
    }
    for (auto& attempt : attempts) entries.emplace_back(&leg, std::move(attempt));
    for (auto& entry : behind) entries.emplace_back(&leg, std::move(entry));
  }
  std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.second.at; });
  json::array out(memory);
  for (const auto& [leg, entry] : entries) out.push_back(entry_json(*leg, entry, memory));
  return out;
}

json::array evidence_json(const Journey& journey, const JourneyJsonOptions& options) {
  std::vector<LineRef> lines;
  for (const auto& leg : journey.legs)
    lines.insert(lines.end(), leg.lines.begin(), leg.lines.end());
  std::ranges::sort(lines, [](const auto& a, const auto& b) {
    return std::pair(a.source, a.offset) < std::pair(b.source, b.offset);
  });
  const auto repeated = std::ranges::unique(lines);
  lines.erase(repeated.begin(), repeated.end());
  const auto& memory = options.memory;
  json::array out(memory);
  for (const auto& line : lines) {
    json::object evidence({{"source", options.lines == nullptr
                                          ? json::value(nullptr)
                                          : text(options.lines->source_path(line.source), memory)},
                           {"offset", line.offset}},
                          memory);
    if (options.raw && options.lines != nullptr) {
      const auto bytes = options.lines->read(line);
      evidence["line"] = bytes ? text(*bytes, memory) : json::value(nullptr);
      if (!bytes) evidence["gone_because"] = text(bytes.error().message, memory);
      const auto moved_to = bytes ? options.lines->moved_to(line.source) : std::string();
      if (!moved_to.empty()) evidence["moved_to"] = text(moved_to, memory);
    }
    out.push_back(std::move(evidence));
  }
  return out;
}

json::value accepted_json(const LegRecord& first, const Memory& memory) {
  if (!first.accepted || !first.accepted_at) return nullptr;
  return json::object({{"at", time_json(*first.accepted_at, memory)},
                       {"by", text(first.host, memory)},
                       {"reply_code", code_or_null(first.accepted_reply_code)},
                       {"reply_text", text_or_null(first.accepted_reply_text, memory)},
                       {"tls", maybe_text(first.accepted_tls, memory)}},
                      memory);
}

json::object submission_json(const Submission& submission, const Memory& memory) {
  return {{{"method", text_or_null(submission_method_name(submission.method), memory)},
           {"login", maybe_text(submission.login, memory)},
           {"client_ip", text_or_null(submission.client.ip, memory)},
           {"client_host", text_or_null(submission.client.host, memory)},
           {"helo", maybe_text(submission.helo, memory)},
           {"uid", submission.uid ? json::value(*submission.uid) : json::value(nullptr)},
           {"user", maybe_text(submission.user, memory)},
           {"script", maybe_text(submission.script, memory)},
           {"script_dir", maybe_text(submission.script_dir, memory)}},
          memory};
}

json::value text_of(const std::string* known, const Memory& memory) {
  return known == nullptr ? json::value(nullptr) : text(*known, memory);
}

void add_headers(const Journey& journey, json::object& out) {
  const auto& memory = out.storage();
  out["envelope_sender"] = text_of(first_known(journey, &LegRecord::envelope_sender), memory);
  const auto* message_id = first_known(journey, &LegRecord::message_id);
  out["message_id"] =
      message_id == nullptr ? json::value(nullptr) : text(bare_message_id(*message_id), memory);
  json::value size = nullptr;
  for (const auto& leg : journey.legs) {
    if (size.is_null() && leg.size_bytes) size = *leg.size_bytes;
  }
  out["size_bytes"] = std::move(size);
  const auto* subject = first_known(journey, &LegRecord::subject);
  out["subject"] =
      subject == nullptr ? json::value(nullptr) : text(decode_header(*subject), memory);
}

json::object counts_json(const Journey& journey, const Memory& memory) {
  std::map<std::string_view, int> by_outcome;
  for (const auto& recipient : journey.recipients) {
    ++by_outcome[outcome_name(recipient.state.outcome)];
  }
  json::object out(memory);
  for (const auto& [name, count] : by_outcome) out[name] = count;
  return out;
}

json::array facts_json(const Journey& journey, const Memory& memory) {
  json::array out(memory);
  for (const auto& leg : journey.legs) {
    for (const auto& fact : leg.facts) {
      out.push_back(json::object({{"source", text(fact.source, memory)},
                                  {"name", text(fact.name, memory)},
                                  {"value", text(fact.value, memory)}},
                                 memory));
    }
  }
  return out;
}

json::object link_json(const JourneyLink& link, const Memory& memory) {
  std::map<std::string_view, int> by_name;
  for (const auto& [outcome, count] : link.outcomes) by_name[outcome_name(outcome)] += count;
  json::object outcomes(memory);
  for (const auto& [name, count] : by_name) outcomes[name] = count;
  return {
      {{"kind", link_kind_name(link.link.kind)},
       {"direction", link.link.direction == LegLink::Direction::parent ? "parent" : "child"},
       {"queue_id", text_or_null(link.link.queue_id, memory)},
       {"journey", link.journey ? json::value(format_leg_id(*link.journey)) : json::value(nullptr)},
       {"outcome", link.outcome ? json::value(outcome_name(*link.outcome)) : json::value(nullptr)},
       {"outcomes", std::move(outcomes)},
       {"inferred", link.inferred}},
      memory};
}
json::array links_json(const Journey& journey, const Memory& memory) {
  json::array out(memory);
  for (const auto& link : journey.links) out.push_back(link_json(link, memory));
  return out;
}

}  // namespace

json::object told_json(const Explanation& told, Language language, const Memory& memory) {
  return {{{"lang", language == Language::es ? "es" : "en"},
           {"text", text(told.text, memory)},
           {"whose_move", whose_move_name(told.whose_move)},
           {"final", told.final},
           {"guess", told.guess},
           {"what_to_do", text_or_null(told.what_to_do, memory)},
           {"reply", text_or_null(told.reply, memory)}},
          memory};
}

std::string api_time(Time at) {
  constexpr std::int64_t kDay = 86'400'000'000;
  const auto since_1970 = at.time_since_epoch().count();
  const auto us = (since_1970 % kDay + kDay) % kDay;
  const std::chrono::days days(since_1970 / kDay - (since_1970 % kDay < 0 ? 1 : 0));
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const auto year = std::clamp(static_cast<int>(date.year()), 0, 9999);
  std::string out = "0000-00-00T00:00:00.000000Z";
  const auto put = [&](std::size_t place, int digits, std::int64_t number) {
    for (; digits > 0; --digits, number /= 10) {
      out[place + static_cast<std::size_t>(digits) - 1] = static_cast<char>('0' + number % 10);
    }
  };
  put(0, 4, year);
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, us / 3'600'000'000);
  put(14, 2, us / 60'000'000 % 60);
  put(17, 2, us / 1'000'000 % 60);
  put(20, 6, us % 1'000'000);
  return out;
}

json::value text_or_null(std::string_view bytes, const json::storage_ptr& memory) {
  return bytes.empty() ? json::value(nullptr) : text(bytes, memory);
}

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const auto plain = i;
    while (i < bytes.size() && at(i) < 0x80) ++i;
    out.append(bytes.substr(plain, i - plain));
    if (i == bytes.size()) break;
    const auto first = at(i);
    std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                       : first >= 0xe0 && first < 0xf0 ? 3
                       : first >= 0xf0 && first < 0xf5 ? 4
                                                       : 0;
    bool good = size > 0 && i + size <= bytes.size();
    for (std::size_t k = 1; good && k < size; ++k) good = (at(i + k) & 0xc0) == 0x80;
    if (good && size == 3) {
      const unsigned point = (first & 0x0fU) << 12 | (at(i + 1) & 0x3fU) << 6 | (at(i + 2) & 0x3fU);
      good = point >= 0x800 && (point < 0xd800 || point > 0xdfff);
    }
    if (good && size == 4) {
      const unsigned point = (first & 0x07U) << 18 | (at(i + 1) & 0x3fU) << 12;
      good = point >= 0x10000 && point <= 0x10ffff;
    }
    if (good) {
      out.append(bytes.substr(i, size));
      i += size;
    } else {
      out += "\xef\xbf\xbd";
      ++i;
    }
  }
  return out;
}

json::object to_json(const Journey& journey, const JourneyJsonOptions& options) {
  const auto& first = journey.legs.front();
  const auto& arrival = arrival_leg(journey);
  const auto& memory = options.memory;
  json::array recipients(memory);
  json::array legs(memory);
  for (const auto& recipient : journey.recipients) {
    recipients.push_back(recipient_json(journey, recipient, options));
  }
  auto last = first.last_activity_at;
  bool complete = true;
  for (const auto& leg : journey.legs) {
    last = std::max(last, leg.last_activity_at);
    complete = complete && (leg.arrival_seen || leg.internal);
    legs.push_back(leg_json(leg, memory));
  }
  json::object out({{"id", format_leg_id(journey.id())},
                    {"arrived_at", time_json(first.opened_at, memory)},
                    {"last_activity_at", time_json(last, memory)},
                    {"complete", complete}},
                   memory);
  add_headers(journey, out);
  out["direction"] = direction_of(journey);
  out["counts"] = counts_json(journey, memory);
  out["arrival"] = arrival_of(arrival);
  out["accepted"] = accepted_json(arrival, memory);
  out["submission"] = submission_json(arrival.submission, memory);
  out["recipients"] = std::move(recipients);
  out["unnamed_recipients"] =
      journey.unnamed ? recipient_json(journey, *journey.unnamed, options) : json::value(nullptr);
  out["legs"] = std::move(legs);
  out["links"] = links_json(journey, memory);
  out["facts"] = facts_json(journey, memory);
  out["timeline"] = timeline_json(journey, memory);
  out["evidence"] = evidence_json(journey, options);
  return out;
}

}  // namespace rastro
