#include "store/old_leg_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/row_columns.h"
#include "store/told_attempt.h"

namespace rastro {
namespace {

// Bits of leg.flags.
constexpr std::int64_t kAccepted = 1;
constexpr std::int64_t kArrivalSeen = 2;
constexpr std::int64_t kInternal = 4;
constexpr std::int64_t kProbe = 8;
constexpr std::int64_t kLinesMarkSource = 16;
constexpr std::int64_t kClosedWhenActive = 32;  // closed_after is 0 and stands for active_after

Time plus(Time start, std::int64_t difference) { return time_after(micros(start), difference); }

EnhancedStatus unpack_status(std::int64_t packed) {
  if (packed >> 32 == 0) {
    return {static_cast<std::uint8_t>(packed >> 20),
            static_cast<std::uint16_t>((packed >> 10) & 1023),
            static_cast<std::uint16_t>(packed & 1023)};
  }
  return {static_cast<std::uint8_t>(packed >> 32), static_cast<std::uint16_t>(packed >> 16),
          static_cast<std::uint16_t>(packed)};
}

constexpr std::string_view kSelectLeg =
    "SELECT leg_id, flags, host, mta, instance, queue_id, generation,"
    " opened_at, active_after, closed_after, envelope_sender, message_id, size_bytes,"
    " recipient_count, accepted_after, accepted_reply_code, accepted_reply, accepted_reply_part,"
    " accepted_tls, protocol, method, login, client, client_port, helo, delivery_first,"
    " delivery_count, timeline_first, timeline_count, link_first, link_count, fact_first,"
    " fact_count, lines, subject, uid, user, script, script_dir FROM leg WHERE row = ?1";
constexpr std::string_view kSelectDelivery =
    "SELECT recipient, original_recipient, dsn_original_recipient, outcome, delivered_to,"
    " unknown_because, reason, reply_code, enhanced_status, reply, reply_part, folder, agent,"
    " relay, tls, attempts, first_attempt_after, last_attempt_after, timeline_position"
    " FROM delivery WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kSelectTimeline =
    "SELECT position, at_after, kind, recipient, ordinal, result, reason, reply_code,"
    " enhanced_status, agent, relay, reply, reply_part"
    " FROM timeline WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kSelectLink =
    "SELECT kind, direction, claimed_by_peer, queue_id, recipient, at_after"
    " FROM link WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kSelectFact =
    "SELECT source, name, value FROM fact WHERE row >= ?1 AND row < ?1 + ?2";

// The only attempt is the first and the last one: NULL says so.
constexpr std::int64_t kNoLastAttempt = std::numeric_limits<std::int64_t>::min();

std::optional<Time> last_attempt_at(std::optional<std::int64_t> stored,
                                    const LegRecipient& recipient, Time start) {
  if (!stored) return recipient.first_attempt_at;
  return *stored == kNoLastAttempt ? std::nullopt : std::optional(plus(start, *stored));
}

}  // namespace

OldLegRowReader::OldLegRowReader(Database& database, DictionaryReader& dictionary)
    : dictionary_(dictionary),
      leg_(database.prepare(kSelectLeg)),
      delivery_(database.prepare(kSelectDelivery)),
      timeline_(database.prepare(kSelectTimeline)),
      link_(database.prepare(kSelectLink)),
      fact_(database.prepare(kSelectFact)) {}

LinePacking old_line_packing(std::int64_t flags) {
  return (flags & kLinesMarkSource) != 0 ? LinePacking::marked_source : LinePacking::three_numbers;
}

std::string OldLegRowReader::reply_text(const Statement& statement, int column,
                                        std::string_view recipient) {
  std::optional<std::string> template_text;
  std::optional<std::string_view> part;
  if (!statement.is_null(column)) template_text = dictionary_.name(statement.column_int(column));
  if (!statement.is_null(column + 1)) part = statement.column_bytes(column + 1);
  return join_reply(template_text, part, recipient, nullptr);
}

bool OldLegRowReader::load(std::uint32_t row, LegRowDepth depth, LegRecord& leg) {
  leg = LegRecord{};
  leg_.bind(1, std::int64_t{row});
  if (!leg_.step()) {
    leg_.reset();
    return false;
  }
  Columns columns(leg_);
  leg.id = columns.as<std::uint64_t>();
  const auto flags = columns.integer();
  leg.accepted = (flags & kAccepted) != 0;
  leg.arrival_seen = (flags & kArrivalSeen) != 0;
  leg.internal = (flags & kInternal) != 0;
  leg.probe = (flags & kProbe) != 0;
  leg.host = dictionary_.name(columns.integer());
  leg.mta = columns.as<Mta>();
  leg.instance = dictionary_.name(columns.integer());
  leg.queue_id = columns.text();
  leg.generation = columns.as<std::uint32_t>();
  leg.opened_at = time_at(columns.integer());
  leg.last_activity_at = plus(leg.opened_at, columns.integer());
  leg.closed_at = columns.maybe_time_after(leg.opened_at);
  if ((flags & kClosedWhenActive) != 0) leg.closed_at = leg.last_activity_at;
  leg.envelope_sender = columns.maybe_text();
  leg.message_id = columns.maybe_text();
  leg.size_bytes = columns.maybe_as<std::uint64_t>();
  leg.recipient_count = columns.maybe_as<std::uint32_t>();
  leg.accepted_at = columns.maybe_time_after(leg.opened_at);
  leg.accepted_reply_code = columns.as<std::uint16_t>();
  leg.accepted_reply_text = reply_text(leg_, columns.skip(2), {});
  if (const auto id = columns.maybe_integer()) leg.accepted_tls = dictionary_.name(*id);
  leg.protocol = dictionary_.name(columns.integer());
  auto& submission = leg.submission;
  submission.method = columns.as<SubmissionMethod>();
  submission.login = columns.maybe_text();
  submission.client = dictionary_.endpoint(columns.integer());
  submission.client.port = columns.as<std::uint16_t>();
  submission.helo = columns.maybe_text();
  std::int64_t ranges[8];
  for (auto& number : ranges) number = columns.integer();
  if (depth == LegRowDepth::whole)
    take_line_refs(columns.view(), old_line_packing(flags), leg.lines);
  else
    columns.skip(1);
  leg.subject = columns.maybe_text();
  submission.uid = columns.maybe_as<std::uint32_t>();
  submission.user = columns.maybe_text();
  submission.script = columns.maybe_text();
  submission.script_dir = columns.maybe_text();
  leg_.reset();

  load_recipients(ranges[0], ranges[1], leg);
  if (depth == LegRowDepth::whole) load_timeline(ranges[2], ranges[3], leg);
  load_links(ranges[4], ranges[5], leg);
  load_facts(ranges[6], ranges[7], leg);
  return true;
}

void OldLegRowReader::load_recipients(std::int64_t first, std::int64_t count, LegRecord& leg) {
  attempts_.clear();
  delivery_.bind(1, first).bind(2, count);
  while (delivery_.step()) {
    Columns columns(delivery_);
    LegRecipient one;
    one.recipient = columns.text();
    one.original_recipient = columns.maybe_text();
    one.dsn_original_recipient = columns.maybe_text();
    one.outcome = columns.as<Outcome>();
    one.delivered_to = columns.as<DeliveredTo>();
    one.unknown_because = columns.as<UnknownBecause>();
    one.reason = columns.as<Reason>();
    one.reply_code = columns.as<std::uint16_t>();
    if (const auto packed = columns.maybe_integer()) one.enhanced_status = unpack_status(*packed);
    one.reply_text = reply_text(delivery_, columns.skip(2), one.recipient);
    one.folder = dictionary_.name(columns.integer());
    one.agent = dictionary_.name(columns.integer());
    one.relay = dictionary_.endpoint(columns.integer());
    if (const auto id = columns.maybe_integer()) one.tls = dictionary_.name(*id);
    one.attempts = columns.as<std::uint32_t>();
    one.first_attempt_at = columns.maybe_time_after(leg.opened_at);
    one.last_attempt_at = last_attempt_at(columns.maybe_integer(), one, leg.opened_at);
    if (const auto position = columns.maybe_integer()) {
      attempts_.emplace_back(*position,
                             last_attempt(one, static_cast<std::int32_t>(leg.recipients.size())));
    }
    leg.recipients.push_back(std::move(one));
  }
  delivery_.reset();
}

void OldLegRowReader::load_timeline(std::int64_t first, std::int64_t count, LegRecord& leg) {
  timeline_.bind(1, first).bind(2, count);
  while (timeline_.step()) {
    Columns columns(timeline_);
    const auto position = columns.integer();
    TimelineEntry entry;
    entry.at = plus(leg.opened_at, columns.integer());
    entry.kind = columns.as<TimelineEntry::Kind>();
    entry.recipient = columns.as<std::int32_t>();
    entry.ordinal = columns.as<std::uint32_t>();
    entry.result = columns.as<Outcome>();
    entry.reason = columns.as<Reason>();
    entry.reply_code = columns.as<std::uint16_t>();
    if (const auto packed = columns.maybe_integer()) entry.enhanced_status = unpack_status(*packed);
    entry.agent = dictionary_.name(columns.integer());
    entry.relay = dictionary_.endpoint(columns.integer());
    entry.text = reply_text(timeline_, columns.skip(2), recipient_of(entry, leg));
    attempts_.emplace_back(position, std::move(entry));
  }
  timeline_.reset();
  std::stable_sort(attempts_.begin(), attempts_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, entry] : attempts_) leg.timeline.push_back(std::move(entry));
}

void OldLegRowReader::load_links(std::int64_t first, std::int64_t count, LegRecord& leg) {
  if (count == 0) return;
  link_.bind(1, first).bind(2, count);
  while (link_.step()) {
    Columns columns(link_);
    LegLink link;
    link.kind = columns.as<LegLink::Kind>();
    link.direction = columns.as<LegLink::Direction>();
    link.claimed_by_peer = columns.integer() != 0;
    link.queue_id = columns.text();
    link.recipient = columns.as<std::int32_t>();
    link.at = plus(leg.opened_at, columns.integer());
    leg.links.push_back(std::move(link));
  }
  link_.reset();
}

void OldLegRowReader::load_facts(std::int64_t first, std::int64_t count, LegRecord& leg) {
  if (count == 0) return;
  fact_.bind(1, first).bind(2, count);
  while (fact_.step()) {
    Columns columns(fact_);
    Fact fact;
    fact.source = dictionary_.name(columns.integer());
    fact.name = dictionary_.name(columns.integer());
    fact.value = columns.text();
    leg.facts.push_back(std::move(fact));
  }
  fact_.reset();
}

}  // namespace rastro
