#include "daemon/answer/journey_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "core/address.h"
#include "core/message_id.h"
#include "daemon/answer/direction.h"
#include "daemon/answer/retry_estimate.h"
#include "daemon/answer/unnamed.h"

namespace rastro {
namespace {

namespace json = boost::json;

json::value text(std::string_view bytes) { return json::value(valid_utf8(bytes)); }
json::value text_or_null(std::string_view bytes) {
  return bytes.empty() ? json::value(nullptr) : text(bytes);
}
json::value maybe_text(const MaybeText& bytes) {
  return bytes ? text(*bytes) : json::value(nullptr);
}
json::value maybe_time(const std::optional<Time>& at) {
  return at ? json::value(api_time(*at)) : json::value(nullptr);
}
json::value code_or_null(std::uint16_t code) {
  return code == 0 ? json::value(nullptr) : json::value(code);
}
json::value status_or_null(const std::optional<EnhancedStatus>& status) {
  return status ? json::value(to_string(*status)) : json::value(nullptr);
}
json::value relay_json(const Endpoint& relay) {
  if (relay.empty()) return nullptr;
  return json::object{{"host", text_or_null(relay.host)},
                      {"ip", text_or_null(relay.ip)},
                      {"port", relay.port == 0 ? json::value(nullptr) : json::value(relay.port)}};
}

// The leg that speaks for the arrival: the earliest that was queued; refused dialogues of the same
// message come before it.
const LegRecord& arrival_leg(const Journey& journey) {
  for (const auto& leg : journey.legs) {
    if (!leg.queue_id.empty()) return leg;
  }
  return journey.legs.front();
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

json::value explanation_json(const Journey& journey, const LegRecipient& state,
                             const RetryEstimate& retry, const JourneyJsonOptions& options) {
  if (options.explainer == nullptr) return nullptr;
  const auto* sender = first_known(journey, &LegRecord::envelope_sender);
  const auto direction = direction_of(journey);
  const auto told = options.explainer->explain(
      state, {.submission = arrival_leg(journey).submission.method,
              .null_sender = sender != nullptr && (sender->empty() || *sender == "<>"),
              .from_outside = direction == "in" || direction == "relay",
              .one_of_several = is_one_of_several(journey, state),
              .came_back = came_back(journey, state),
              .report = report_of(journey, state),
              .language = options.language,
              .timezone = options.timezone,
              .now = options.now,
              .next_attempt_at = retry.next_attempt_at,
              .gives_up_at = retry.gives_up_at});
  return json::object{{"lang", options.language == Language::es ? "es" : "en"},
                      {"text", text(told.text)},
                      {"whose_move", whose_move_name(told.whose_move)},
                      {"final", told.final},
                      {"what_to_do", text_or_null(told.what_to_do)},
                      {"reply", text_or_null(told.reply)}};
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
  return {{"recipient", text(state.recipient)},
          {"original_recipient", maybe_text(state.original_recipient)},
          {"dsn_original_recipient", maybe_text(state.dsn_original_recipient)},
          {"outcome", outcome_name(state.outcome)},
          {"delivered_to", text_or_null(delivered_to_name(state.delivered_to))},
          {"folder", text_or_null(state.folder)},
          {"unknown_because", text_or_null(unknown_because_name(state.unknown_because))},
          {"reason", text_or_null(reason_name(state.reason))},
          {"enhanced_status", status_or_null(state.enhanced_status)},
          {"reply_code", code_or_null(state.reply_code)},
          {"reply_text", text_or_null(state.reply_text)},
          {"relay", relay_json(state.relay)},
          {"agent", text_or_null(state.agent)},
          {"tls", maybe_text(state.tls)},
          {"attempts", state.attempts},
          {"first_attempt_at", maybe_time(state.first_attempt_at)},
          {"last_attempt_at", maybe_time(state.last_attempt_at)},
          {"next_attempt_expected_at", maybe_time(retry.next_attempt_at)},
          {"gives_up_at", maybe_time(retry.gives_up_at)},
          {"leg", text_or_null(journey.legs[recipient.leg].queue_id)},
          {"explanation", explanation_json(journey, state, retry, options)}};
}

json::object leg_json(const LegRecord& leg) {
  json::array recipients;
  for (const auto& recipient : leg.recipients) {
    recipients.push_back(json::object{{"recipient", text(recipient.recipient)},
                                      {"outcome", outcome_name(recipient.outcome)}});
  }
  return {{"host", text(leg.host)},
          {"mta", mta_name(leg.mta)},
          {"instance", text_or_null(leg.instance)},
          {"queue_id", text_or_null(leg.queue_id)},
          {"generation", leg.generation},
          {"opened_at", api_time(leg.opened_at)},
          {"closed_at", maybe_time(leg.closed_at)},
          {"recipients", std::move(recipients)}};
}

json::object entry_json(const LegRecord& leg, const TimelineEntry& entry) {
  const auto index = static_cast<std::size_t>(entry.recipient);
  const bool named = entry.recipient >= 0 && index < leg.recipients.size();
  return {{"at", api_time(entry.at)},
          {"kind", entry.kind == TimelineEntry::Kind::attempt ? outcome_name(entry.result)
                                                              : timeline_kind_name(entry.kind)},
          {"recipient", named ? text(leg.recipients[index].recipient) : json::value(nullptr)},
          {"agent", text_or_null(entry.agent)},
          {"relay", relay_json(entry.relay)},
          {"reply_code", code_or_null(entry.reply_code)},
          {"enhanced_status", status_or_null(entry.enhanced_status)},
          {"reply_text", text_or_null(entry.text)},
          {"leg", text_or_null(leg.queue_id)}};
}

// The last attempt of each recipient stands in its state, not in the timeline rows.
TimelineEntry last_attempt(const LegRecipient& state, std::size_t index, Time at) {
  TimelineEntry entry;
  entry.at = at;
  entry.kind = state.outcome == Outcome::rejected ? TimelineEntry::Kind::rejected
                                                  : TimelineEntry::Kind::attempt;
  entry.recipient = static_cast<std::int32_t>(index);
  entry.result = state.outcome == Outcome::expired ? Outcome::deferred : state.outcome;
  entry.reply_code = state.reply_code;
  entry.enhanced_status = state.enhanced_status;
  entry.agent = state.agent;
  entry.relay = state.relay;
  entry.text = state.reply_text;
  return entry;
}

json::array timeline_json(const Journey& journey) {
  std::vector<std::pair<const LegRecord*, TimelineEntry>> entries;
  for (const auto& leg : journey.legs) {
    if (leg.accepted_at) {
      TimelineEntry accepted;
      accepted.at = *leg.accepted_at;
      accepted.kind = TimelineEntry::Kind::accepted;
      entries.emplace_back(&leg, accepted);
    }
    for (const auto& entry : leg.timeline) entries.emplace_back(&leg, entry);
    for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
      const auto& state = leg.recipients[i];
      if (!state.last_attempt_at) continue;
      entries.emplace_back(&leg, last_attempt(state, i, *state.last_attempt_at));
    }
  }
  std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.second.at; });
  json::array out;
  for (const auto& [leg, entry] : entries) out.push_back(entry_json(*leg, entry));
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
  json::array out;
  for (const auto& line : lines) {
    json::object evidence{
        {"source", options.lines == nullptr ? json::value(nullptr)
                                            : text(options.lines->source_path(line.source))},
        {"offset", line.offset}};
    if (options.raw && options.lines != nullptr) {
      const auto bytes = options.lines->read(line);
      evidence["line"] = bytes ? text(*bytes) : json::value(nullptr);
      if (!bytes) evidence["gone_because"] = text(bytes.error().message);
    }
    out.push_back(std::move(evidence));
  }
  return out;
}

json::value accepted_json(const LegRecord& first) {
  if (!first.accepted || !first.accepted_at) return nullptr;
  return json::object{{"at", api_time(*first.accepted_at)},
                      {"by", text(first.host)},
                      {"reply_code", code_or_null(first.accepted_reply_code)},
                      {"reply_text", text_or_null(first.accepted_reply_text)},
                      {"tls", maybe_text(first.accepted_tls)}};
}

json::object submission_json(const Submission& submission) {
  return {{"method", text_or_null(submission_method_name(submission.method))},
          {"login", maybe_text(submission.login)},
          {"client_ip", text_or_null(submission.client.ip)},
          {"client_host", text_or_null(submission.client.host)},
          {"helo", maybe_text(submission.helo)},
          {"uid", submission.uid ? json::value(*submission.uid) : json::value(nullptr)},
          {"user", maybe_text(submission.user)},
          {"script", maybe_text(submission.script)},
          {"script_dir", maybe_text(submission.script_dir)}};
}

json::value text_of(const std::string* known) {
  return known == nullptr ? json::value(nullptr) : text(*known);
}

void add_headers(const Journey& journey, json::object& out) {
  out["envelope_sender"] = text_of(first_known(journey, &LegRecord::envelope_sender));
  const auto* message_id = first_known(journey, &LegRecord::message_id);
  out["message_id"] =
      message_id == nullptr ? json::value(nullptr) : text(bare_message_id(*message_id));
  json::value size = nullptr;
  for (const auto& leg : journey.legs) {
    if (size.is_null() && leg.size_bytes) size = *leg.size_bytes;
  }
  out["size_bytes"] = std::move(size);
  out["subject"] = text_of(first_known(journey, &LegRecord::subject));
}

json::object counts_json(const Journey& journey) {
  std::map<std::string_view, int> by_outcome;
  for (const auto& recipient : journey.recipients) {
    ++by_outcome[outcome_name(recipient.state.outcome)];
  }
  json::object out;
  for (const auto& [name, count] : by_outcome) out[name] = count;
  return out;
}

json::array facts_json(const Journey& journey) {
  json::array out;
  for (const auto& leg : journey.legs) {
    for (const auto& fact : leg.facts) {
      out.push_back(json::object{
          {"source", text(fact.source)}, {"name", text(fact.name)}, {"value", text(fact.value)}});
    }
  }
  return out;
}

json::object link_json(const JourneyLink& link) {
  return {
      {"kind", link_kind_name(link.link.kind)},
      {"direction", link.link.direction == LegLink::Direction::parent ? "parent" : "child"},
      {"queue_id", text_or_null(link.link.queue_id)},
      {"journey", link.journey ? json::value(format_leg_id(*link.journey)) : json::value(nullptr)},
      {"outcome", link.outcome ? json::value(outcome_name(*link.outcome)) : json::value(nullptr)},
      {"inferred", link.inferred}};
}
json::array links_json(const Journey& journey) {
  json::array out;
  for (const auto& link : journey.links) out.push_back(link_json(link));
  return out;
}

}  // namespace

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
  json::array recipients;
  json::array legs;
  for (const auto& recipient : journey.recipients) {
    recipients.push_back(recipient_json(journey, recipient, options));
  }
  auto last = first.last_activity_at;
  bool complete = true;
  for (const auto& leg : journey.legs) {
    last = std::max(last, leg.last_activity_at);
    complete = complete && (leg.arrival_seen || leg.internal);
    legs.push_back(leg_json(leg));
  }
  json::object out{{"id", format_leg_id(journey.id())},
                   {"arrived_at", api_time(first.opened_at)},
                   {"last_activity_at", api_time(last)},
                   {"complete", complete}};
  add_headers(journey, out);
  out["direction"] = direction_of(journey);
  out["counts"] = counts_json(journey);
  out["arrival"] = arrival_of(arrival);
  out["accepted"] = accepted_json(arrival);
  out["submission"] = submission_json(arrival.submission);
  out["recipients"] = std::move(recipients);
  out["unnamed_recipients"] =
      journey.unnamed ? recipient_json(journey, *journey.unnamed, options) : json::value(nullptr);
  out["legs"] = std::move(legs);
  out["links"] = links_json(journey);
  out["facts"] = facts_json(journey);
  out["timeline"] = timeline_json(journey);
  out["evidence"] = evidence_json(journey, options);
  return out;
}

}  // namespace rastro
