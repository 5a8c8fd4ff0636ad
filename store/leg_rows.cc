#include "store/leg_rows.h"

#include <algorithm>
#include <limits>

namespace rastro {
namespace {

// Bits of leg.flags.
constexpr std::int64_t kAccepted = 1;
constexpr std::int64_t kArrivalSeen = 2;
constexpr std::int64_t kInternal = 4;
constexpr std::int64_t kProbe = 8;
constexpr std::int64_t kLinesMarkSource = 16;
constexpr std::int64_t kClosedWhenActive = 32;  // closed_after is 0 and stands for active_after

std::int64_t after(Time at, Time start) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(micros(at)) -
                                   static_cast<std::uint64_t>(micros(start)));
}

std::optional<std::int64_t> after(const std::optional<Time>& at, Time start) {
  return at ? std::optional(after(*at, start)) : std::nullopt;
}

Time plus(Time start, std::int64_t difference) { return time_after(micros(start), difference); }

// Three bytes of a row instead of six. What does not fit (no status that our parsers let through)
// is stored as version 2 did, and kept above 32 bits by a further one.
constexpr std::int64_t kWideStatus = std::int64_t{1} << 40;
std::int64_t pack(const EnhancedStatus& status) {
  constexpr unsigned kTenBits = 1U << 10;
  if (status.subject < kTenBits && status.detail < kTenBits) {
    return (static_cast<std::int64_t>(status.klass) << 20) |
           (static_cast<std::int64_t>(status.subject) << 10) | status.detail;
  }
  return kWideStatus | (static_cast<std::int64_t>(status.klass) << 32) |
         (static_cast<std::int64_t>(status.subject) << 16) | status.detail;
}

std::optional<std::int64_t> pack(const std::optional<EnhancedStatus>& status) {
  return status ? std::optional(pack(*status)) : std::nullopt;
}

EnhancedStatus unpack_status(std::int64_t packed) {
  if (packed >> 32 == 0) {
    return {static_cast<std::uint8_t>(packed >> 20),
            static_cast<std::uint16_t>((packed >> 10) & 1023),
            static_cast<std::uint16_t>(packed & 1023)};
  }
  return {static_cast<std::uint8_t>(packed >> 32), static_cast<std::uint16_t>(packed >> 16),
          static_cast<std::uint16_t>(packed)};
}

template <typename T>
std::optional<std::int64_t> as_int(const std::optional<T>& value) {
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

template <typename Enum>
std::int64_t number(Enum value) {
  return static_cast<std::int64_t>(value);
}

// Binds parameters in the order of the statement's text.
class Binder {
 public:
  explicit Binder(Statement& statement) : statement_(statement) {}
  Binder& integer(std::int64_t value) {
    statement_.bind(++index_, value);
    return *this;
  }
  Binder& integer(const std::optional<std::int64_t>& value) {
    statement_.bind(++index_, value);
    return *this;
  }
  Binder& text(std::string_view value) {
    statement_.bind_text(++index_, value);
    return *this;
  }
  Binder& maybe_text(const MaybeText& value) {
    statement_.bind_maybe_text(++index_, value);
    return *this;
  }
  Binder& blob_or_null(std::string_view value) {
    value.empty() ? statement_.bind_null(++index_) : statement_.bind_blob(++index_, value);
    return *this;
  }
  int skip(int count) {
    index_ += count;
    return index_ - count + 1;
  }

 private:
  Statement& statement_;
  int index_ = 0;
};

// Reads columns in the order of the statement's text.
class Columns {
 public:
  explicit Columns(const Statement& statement) : statement_(statement) {}
  std::int64_t integer() { return statement_.column_int(index_++); }
  std::optional<std::int64_t> maybe_integer() {
    const bool null = statement_.is_null(index_);
    const auto value = integer();
    return null ? std::nullopt : std::optional(value);
  }
  template <typename T>
  T as() {
    return static_cast<T>(integer());
  }
  template <typename T>
  std::optional<T> maybe_as() {
    const auto value = maybe_integer();
    return value ? std::optional(static_cast<T>(*value)) : std::nullopt;
  }
  std::string text() { return std::string(view()); }
  std::string_view view() { return statement_.column_bytes(index_++); }
  std::optional<std::string> maybe_text() {
    const bool null = statement_.is_null(index_);
    auto value = text();
    return null ? std::nullopt : std::optional(std::move(value));
  }
  std::optional<Time> maybe_time_after(Time start) {
    const auto difference = maybe_integer();
    return difference ? std::optional(plus(start, *difference)) : std::nullopt;
  }
  int skip(int count) {
    index_ += count;
    return index_ - count;
  }

 private:
  const Statement& statement_;
  int index_ = 0;
};

constexpr std::string_view kInsertLeg =
    "INSERT INTO leg(row, leg_id, previous_row, flags, host, mta, instance, queue_id, generation,"
    " opened_at, active_after, closed_after, envelope_sender, message_id, size_bytes,"
    " recipient_count, accepted_after, accepted_reply_code, accepted_reply, accepted_reply_part,"
    " accepted_tls, protocol, method, login, client, client_port, helo, delivery_first,"
    " delivery_count, timeline_first, timeline_count, link_first, link_count, fact_first,"
    " fact_count, lines, subject, uid, user, script, script_dir) VALUES"
    "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,"
    "?26,?27,?28,?29,?30,?31,?32,?33,?34,?35,?36,?37,?38,?39,?40,?41)";
constexpr std::string_view kSelectLeg =
    "SELECT leg_id, flags, host, mta, instance, queue_id, generation,"
    " opened_at, active_after, closed_after, envelope_sender, message_id, size_bytes,"
    " recipient_count, accepted_after, accepted_reply_code, accepted_reply, accepted_reply_part,"
    " accepted_tls, protocol, method, login, client, client_port, helo, delivery_first,"
    " delivery_count, timeline_first, timeline_count, link_first, link_count, fact_first,"
    " fact_count, lines, subject, uid, user, script, script_dir FROM leg WHERE row = ?1";
constexpr std::string_view kInsertDelivery =
    "INSERT INTO delivery VALUES"
    "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)";
constexpr std::string_view kSelectDelivery =
    "SELECT recipient, original_recipient, dsn_original_recipient, outcome, delivered_to,"
    " unknown_because, reason, reply_code, enhanced_status, reply, reply_part, folder, agent,"
    " relay, tls, attempts, first_attempt_after, last_attempt_after, timeline_position"
    " FROM delivery WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kInsertTimeline =
    "INSERT INTO timeline VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)";
constexpr std::string_view kSelectTimeline =
    "SELECT position, at_after, kind, recipient, ordinal, result, reason, reply_code,"
    " enhanced_status, agent, relay, reply, reply_part"
    " FROM timeline WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kInsertLink = "INSERT INTO link VALUES(?1,?2,?3,?4,?5,?6,?7)";
constexpr std::string_view kSelectLink =
    "SELECT kind, direction, claimed_by_peer, queue_id, recipient, at_after"
    " FROM link WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kInsertFact = "INSERT INTO fact VALUES(?1,?2,?3,?4)";
constexpr std::string_view kSelectFact =
    "SELECT source, name, value FROM fact WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kInsertEncounter =
    "INSERT INTO encounter VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)";

// The only attempt is the first and the last one: NULL says so.
constexpr std::int64_t kNoLastAttempt = std::numeric_limits<std::int64_t>::min();

std::optional<std::int64_t> last_attempt_after(const LegRecipient& recipient, Time start) {
  if (recipient.last_attempt_at == recipient.first_attempt_at) return std::nullopt;
  if (!recipient.last_attempt_at) return kNoLastAttempt;
  return after(*recipient.last_attempt_at, start);
}

std::optional<Time> last_attempt_at(std::optional<std::int64_t> stored,
                                    const LegRecipient& recipient, Time start) {
  if (!stored) return recipient.first_attempt_at;
  return *stored == kNoLastAttempt ? std::nullopt : std::optional(plus(start, *stored));
}

std::string_view recipient_of(const TimelineEntry& entry, const LegRecord& leg) {
  const auto index = static_cast<std::size_t>(entry.recipient);
  if (entry.recipient < 0 || index >= leg.recipients.size()) return {};
  return leg.recipients[index].recipient;
}

// The timeline entry that a recipient's own row tells: its last attempt.
TimelineEntry last_attempt(const LegRecipient& recipient, std::int32_t index) {
  TimelineEntry entry;
  entry.at = recipient.last_attempt_at.value_or(Time{});
  entry.kind = TimelineEntry::Kind::attempt;
  entry.recipient = index;
  entry.ordinal = recipient.attempts;
  entry.result = recipient.outcome;
  entry.reason = recipient.reason;
  entry.reply_code = recipient.reply_code;
  entry.enhanced_status = recipient.enhanced_status;
  entry.agent = recipient.agent;
  entry.relay = recipient.relay;
  entry.text = recipient.reply_text;
  return entry;
}

bool tells_the_same(const TimelineEntry& entry, const LegRecipient& recipient) {
  return entry.kind == TimelineEntry::Kind::attempt && recipient.last_attempt_at == entry.at &&
         entry.ordinal == recipient.attempts && entry.result == recipient.outcome &&
         entry.reason == recipient.reason && entry.reply_code == recipient.reply_code &&
         entry.enhanced_status == recipient.enhanced_status && entry.agent == recipient.agent &&
         entry.relay == recipient.relay && entry.text == recipient.reply_text;
}

}  // namespace

std::int64_t micros(Time at) { return at.time_since_epoch().count(); }
Time time_at(std::int64_t micros) { return Time(Duration(micros)); }
Time time_after(std::int64_t start_micros, std::int64_t difference) {
  return time_at(static_cast<std::int64_t>(static_cast<std::uint64_t>(start_micros) +
                                           static_cast<std::uint64_t>(difference)));
}

LegRowWriter::LegRowWriter(Database& database, std::uint64_t seed)
    : database_(database),
      dictionary_(database, seed),
      leg_(database.prepare(kInsertLeg)),
      delivery_(database.prepare(kInsertDelivery)),
      timeline_(database.prepare(kInsertTimeline)),
      link_(database.prepare(kInsertLink)),
      fact_(database.prepare(kInsertFact)),
      encounter_(database.prepare(kInsertEncounter)) {
  forget();
}

void LegRowWriter::forget() {
  dictionary_.forget();
  for (auto* last : {&host_, &instance_, &protocol_, &agent_}) *last = {};
  next_.delivery = database_.query_int("SELECT max(row) FROM delivery").value_or(0) + 1;
  next_.timeline = database_.query_int("SELECT max(row) FROM timeline").value_or(0) + 1;
  next_.link = database_.query_int("SELECT max(row) FROM link").value_or(0) + 1;
  next_.fact = database_.query_int("SELECT max(row) FROM fact").value_or(0) + 1;
}

std::int64_t LegRowWriter::name_id(LastName& last, std::string_view value) {
  if (last.value != value) {
    last.id = dictionary_.name_id(value);
    last.value = value;
  }
  return last.id;
}

void LegRowWriter::bind_reply(Statement& statement, int index, std::string_view text,
                              std::string_view recipient) {
  const auto split = replies_.split(text, recipient);
  if (split.template_text) {
    statement.bind(index, dictionary_.name_id(*split.template_text));
  } else {
    statement.bind_null(index);
  }
  split.part ? statement.bind_text(index + 1, *split.part) : statement.bind_null(index + 1);
}

void LegRowWriter::write(const LegRecord& leg, std::uint32_t row, std::uint32_t previous) {
  const auto start = next_;
  write_recipients(leg);
  write_timeline(leg);
  write_links(leg);
  write_facts(leg);
  lines_.clear();
  append_line_refs(lines_, leg.lines);

  const bool closed_when_active = leg.closed_at == leg.last_activity_at;
  const std::int64_t flags = (leg.accepted ? kAccepted : 0) |
                             (leg.arrival_seen ? kArrivalSeen : 0) |
                             (leg.internal ? kInternal : 0) | (leg.probe ? kProbe : 0) |
                             kLinesMarkSource | (closed_when_active ? kClosedWhenActive : 0);
  // A table of which the leg has no rows is not named by a number that takes bytes.
  const auto range = [](std::int64_t from, std::int64_t until) { return from == until ? 0 : from; };
  const auto& submission = leg.submission;
  Binder binder(leg_);
  binder.integer(row)
      .integer(static_cast<std::int64_t>(leg.id))
      .integer(previous == 0 ? std::nullopt : std::optional<std::int64_t>(previous))
      .integer(flags)
      .integer(name_id(host_, leg.host))
      .integer(number(leg.mta))
      .integer(name_id(instance_, leg.instance))
      .text(leg.queue_id)
      .integer(leg.generation)
      .integer(micros(leg.opened_at))
      .integer(after(leg.last_activity_at, leg.opened_at))
      .integer(closed_when_active ? 0 : after(leg.closed_at, leg.opened_at))
      .maybe_text(leg.envelope_sender)
      .maybe_text(leg.message_id)
      .integer(as_int(leg.size_bytes))
      .integer(as_int(leg.recipient_count))
      .integer(after(leg.accepted_at, leg.opened_at))
      .integer(leg.accepted_reply_code);
  bind_reply(leg_, binder.skip(2), leg.accepted_reply_text, {});
  // 0 is the empty value and NULL the absent one, so the two stay apart.
  binder
      .integer(leg.accepted_tls ? std::optional(dictionary_.name_id(*leg.accepted_tls))
                                : std::nullopt)
      .integer(name_id(protocol_, leg.protocol))
      .integer(number(submission.method))
      .maybe_text(submission.login)
      .integer(dictionary_.endpoint_id(submission.client, false))
      .integer(submission.client.port)
      .maybe_text(submission.helo)
      .integer(range(start.delivery, next_.delivery))
      .integer(next_.delivery - start.delivery)
      .integer(range(start.timeline, next_.timeline))
      .integer(next_.timeline - start.timeline)
      .integer(range(start.link, next_.link))
      .integer(next_.link - start.link)
      .integer(range(start.fact, next_.fact))
      .integer(next_.fact - start.fact)
      .blob_or_null(lines_)
      .maybe_text(leg.subject)
      .integer(as_int(submission.uid))
      .maybe_text(submission.user)
      .maybe_text(submission.script)
      .maybe_text(submission.script_dir);
  leg_.run();
}

void LegRowWriter::write_recipients(const LegRecord& leg) {
  position_of_attempt_.assign(leg.recipients.size(), -1);
  told_by_delivery_.assign(leg.timeline.size(), false);
  for (std::size_t i = 0; i < leg.timeline.size(); ++i) {
    const auto& entry = leg.timeline[i];
    const auto index = static_cast<std::size_t>(entry.recipient);
    if (entry.recipient < 0 || index >= leg.recipients.size()) continue;
    if (position_of_attempt_[index] >= 0 || !tells_the_same(entry, leg.recipients[index])) continue;
    position_of_attempt_[index] = static_cast<std::int64_t>(i);
    told_by_delivery_[i] = true;
  }
  for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
    const auto& one = leg.recipients[i];
    const auto position = position_of_attempt_[i];
    Binder binder(delivery_);
    binder.integer(next_.delivery++)
        .text(one.recipient)
        .maybe_text(one.original_recipient)
        .maybe_text(one.dsn_original_recipient)
        .integer(number(one.outcome))
        .integer(number(one.delivered_to))
        .integer(number(one.unknown_because))
        .integer(number(one.reason))
        .integer(one.reply_code)
        .integer(pack(one.enhanced_status));
    bind_reply(delivery_, binder.skip(2), one.reply_text, one.recipient);
    binder.integer(dictionary_.name_id(one.folder))
        .integer(name_id(agent_, one.agent))
        .integer(dictionary_.endpoint_id(one.relay, true))
        .integer(one.tls ? std::optional(dictionary_.name_id(*one.tls)) : std::nullopt)
        .integer(one.attempts)
        .integer(after(one.first_attempt_at, leg.opened_at))
        .integer(last_attempt_after(one, leg.opened_at))
        .integer(position < 0 ? std::nullopt : std::optional(position));
    delivery_.run();
  }
}

void LegRowWriter::write_timeline(const LegRecord& leg) {
  for (std::size_t i = 0; i < leg.timeline.size(); ++i) {
    if (told_by_delivery_[i]) continue;
    const auto& entry = leg.timeline[i];
    Binder binder(timeline_);
    binder.integer(next_.timeline++)
        .integer(static_cast<std::int64_t>(i))
        .integer(after(entry.at, leg.opened_at))
        .integer(number(entry.kind))
        .integer(entry.recipient)
        .integer(entry.ordinal)
        .integer(number(entry.result))
        .integer(number(entry.reason))
        .integer(entry.reply_code)
        .integer(pack(entry.enhanced_status))
        .integer(name_id(agent_, entry.agent))
        .integer(dictionary_.endpoint_id(entry.relay, true));
    bind_reply(timeline_, binder.skip(2), entry.text, recipient_of(entry, leg));
    timeline_.run();
  }
}

void LegRowWriter::write_links(const LegRecord& leg) {
  for (const auto& link : leg.links) {
    Binder(link_)
        .integer(next_.link++)
        .integer(number(link.kind))
        .integer(number(link.direction))
        .integer(link.claimed_by_peer ? 1 : 0)
        .text(link.queue_id)
        .integer(link.recipient)
        .integer(after(link.at, leg.opened_at));
    link_.run();
  }
}

void LegRowWriter::write_facts(const LegRecord& leg) {
  for (const auto& fact : leg.facts) {
    Binder(fact_)
        .integer(next_.fact++)
        .integer(dictionary_.name_id(fact.source))
        .integer(dictionary_.name_id(fact.name))
        .text(fact.value);
    fact_.run();
  }
}

void LegRowWriter::write_encounter(const Encounter& encounter) {
  Binder(encounter_)
      .integer(number(encounter.kind))
      .integer(micros(encounter.at))
      .integer(dictionary_.name_id(encounter.host))
      .integer(dictionary_.endpoint_id(encounter.client, false))
      .integer(encounter.client.port)
      .text(encounter.login)
      .text(encounter.text)
      .integer(encounter.line.source)
      .integer(static_cast<std::int64_t>(encounter.line.offset))
      .integer(encounter.line.length);
  encounter_.run();
}

LegRowReader::LegRowReader(Database& database)
    : dictionary_(database),
      leg_(database.prepare(kSelectLeg)),
      delivery_(database.prepare(kSelectDelivery)),
      timeline_(database.prepare(kSelectTimeline)),
      link_(database.prepare(kSelectLink)),
      fact_(database.prepare(kSelectFact)) {}

LinePacking line_packing(std::int64_t flags) {
  return (flags & kLinesMarkSource) != 0 ? LinePacking::marked_source : LinePacking::three_numbers;
}

std::string LegRowReader::reply_text(const Statement& statement, int column,
                                     std::string_view recipient) {
  std::optional<std::string> template_text;
  std::optional<std::string_view> part;
  if (!statement.is_null(column)) template_text = dictionary_.name(statement.column_int(column));
  if (!statement.is_null(column + 1)) part = statement.column_bytes(column + 1);
  return join_reply(template_text, part, recipient);
}

bool LegRowReader::load(std::uint32_t row, Depth depth, LegRecord& leg) {
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
  if (depth == Depth::whole)
    take_line_refs(columns.view(), line_packing(flags), leg.lines);
  else
    columns.skip(1);
  leg.subject = columns.maybe_text();
  submission.uid = columns.maybe_as<std::uint32_t>();
  submission.user = columns.maybe_text();
  submission.script = columns.maybe_text();
  submission.script_dir = columns.maybe_text();
  leg_.reset();

  load_recipients(ranges[0], ranges[1], leg);
  if (depth == Depth::whole) load_timeline(ranges[2], ranges[3], leg);
  load_links(ranges[4], ranges[5], leg);
  load_facts(ranges[6], ranges[7], leg);
  return true;
}

void LegRowReader::load_recipients(std::int64_t first, std::int64_t count, LegRecord& leg) {
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

void LegRowReader::load_timeline(std::int64_t first, std::int64_t count, LegRecord& leg) {
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

void LegRowReader::load_links(std::int64_t first, std::int64_t count, LegRecord& leg) {
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

void LegRowReader::load_facts(std::int64_t first, std::int64_t count, LegRecord& leg) {
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
