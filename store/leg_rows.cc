#include "store/leg_rows.h"

#include <algorithm>
#include <utility>

#include "core/seeded_hash.h"
#include "store/hash_key.h"
#include "store/leg_flags.h"
#include "store/old_leg_rows.h"
#include "store/packed_leg.h"
#include "store/packed_text.h"
#include "store/row_columns.h"
#include "store/told_attempt.h"

namespace rastro {
namespace {

std::int64_t after(Time at, Time start) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(micros(at)) -
                                   static_cast<std::uint64_t>(micros(start)));
}

std::optional<std::int64_t> after(const std::optional<Time>& at, Time start) {
  return at ? std::optional(after(*at, start)) : std::nullopt;
}

// With which its id begins (core/journey.h), so that `opened_after` is small.
Time second_of_id(std::uint64_t leg_id) {
  return time_at(static_cast<std::int64_t>(leg_id >> 32) * 1'000'000);
}

void append_text(std::string& out, const MaybeText& text) {
  append_varint(out, text ? text->size() + 1 : 0);
  if (text) out += *text;
}

Time plus(Time start, std::int64_t difference) { return time_after(micros(start), difference); }

template <typename Enum>
std::uint64_t number(Enum value) {
  return static_cast<std::uint64_t>(value);
}

std::int64_t flag_of_mta(Mta mta) {
  return mta == Mta::postfix ? kLegOfPostfix
                             : static_cast<std::int64_t>(number(mta) << kLegMtaShift);
}

void bind_packed(Statement& statement, int index, std::string_view text, std::string& buffer) {
  if (pack_text(text, buffer)) {
    statement.bind_blob(index, buffer);
  } else {
    statement.bind_text(index, text);
  }
}

// Binds parameters in the order of the statement's text.
class Binder {
 public:
  explicit Binder(Statement& statement) : statement_(statement) {}
  Binder& integer(std::int64_t value) {
    statement_.bind(++index_, value);
    return *this;
  }
  Binder& integer_or_null(std::int64_t value) {
    ++index_;
    value != 0 ? statement_.bind(index_, value) : statement_.bind_null(index_);
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
  // `buffer` has to live as long as what is bound.
  Binder& packed(std::string_view value, std::string& buffer) {
    bind_packed(statement_, ++index_, value, buffer);
    return *this;
  }
  // By the row of `name` that has it, when it came before.
  Binder& address(DictionaryWriter& dictionary, std::string_view value) {
    const auto id = dictionary.repeated_name_id(value);
    return id != 0 ? integer(id) : text(value);
  }
  Binder& maybe_address(DictionaryWriter& dictionary, const MaybeText& value) {
    return value ? address(dictionary, *value) : nulls(1);
  }
  Binder& blob(std::string_view value) {
    statement_.bind_blob(++index_, value);
    return *this;
  }
  Binder& nulls(int count) {
    while (count-- > 0) statement_.bind_null(++index_);
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

constexpr std::string_view kInsertLeg =
    "INSERT INTO leg VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
    "?20,?21,?22,?23,?24)";
constexpr std::string_view kSelectHeader =
    "SELECT leg_id, header_row, host, client, envelope_sender, login, more FROM leg WHERE row = ?1";
constexpr std::string_view kInsertDelivery = "INSERT INTO delivery VALUES(?1,?2,?3,?4,?5,?6,?7)";
constexpr std::string_view kSelectDelivery =
    "SELECT recipient, result, relay, reply, reply_part, more FROM delivery"
    " WHERE row >= ?1 AND row < ?1 + ?2";
constexpr std::string_view kInsertEncounter =
    "INSERT INTO encounter VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)";

void take_header(const PackedHeader& header, DictionaryReader& dictionary, LegRowDepth depth,
                 LegRecord& leg) {
  using F = HeaderField;
  if (header.has(F::size_bytes)) leg.size_bytes = header.number(F::size_bytes);
  auto& submission = leg.submission;
  submission.method = header.as<SubmissionMethod>(F::method);
  if (header.has(F::uid)) submission.uid = header.as<std::uint32_t>(F::uid);
  if (depth == LegRowDepth::figures) return;
  const auto name = [&](unsigned field) -> const std::string& {
    return dictionary.name(header.as<std::int64_t>(field));
  };
  const auto maybe_text = [&](unsigned field, MaybeText& out) {
    if (header.has(field)) out = header.text(field);
  };
  leg.protocol = name(F::protocol);
  leg.instance = name(F::instance);
  if (header.has(F::recipient_count))
    leg.recipient_count = header.as<std::uint32_t>(F::recipient_count);
  if (header.has(F::accepted_after))
    leg.accepted_at = plus(leg.opened_at, header.difference(F::accepted_after));
  if (header.has(F::accepted_tls)) leg.accepted_tls = name(F::accepted_tls);
  maybe_text(F::helo, submission.helo);
  if (header.has(F::helo_of_client)) submission.helo = submission.client.host;
  submission.client.port = header.as<std::uint16_t>(F::client_port);
  leg.accepted_reply_code = header.as<std::uint16_t>(F::accepted_reply_code);
  std::optional<std::string> words;
  std::optional<std::string_view> part;
  if (header.has(F::accepted_reply)) words = name(F::accepted_reply);
  if (header.has(F::accepted_reply_part)) part = header.text(F::accepted_reply_part);
  leg.accepted_reply_text = join_reply(words, part, {}, nullptr);
  leg.generation = header.as<std::uint32_t>(F::generation);
  maybe_text(F::subject, leg.subject);
  maybe_text(F::user, submission.user);
  maybe_text(F::script, submission.script);
  maybe_text(F::script_dir, submission.script_dir);
}

// `columns` stands at the result: result, relay, reply, reply_part.
void take_flags(std::int64_t flags, LegRecord& leg) {
  leg.accepted = (flags & kLegAccepted) != 0;
  leg.arrival_seen = (flags & kLegArrivalSeen) != 0;
  leg.internal = (flags & kLegInternal) != 0;
  leg.probe = (flags & kLegProbe) != 0;
  leg.mta = (flags & kLegOfPostfix) != 0 ? Mta::postfix : static_cast<Mta>(flags >> kLegMtaShift);
}

// False: damaged.
bool take_recipient(Columns& columns, const Statement& row, const PackedRecipient& more,
                    DictionaryReader& dictionary, LegRowDepth depth, bool relay_marked,
                    const LegRecord& leg, LegRecipient& one) {
  using F = RecipientField;
  const auto name = [&](unsigned field) -> const std::string& {
    return dictionary.name(more.as<std::int64_t>(field));
  };
  const auto result = unpack_result(columns.integer());
  one.outcome = result.outcome;
  one.reply_code = result.reply_code;
  one.reason = result.reason;
  const int relay = columns.skip(1);
  const int reply = columns.skip(2);
  if (depth == LegRowDepth::figures) return true;
  one.relay = dictionary.endpoint(row.column_int(relay));
  std::optional<std::string> words;
  std::optional<std::string> part;
  if (!row.is_null(reply)) words = dictionary.name(row.column_int(reply));
  if (!row.is_null(reply + 1)) {
    part = packed_column(row, reply + 1);
    if (!part) return false;
  }
  one.reply_text = join_reply(words, part, one.recipient, relay_marked ? &one.relay : nullptr);

  one.delivered_to = more.as<DeliveredTo>(F::delivered_to);
  if (more.has(F::enhanced_status))
    one.enhanced_status = unpack_status(more.number(F::enhanced_status));
  one.agent = name(F::agent);
  one.attempts = more.has(F::one_attempt) ? 1 : more.as<std::uint32_t>(F::attempts);
  if (more.has(F::last_attempt))
    one.last_attempt_at = plus(leg.last_activity_at, more.difference(F::last_attempt));
  if (more.has(F::first_attempt_after)) {
    one.first_attempt_at = plus(leg.opened_at, more.difference(F::first_attempt_after));
  } else if (!more.has(F::no_first_attempt)) {
    one.first_attempt_at = one.last_attempt_at;
  }
  if (more.has(F::tls)) one.tls = name(F::tls);
  if (more.has(F::original_recipient)) one.original_recipient = more.text(F::original_recipient);
  if (more.has(F::dsn_original_recipient))
    one.dsn_original_recipient = more.text(F::dsn_original_recipient);
  one.folder = name(F::folder);
  one.unknown_because = more.as<UnknownBecause>(F::unknown_because);
  return true;
}

TimelineEntry timeline_entry(const PackedTimelineEntry& fields, DictionaryReader& dictionary,
                             bool relay_marked, const LegRecord& leg) {
  using F = TimelineField;
  TimelineEntry entry;
  entry.at = plus(leg.opened_at, fields.difference(F::at_after));
  entry.kind = fields.as<TimelineEntry::Kind>(F::kind);
  if (fields.has(F::recipient))
    entry.recipient = static_cast<std::int32_t>(fields.difference(F::recipient));
  entry.ordinal = fields.as<std::uint32_t>(F::ordinal);
  entry.result = fields.as<Outcome>(F::result);
  entry.reason = fields.as<Reason>(F::reason);
  entry.reply_code = fields.as<std::uint16_t>(F::reply_code);
  if (fields.has(F::enhanced_status))
    entry.enhanced_status = unpack_status(fields.number(F::enhanced_status));
  entry.agent = dictionary.name(fields.as<std::int64_t>(F::agent));
  entry.relay = dictionary.endpoint(fields.as<std::int64_t>(F::relay));
  std::optional<std::string> words;
  std::optional<std::string_view> part;
  if (fields.has(F::reply)) words = dictionary.name(fields.as<std::int64_t>(F::reply));
  if (fields.has(F::reply_part)) part = fields.text(F::reply_part);
  entry.text =
      join_reply(words, part, recipient_of(entry, leg), relay_marked ? &entry.relay : nullptr);
  return entry;
}

LegLink link_of(const PackedLink& fields, const std::string& queue_id, const LegRecord& leg) {
  using F = LinkField;
  LegLink link;
  link.kind = fields.as<LegLink::Kind>(F::kind);
  link.direction = fields.has(F::is_child) ? LegLink::Direction::child : LegLink::Direction::parent;
  link.claimed_by_peer = fields.has(F::claimed_by_peer);
  link.queue_id = queue_id;
  if (fields.has(F::recipient))
    link.recipient = static_cast<std::int32_t>(fields.difference(F::recipient));
  link.at = plus(leg.opened_at, fields.difference(F::at_after));
  return link;
}

}  // namespace

std::int64_t micros(Time at) { return at.time_since_epoch().count(); }
Time time_at(std::int64_t micros) { return Time(Duration(micros)); }
std::optional<std::int64_t> maybe_micros(const std::optional<Time>& at) {
  return at ? std::optional(micros(*at)) : std::nullopt;
}
std::optional<Time> maybe_time(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(time_at(row.column_int(column)));
}
Time time_after(std::int64_t start_micros, std::int64_t difference) {
  return time_at(static_cast<std::int64_t>(static_cast<std::uint64_t>(start_micros) +
                                           static_cast<std::uint64_t>(difference)));
}

LegRowWriter::LegRowWriter(Database& database, std::uint64_t seed)
    : database_(database),
      seed_(seed),
      dictionary_(database, seed),
      leg_(database.prepare(kInsertLeg)),
      delivery_(database.prepare(kInsertDelivery)),
      encounter_(database.prepare(kInsertEncounter)) {
  forget();
}

void LegRowWriter::forget() {
  dictionary_.forget();
  for (auto* last : {&host_, &instance_, &protocol_, &agent_}) *last = {};
  next_delivery_ = database_.query_int("SELECT max(row) FROM delivery").value_or(0) + 1;
}

std::uint64_t LegRowWriter::name_number(LastName& last, std::string_view value) {
  if (last.value != value) {
    last.id = dictionary_.name_id(value);
    last.value = value;
  }
  return static_cast<std::uint64_t>(last.id);
}

// Into header_.
LegRowWriter::HeaderIds LegRowWriter::pack_header(const LegRecord& leg) {
  using F = HeaderField;
  const auto& submission = leg.submission;
  const auto maybe_text = [this](unsigned field, const MaybeText& text) {
    if (text) packer_.text(field, *text);
  };
  packer_.number_unless_0(F::protocol, name_number(protocol_, leg.protocol));
  packer_.number_unless_0(F::instance, name_number(instance_, leg.instance));
  if (leg.recipient_count) packer_.number(F::recipient_count, *leg.recipient_count);
  if (leg.accepted_at)
    packer_.difference(F::accepted_after, after(*leg.accepted_at, leg.opened_at));
  if (leg.size_bytes) packer_.number(F::size_bytes, *leg.size_bytes);
  packer_.number_unless_0(F::method, number(submission.method));
  if (leg.accepted_tls) packer_.number(F::accepted_tls, name_number(*leg.accepted_tls));
  const bool helo_of_client = submission.helo && submission.helo == submission.client.host;
  if (!helo_of_client) maybe_text(F::helo, submission.helo);
  packer_.number_unless_0(F::client_port, submission.client.port);
  packer_.number_unless_0(F::accepted_reply_code, leg.accepted_reply_code);
  const auto reply = replies_.split(leg.accepted_reply_text, {}, {});
  if (reply.template_text) packer_.number(F::accepted_reply, name_number(*reply.template_text));
  if (reply.part) packer_.text(F::accepted_reply_part, *reply.part);
  packer_.number_unless_0(F::generation, leg.generation);
  maybe_text(F::subject, leg.subject);
  if (submission.uid) packer_.number(F::uid, *submission.uid);
  maybe_text(F::user, submission.user);
  maybe_text(F::script, submission.script);
  maybe_text(F::script_dir, submission.script_dir);
  packer_.mark_if(F::helo_of_client, helo_of_client);
  header_.clear();
  packer_.finish(header_);
  return {static_cast<std::int64_t>(name_number(host_, leg.host)),
          dictionary_.endpoint_id(submission.client, false)};
}

std::uint64_t LegRowWriter::hash_header(const LegRecord& leg, const HeaderIds& ids) {
  // Whoever sends mail chooses these bytes, and two headers with one hash would be told as one.
  auto& all = to_hash_;
  all.clear();
  append_varint(all, static_cast<std::uint64_t>(ids.host));
  append_varint(all, static_cast<std::uint64_t>(ids.client));
  for (const auto* text : {&leg.envelope_sender, &leg.submission.login}) append_text(all, *text);
  all += header_;
  return sip_hash({seed_, ~seed_}, all);
}

// The queue id of a leg never changes.
std::uint64_t LegRowWriter::hash_names(const LegRecord& leg) {
  to_hash_.clear();
  append_text(to_hash_, leg.message_id);
  return sip_hash({seed_, ~seed_}, to_hash_);
}

LegRowWriter::LeftTo LegRowWriter::leave_to(HeaderPlace& before, const LegRecord& leg,
                                            const HeaderIds& ids, std::uint32_t row) {
  LeftTo left;
  const auto hash = hash_header(leg, ids);
  if (before.row != 0 && before.hash == hash) {
    left.header = before.row;
  } else {
    before.row = row;
    before.hash = hash;
  }
  const auto names_hash = hash_names(leg);
  if (before.named_row != 0 && before.names_hash == names_hash) {
    left.names = before.named_row;
  } else {
    before.named_row = row;
    before.names_hash = names_hash;
  }
  return left;
}

// The part from the last @ on, mostly a host, by 0 when it is the client's, and by its row of
// `name` when it came before. `client_host`: that of the row's own header.
void LegRowWriter::bind_message_id(int index, std::string_view message_id,
                                   std::string_view client_host) {
  const auto at = message_id.rfind('@');
  std::optional<std::int64_t> row;
  if (at != std::string_view::npos) {
    const auto end = message_id.substr(at);
    if (!client_host.empty() && end.size() == client_host.size() + 2 && end.back() == '>' &&
        end.substr(1, client_host.size()) == client_host) {
      row = 0;
    } else if (const auto named = dictionary_.repeated_name_id(end); named != 0) {
      row = named;
    }
  }
  bind_packed(leg_, index, row ? message_id.substr(0, at) : message_id, packed_message_id_);
  leg_.bind(index + 1, row);
}

void LegRowWriter::write(const LegRecord& leg, std::uint32_t row, std::uint32_t previous,
                         HeaderPlace* header) {
  const auto ids = pack_header(leg);
  const auto left = header != nullptr ? leave_to(*header, leg, ids, row) : LeftTo{};
  const bool own_header = left.header == 0;
  more_.clear();
  if (own_header) more_ += header_;
  find_told_attempts(leg);
  if (!leg.recipients.empty()) pack_recipient(leg, 0, more_);
  pack_lists(leg);
  append_line_refs(more_, leg.lines);
  const auto further = leg.recipients.size() > 1 ? leg.recipients.size() - 1 : 0;
  const auto delivery_first = further != 0 ? next_delivery_ : 0;
  write_further_recipients(leg);

  const bool closed_when_active = leg.closed_at == leg.last_activity_at;
  const std::int64_t flags =
      (leg.accepted ? kLegAccepted : 0) | (leg.arrival_seen ? kLegArrivalSeen : 0) |
      (leg.internal ? kLegInternal : 0) | (leg.probe ? kLegProbe : 0) |
      (closed_when_active ? kLegClosedWhenActive : 0) |
      (is_open(leg) && !names_all_recipients(leg) ? kLegUntold : 0) | flag_of_mta(leg.mta);
  Binder binder(leg_);
  binder.integer(row)
      .integer(static_cast<std::int64_t>(leg.id))
      .integer_or_null(previous)
      .integer_or_null(left.header)
      .integer_or_null(left.names != left.header ? left.names : 0)
      .integer(flags)
      .integer(after(leg.opened_at, second_of_id(leg.id)))
      .integer(after(leg.last_activity_at, leg.opened_at))
      .integer(closed_when_active ? 0 : after(leg.closed_at, leg.opened_at));
  left.names == 0 ? binder.packed(leg.queue_id, packed_queue_id_) : binder.nulls(1);
  if (own_header) {
    binder.integer(ids.host)
        .integer(ids.client)
        .maybe_address(dictionary_, leg.envelope_sender)
        .maybe_address(dictionary_, leg.submission.login);
  } else {
    binder.nulls(4);
  }
  if (left.names == 0 && leg.message_id) {
    bind_message_id(binder.skip(2), *leg.message_id,
                    own_header ? std::string_view(leg.submission.client.host) : std::string_view());
  } else {
    binder.nulls(2);
  }
  if (leg.recipients.empty()) {
    binder.nulls(5);
  } else {
    binder.address(dictionary_, leg.recipients.front().recipient);
    bind_result(leg_, binder.skip(4), leg.recipients.front());
  }
  binder.integer_or_null(delivery_first)
      .integer_or_null(static_cast<std::int64_t>(further))
      .blob(more_);
  leg_.run();
}

// Binds result, relay, reply and reply_part. The statement must run before the next one is split.
void LegRowWriter::bind_result(Statement& statement, int index, const LegRecipient& recipient) {
  statement.bind(index, pack_result({recipient.outcome, recipient.reply_code, recipient.reason}));
  const auto relay = dictionary_.endpoint_id(recipient.relay, true);
  relay != 0 ? statement.bind(index + 1, relay) : statement.bind_null(index + 1);
  const auto split = replies_.split(recipient.reply_text, recipient.recipient, recipient.relay);
  if (split.template_text) {
    statement.bind(index + 2, dictionary_.name_id(*split.template_text));
  } else {
    statement.bind_null(index + 2);
  }
  if (split.part) {
    bind_packed(statement, index + 3, *split.part, packed_part_);
  } else {
    statement.bind_null(index + 3);
  }
}

void LegRowWriter::find_told_attempts(const LegRecord& leg) {
  position_of_attempt_.assign(leg.recipients.size(), -1);
  told_by_recipient_.assign(leg.timeline.size(), false);
  told_ = 0;
  for (std::size_t i = 0; i < leg.timeline.size(); ++i) {
    const auto& entry = leg.timeline[i];
    const auto index = static_cast<std::size_t>(entry.recipient);
    if (entry.recipient < 0 || index >= leg.recipients.size()) continue;
    if (position_of_attempt_[index] >= 0 || !tells_the_same(entry, leg.recipients[index])) continue;
    position_of_attempt_[index] = static_cast<std::int64_t>(i);
    told_by_recipient_[i] = true;
    ++told_;
  }
}

void LegRowWriter::pack_recipient(const LegRecord& leg, std::size_t index, std::string& out) {
  using F = RecipientField;
  const auto& one = leg.recipients[index];
  packer_.number_unless_0(F::delivered_to, number(one.delivered_to));
  if (one.enhanced_status) packer_.number(F::enhanced_status, pack_status(*one.enhanced_status));
  packer_.number_unless_0(F::agent, name_number(agent_, one.agent));
  packer_.mark_if(F::one_attempt, one.attempts == 1);
  if (one.last_attempt_at)
    packer_.difference(F::last_attempt, after(*one.last_attempt_at, leg.last_activity_at));
  if (one.attempts > 1) packer_.number(F::attempts, one.attempts);
  if (one.first_attempt_at && one.first_attempt_at != one.last_attempt_at)
    packer_.difference(F::first_attempt_after, after(*one.first_attempt_at, leg.opened_at));
  packer_.mark_if(F::no_first_attempt, one.last_attempt_at && !one.first_attempt_at);
  if (position_of_attempt_[index] >= 0)
    packer_.number(F::timeline_position, static_cast<std::uint64_t>(position_of_attempt_[index]));
  if (one.tls) packer_.number(F::tls, name_number(*one.tls));
  if (one.original_recipient) packer_.text(F::original_recipient, *one.original_recipient);
  if (one.dsn_original_recipient)
    packer_.text(F::dsn_original_recipient, *one.dsn_original_recipient);
  packer_.number_unless_0(F::folder, name_number(one.folder));
  packer_.number_unless_0(F::unknown_because, number(one.unknown_because));
  packer_.finish(out);
}

void LegRowWriter::write_further_recipients(const LegRecord& leg) {
  for (std::size_t i = 1; i < leg.recipients.size(); ++i) {
    more_of_recipient_.clear();
    pack_recipient(leg, i, more_of_recipient_);
    Binder binder(delivery_);
    binder.integer(next_delivery_++).address(dictionary_, leg.recipients[i].recipient);
    bind_result(delivery_, binder.skip(4), leg.recipients[i]);
    binder.blob(more_of_recipient_);
    delivery_.run();
  }
}

void LegRowWriter::pack_lists(const LegRecord& leg) {
  const auto entries = leg.timeline.size() - told_;
  append_varint(more_, (entries != 0 ? list_bit(PackedList::timeline) : 0) |
                           (leg.links.empty() ? 0 : list_bit(PackedList::links)) |
                           (leg.facts.empty() ? 0 : list_bit(PackedList::facts)));
  if (entries != 0) pack_timeline(leg, entries);
  if (!leg.links.empty()) pack_links(leg);
  if (!leg.facts.empty()) pack_facts(leg);
}

void LegRowWriter::pack_timeline(const LegRecord& leg, std::size_t count) {
  using F = TimelineField;
  append_varint(more_, count);
  for (std::size_t i = 0; i < leg.timeline.size(); ++i) {
    if (told_by_recipient_[i]) continue;
    const auto& entry = leg.timeline[i];
    packer_.number_unless_0(F::position, i);
    packer_.difference(F::at_after, after(entry.at, leg.opened_at));
    packer_.number_unless_0(F::kind, number(entry.kind));
    if (entry.recipient != -1) packer_.difference(F::recipient, entry.recipient);
    packer_.number_unless_0(F::ordinal, entry.ordinal);
    packer_.number_unless_0(F::result, number(entry.result));
    packer_.number_unless_0(F::reason, number(entry.reason));
    packer_.number_unless_0(F::reply_code, entry.reply_code);
    if (entry.enhanced_status)
      packer_.number(F::enhanced_status, pack_status(*entry.enhanced_status));
    packer_.number_unless_0(F::agent, name_number(agent_, entry.agent));
    packer_.number_unless_0(F::relay,
                            static_cast<std::uint64_t>(dictionary_.endpoint_id(entry.relay, true)));
    const auto split = replies_.split(entry.text, recipient_of(entry, leg), entry.relay);
    if (split.template_text) packer_.number(F::reply, name_number(*split.template_text));
    if (split.part) packer_.text(F::reply_part, *split.part);
    packer_.finish(more_);
  }
}

void LegRowWriter::pack_links(const LegRecord& leg) {
  using F = LinkField;
  append_varint(more_, leg.links.size());
  const std::string* before = nullptr;
  for (const auto& link : leg.links) {
    packer_.number_unless_0(F::kind, number(link.kind));
    packer_.mark_if(F::is_child, link.direction == LegLink::Direction::child);
    packer_.mark_if(F::claimed_by_peer, link.claimed_by_peer);
    const bool same = before != nullptr && *before == link.queue_id;
    const bool packed = !same && pack_text(link.queue_id, packed_queue_id_);
    before = &link.queue_id;
    if (!same && !packed) packer_.text(F::queue_id, link.queue_id);
    if (link.recipient != -1) packer_.difference(F::recipient, link.recipient);
    packer_.difference(F::at_after, after(link.at, leg.opened_at));
    packer_.mark_if(F::same_queue_id, same);
    if (packed) packer_.text(F::packed_queue_id, packed_queue_id_);
    packer_.finish(more_);
  }
}

void LegRowWriter::pack_facts(const LegRecord& leg) {
  using F = FactField;
  append_varint(more_, leg.facts.size());
  for (const auto& fact : leg.facts) {
    packer_.number_unless_0(F::source, name_number(fact.source));
    packer_.number_unless_0(F::name, name_number(fact.name));
    packer_.text(F::value, fact.value);
    packer_.finish(more_);
  }
}

void LegRowWriter::write_encounter(const Encounter& encounter) {
  Binder(encounter_)
      .integer(static_cast<std::int64_t>(encounter.kind))
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
    : database_(database),
      dictionary_(database),
      layout_(row_layout(database)),
      names_(database, layout_, dictionary_) {
  if (layout_ == RowLayout::plain) {
    old_ = std::make_unique<OldLegRowReader>(database, dictionary_);
    return;
  }
  leg_ = database.prepare(
      "SELECT leg_id, header_row, flags, opened_at, active_after, closed_after, host, client,"
      " envelope_sender, login, " +
      std::string(names_.columns()) +
      ", recipient, result, relay, reply, reply_part, delivery_first, delivery_count, more FROM leg"
      " WHERE row = ?1");
  header_ = database.prepare(kSelectHeader);
  delivery_ = database.prepare(kSelectDelivery);
}

LegRowReader::~LegRowReader() = default;

bool LegRowReader::load(std::uint32_t row, Depth depth, LegRecord& leg) {
  if (old_) return old_->load(row, depth, leg);
  leg = LegRecord{};
  leg_.bind(1, std::int64_t{row});
  const bool found = leg_.step();
  const bool sound = found && take_leg(depth, leg);
  leg_.reset();
  if (found && !sound) database_.report_damage("row " + std::to_string(row) + " of leg");
  return sound;
}

bool LegRowReader::take_leg(Depth depth, LegRecord& leg) {
  Columns columns(leg_);
  leg.id = columns.as<std::uint64_t>();
  const auto header_row = columns.maybe_integer();
  const auto flags = columns.integer();
  take_flags(flags, leg);
  leg.opened_at = time_at(columns.integer());
  leg.last_activity_at = plus(leg.opened_at, columns.integer());
  leg.closed_at = columns.maybe_time_after(leg.opened_at);
  if ((flags & kLegClosedWhenActive) != 0) leg.closed_at = leg.last_activity_at;
  if (!header_row) {
    leg.host = dictionary_.name(columns.integer());
    leg.submission.client = dictionary_.endpoint(columns.integer());
    leg.envelope_sender = dictionary_.address(leg_, columns.skip(1));
    leg.submission.login = dictionary_.address(leg_, columns.skip(1));
  } else {
    columns.skip(4);
    if (!load_header(*header_row, depth, leg)) return false;
  }
  const int names = columns.skip(LegNamesReader::kColumnCount);
  if (!names_.read(leg_, names, leg.id, leg.queue_id, leg.message_id)) return false;
  const auto recipient = columns.skip(1);
  const bool has_recipient = !leg_.is_null(recipient);
  auto more = leg_.column_bytes(leg_.column_count() - 1);
  PackedLegStart start;
  if (!start.take(more, !header_row, has_recipient)) return false;
  if (!header_row) take_header(start.header, dictionary_, depth, leg);
  const bool whole = depth == Depth::whole;
  entries_.clear();
  if (has_recipient) {
    auto& one = leg.recipients.emplace_back();
    one.recipient = dictionary_.address(leg_, recipient).value_or("");
    if (!take_recipient(columns, leg_, start.recipient, dictionary_, depth,
                        layout_ >= RowLayout::shared, leg, one)) {
      return false;
    }
    if (whole && start.recipient.has(RecipientField::timeline_position)) {
      entries_.emplace_back(start.recipient.as<std::int64_t>(RecipientField::timeline_position),
                            last_attempt(one, 0));
    }
  } else {
    columns.skip(4);
  }
  const auto first = columns.integer();
  if (!load_further_recipients(first, columns.integer(), depth, leg)) return false;
  LinkQueueIds link_ids;
  bool sound = take_lists(
      more,
      [&](const PackedTimelineEntry& fields) {
        if (!whole) return;
        entries_.emplace_back(
            fields.as<std::int64_t>(TimelineField::position),
            timeline_entry(fields, dictionary_, layout_ >= RowLayout::shared, leg));
      },
      [&](const PackedLink& fields) {
        leg.links.push_back(link_of(fields, link_ids.next(fields), leg));
      },
      [&](const PackedFact& fields) {
        if (depth == Depth::figures) return;
        leg.facts.push_back({dictionary_.name(fields.as<std::int64_t>(FactField::source)),
                             dictionary_.name(fields.as<std::int64_t>(FactField::name)),
                             std::string(fields.text(FactField::value))});
      });
  sound = sound && link_ids.sound();
  if (!sound || !whole) return sound;
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, entry] : entries_) leg.timeline.push_back(std::move(entry));
  return take_line_refs(more, line_packing(layout_), leg.lines);
}

// Of the version that this one leaves its header to.
bool LegRowReader::load_header(std::int64_t row, Depth depth, LegRecord& leg) {
  header_.bind(1, row);
  bool sound = false;
  if (header_.step()) {
    Columns columns(header_);
    const auto leg_id = columns.as<std::uint64_t>();
    const bool own_header = !columns.maybe_integer();
    leg.host = dictionary_.name(columns.integer());
    leg.submission.client = dictionary_.endpoint(columns.integer());
    leg.envelope_sender = dictionary_.address(header_, columns.skip(1));
    leg.submission.login = dictionary_.address(header_, columns.skip(1));
    auto more = columns.view();
    PackedLegStart start;
    sound = leg_id == leg.id && own_header && start.take(more, true, false);
    if (sound) take_header(start.header, dictionary_, depth, leg);
  }
  header_.reset();
  return sound;
}

bool LegRowReader::load_further_recipients(std::int64_t first, std::int64_t count, Depth depth,
                                           LegRecord& leg) {
  if (count == 0) return true;
  bool sound = true;
  delivery_.bind(1, first).bind(2, count);
  while (sound && delivery_.step()) {
    Columns columns(delivery_);
    const auto index = static_cast<std::int32_t>(leg.recipients.size());
    auto& one = leg.recipients.emplace_back();
    one.recipient = dictionary_.address(delivery_, columns.skip(1)).value_or("");
    auto more = delivery_.column_bytes(delivery_.column_count() - 1);
    PackedRecipient fields;
    sound = fields.take(more, kRecipientFields) && more.empty();
    if (!sound) break;
    sound = take_recipient(columns, delivery_, fields, dictionary_, depth,
                           layout_ >= RowLayout::shared, leg, one);
    if (!sound) break;
    if (depth == Depth::whole && fields.has(RecipientField::timeline_position)) {
      entries_.emplace_back(fields.as<std::int64_t>(RecipientField::timeline_position),
                            last_attempt(one, index));
    }
  }
  delivery_.reset();
  return sound;
}

}  // namespace rastro
