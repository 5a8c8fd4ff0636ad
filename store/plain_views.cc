#include "store/plain_views.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "core/journey.h"
#include "store/packed_leg.h"
#include "store/packed_text.h"

namespace rastro {
namespace {

// "CASE column WHEN 0 THEN 'queued' ... END": the numbers of the rows spelled out for a person.
template <typename Enum>
std::string spelled(const std::string& column, std::string_view (*name_of)(Enum), Enum last) {
  std::string sql = "CASE " + column;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    sql += " WHEN " + std::to_string(i) + " THEN '";
    sql += name_of(static_cast<Enum>(i));
    sql += "'";
  }
  return sql + " END";
}

std::string stamp(const std::string& micros) {
  return "strftime('%Y-%m-%dT%H:%M:%S', (" + micros + ") / 1000000, 'unixepoch') || " +
         "printf('.%06dZ', (" + micros + ") % 1000000)";
}

std::string named(const std::string& id) {
  return "(SELECT value FROM name WHERE id = " + id + ")";
}

// A reply is stored as its constant words and its one changing part, which stands at char(1); the
// recipient's address is char(2).
std::string reply_text(const std::string& prefix, const std::string& recipient) {
  return "coalesce(replace(replace(" + named(prefix) + ", char(1), coalesce(" + prefix +
         "_part, '')), char(2), " + recipient + "), " + prefix + "_part, '')";
}

std::string endpoint(const std::string& id, const std::string& part) {
  return "(SELECT " + part + " FROM endpoint WHERE id = " + id + ")";
}

// A column `ip` is a text, or an IPv4 address as a number.
constexpr const char* kIp =
    "CASE typeof(ip) WHEN 'integer' THEN printf('%d.%d.%d.%d', ip >> 24 & 255, ip >> 16 & 255,"
    " ip >> 8 & 255, ip & 255) ELSE ip END";

std::string old_status_text(const std::string& column) {
  const auto parts = [&column](int shift, int bits) {
    return " || '.' || ((" + column + " >> " + std::to_string(shift) + ") & " +
           std::to_string(bits) + ") || '.' || (" + column + " & " + std::to_string(bits) + ")";
  };
  return "CASE WHEN " + column + " >> 32 THEN " + "((" + column + " >> 32) & 255)" +
         parts(16, 65535) + " ELSE " + "(" + column + " >> 20)" + parts(10, 1023) + " END";
}

// Of rows in the plain layout (versions 1 to 3).
std::string old_journey_view() {
  return "CREATE VIEW journey_plain AS SELECT row, printf('%016x', leg_id) AS leg_id, " +
         named("host") + " AS host, " + spelled("mta", mta_name, Mta::exim) + " AS mta, " +
         named("instance") + " AS instance, queue_id, generation, " + stamp("opened_at") +
         " AS opened_at, " + stamp("opened_at + active_after") + " AS last_activity_at, " +
         stamp("opened_at + CASE WHEN flags & 32 THEN active_after ELSE closed_after END") +
         " AS closed_at, envelope_sender, message_id, size_bytes, subject, "
         "recipient_count, flags & 1 AS accepted, " +
         stamp("opened_at + accepted_after") + " AS accepted_at, accepted_reply_code, " +
         reply_text("accepted_reply", "''") + " AS accepted_reply_text, " + named("accepted_tls") +
         " AS accepted_tls, " + named("protocol") + " AS protocol, " +
         spelled("method", submission_method_name, SubmissionMethod::bounce) +
         " AS method, login, " + endpoint("client", "host") + " AS client_host, " +
         endpoint("client", "ip") + " AS client_ip, helo, uid, user, script, script_dir FROM leg";
}

std::string old_delivery_view() {
  return "CREATE VIEW delivery_plain AS SELECT leg.row AS leg_row, "
         "printf('%016x', leg.leg_id) AS leg_id, leg.queue_id AS queue_id, "
         "d.recipient AS recipient, d.original_recipient AS original_recipient, " +
         spelled("d.outcome", outcome_name, Outcome::passed) + " AS outcome, " +
         spelled("d.delivered_to", delivered_to_name, DeliveredTo::file) + " AS delivered_to, " +
         spelled("d.unknown_because", unknown_because_name, UnknownBecause::no_end_logged) +
         " AS unknown_because, " + spelled("d.reason", reason_name, Reason::unknown) +
         " AS reason, d.reply_code AS reply_code, " + old_status_text("d.enhanced_status") +
         " AS enhanced_status, " + reply_text("d.reply", "d.recipient") + " AS reply_text, " +
         named("d.folder") + " AS folder, " + named("d.agent") + " AS agent, " +
         endpoint("d.relay", "host") + " AS relay_host, " + endpoint("d.relay", "ip") +
         " AS relay_ip, " + endpoint("d.relay", "port") +
         " AS relay_port, d.attempts AS attempts, " +
         stamp("leg.opened_at + d.first_attempt_after") + " AS first_attempt_at, " +
         stamp(
             "leg.opened_at + nullif(coalesce(d.last_attempt_after, d.first_attempt_after), "
             "-9223372036854775808)") +
         " AS last_attempt_at FROM leg JOIN delivery AS d "
         "ON d.row >= leg.delivery_first AND d.row < leg.delivery_first + leg.delivery_count";
}

std::string old_timeline_view() {
  return "CREATE VIEW timeline_plain AS SELECT leg.row AS leg_row, "
         "printf('%016x', leg.leg_id) AS leg_id, " +
         stamp("leg.opened_at + t.at_after") + " AS at, " +
         spelled("t.kind", timeline_kind_name, TimelineEntry::Kind::host_failure) +
         " AS kind, t.recipient AS recipient, t.ordinal AS ordinal, " +
         spelled("t.result", outcome_name, Outcome::passed) + " AS result, " +
         spelled("t.reason", reason_name, Reason::unknown) + " AS reason, " +
         "t.reply_code AS reply_code, " + named("t.agent") + " AS agent, " +
         endpoint("t.relay", "host") + " AS relay_host, " +
         reply_text("t.reply",
                    "coalesce((SELECT recipient FROM delivery WHERE t.recipient >= 0 AND"
                    " row = leg.delivery_first + t.recipient), '')") +
         " AS text FROM leg JOIN timeline AS t "
         "ON t.row >= leg.timeline_first AND t.row < leg.timeline_first + leg.timeline_count";
}

// `more` is walked by SQL alone, so that sqlite3 shows what is packed: a recursive query that takes
// one byte or one absent field a step, from section `first` to the end of section `last`.
enum : unsigned { kHeader, kRecipient, kLists, kTimelineCount, kTimeline, kEnd };

template <std::size_t Count>
std::string kinds(const FieldInfo (&fields)[Count]) {
  std::string out;
  for (const auto& field : fields) {
    out += field.kind == FieldKind::mark ? 'm' : field.kind == FieldKind::text ? 't' : 'n';
  }
  return "'" + out + "'";
}

template <std::size_t Count>
std::string all_bits(const FieldInfo (&)[Count]) {
  return std::to_string((std::uint64_t{1} << Count) - 1);
}

std::string by_section(const std::string& header, const std::string& recipient,
                       const std::string& timeline) {
  return "CASE section WHEN 0 THEN " + header + " WHEN 1 THEN " + recipient + " ELSE " + timeline +
         " END";
}

// The text of a CTE named `walk`. `found` is a field that was there, `value` its number; of a text
// it is 2^32 times the place where it starts (from 1), plus its length.
std::string walk(const std::string& more, const std::string& first, unsigned last,
                 const std::string& after_header = "1") {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) {
    all_bytes += "0123456789ABCDEF"[i >> 4];
    all_bytes += "0123456789ABCDEF"[i & 15];
  }
  const std::string byte = "(instr(bytes, substr(" + more + ", place, 1)) - 1)";
  const std::string number = "(so_far | ((" + byte + " & 127) << shift))";
  const std::string kind =
      "substr(" +
      by_section(kinds(kHeaderFields), kinds(kRecipientFields), kinds(kTimelineFields)) +
      ", field + 1, 1)";
  const std::string no_number = "(field >= 0 AND (there & 1 = 0 OR " + kind + " = 'm'))";
  const std::string goes_on = "(" + byte + " > 127)";
  const std::string text_size = "CASE WHEN " + number + " BETWEEN 0 AND length(" + more +
                                ") THEN " + number + " ELSE length(" + more + ") + 2 END";
  const std::string after_group = "CASE WHEN section >= " + std::to_string(last) +
                                  " AND items < 2 THEN 5 WHEN section = 0 THEN " + after_header +
                                  " WHEN section = 4 THEN 4 ELSE section + 1 END";
  const std::string bits =
      by_section(all_bits(kHeaderFields), all_bits(kRecipientFields), all_bits(kTimelineFields));
  // In this order: no field is left; one that is not there, or a mark; a byte that is not a
  // number's last; the bits of a group; the bits of the lists; the number of entries; a field.
  const auto step = [&](const std::string& group_end, const std::string& absent,
                        const std::string& unfinished, const std::string& group_bits,
                        const std::string& list_bits, const std::string& count,
                        const std::string& field) {
    return "CASE WHEN field >= 0 AND there = 0 THEN " + group_end + " WHEN " + no_number +
           " THEN " + absent + " WHEN " + goes_on + " THEN " + unfinished +
           " WHEN field < 0 THEN CASE section WHEN 2 THEN " + list_bits + " WHEN 3 THEN " + count +
           " ELSE " + group_bits + " END ELSE " + field + " END";
  };
  const auto columns = {
      // place
      step("place", "place", "place + 1", "place + 1", "place + 1", "place + 1",
           "place + 1 + CASE " + kind + " WHEN 't' THEN " + text_size + " ELSE 0 END"),
      // section
      step(after_group, "section", "section", "section",
           "CASE " + number + " & 1 WHEN 1 THEN 3 ELSE 5 END",
           "CASE WHEN " + number + " > 0 THEN 4 ELSE 5 END", "section"),
      // items
      step("items - 1", "items", "items", "items", "0", number, "items"),
      // field
      step("-1", "field + 1", "field", "0", "-1", "-1", "field + 1"),
      // there
      step("0", "there >> 1", "there", number + " & " + bits, "0", "0", "there >> 1"),
      // so_far
      step("0", "0", number, "0", "0", "0", "0"),
      // shift
      step("0", "0", "shift + 7", "0", "0", "0", "0"),
      // found
      step("NULL", "CASE WHEN there & 1 THEN field END", "NULL", "NULL", "NULL", "NULL", "field"),
      // value
      step("NULL", "1", "NULL", "NULL", "NULL", "NULL",
           "CASE " + kind + " WHEN 't' THEN (place + 1) << 32 | " + number + " ELSE " + number +
               " END"),
      // of_section
      std::string("section"),
      // of_item
      std::string("items"),
  };
  std::string sql =
      "WITH RECURSIVE walk(place, section, items, field, there, so_far, shift, found, value,"
      " of_section, of_item, bytes) AS (SELECT 1, " +
      first + ", 0, -1, 0, 0, 0, NULL, NULL, NULL, NULL, x'" + all_bytes + "' UNION ALL SELECT ";
  for (const auto& column : columns) sql += column + ", ";
  return sql + "bytes FROM walk WHERE section < 5 AND place <= length(" + more + ") + 1) ";
}

// A row of json_each whose value is a text like " 0=12 3=1 ": the fields that are there, by their
// numbers. json_each makes it once for each row; functions on JSON are not for every connection.
std::string fields_of(const std::string& more, const std::string& first, unsigned section,
                      const std::string& alias) {
  return "json_each((" + walk(more, first, section) +
         "SELECT '[\" ' || coalesce(group_concat(found || '=' || value, ' '), '') || ' \"]'"
         " FROM walk WHERE found IS NOT NULL AND of_section = " +
         std::to_string(section) + ")) AS " + alias;
}

std::string field(const std::string& alias, unsigned number) {
  const auto key = "' " + std::to_string(number) + "='";
  const auto place = "instr(" + alias + ".value, " + key + ")";
  return "CASE WHEN " + place + " THEN CAST(substr(" + alias + ".value, " + place + " + length(" +
         key + ")) AS INTEGER) END";
}
std::string field_or_0(const std::string& alias, unsigned number) {
  return "coalesce(" + field(alias, number) + ", 0)";
}
std::string signed_field(const std::string& alias, unsigned number) {
  const auto value = "(" + field(alias, number) + ")";
  const auto half = "((" + value + " >> 1) & 9223372036854775807)";
  return "CASE WHEN " + value + " & 1 THEN ~" + half + " ELSE " + half + " END";
}
std::string text_field(const std::string& more, const std::string& alias, unsigned number) {
  const auto value = "(" + field(alias, number) + ")";
  return "CAST(substr(" + more + ", " + value + " >> 32, " + value + " & 4294967295) AS TEXT)";
}

// An address is a text, or the row of `name` that has it.
std::string address(const std::string& column) {
  return "CASE typeof(" + column + ") WHEN 'integer' THEN " + named(column) + " ELSE " + column +
         " END";
}

// Words, with the part at char(1), "host[ip]" of the relay at char(3), then the recipient at
// char(2).
std::string packed_reply(const std::string& words_id, const std::string& part,
                         const std::string& relay, const std::string& recipient) {
  return "coalesce(replace(replace(replace(" + named(words_id) + ", char(1), coalesce(" + part +
         ", '')), char(3), coalesce(" +
         endpoint(relay, std::string("host || '[' || ") + kIp + " || ']'") + ", '')), char(2), " +
         recipient + "), " + part + ", '')";
}

std::string packed_status_text(const std::string& value) {
  const auto part = [&](int shift, int bits) {
    return "((" + value + " >> " + std::to_string(shift) + ") & " + std::to_string(bits) + ")";
  };
  return "CASE WHEN " + value + " & 1 THEN " + part(33, 255) + " || '.' || " + part(17, 65535) +
         " || '.' || " + part(1, 65535) + " ELSE " + part(1, 7) + " || '.' || " + part(4, 15) +
         " || '.' || " + part(8, 65535) + " END";
}

// `n`: the row that has the queue id and the Message-ID of `leg`.
constexpr const char* kJoinNames =
    " JOIN leg AS n ON n.row = CASE WHEN leg.queue_id IS NULL THEN"
    " coalesce(leg.named_row, leg.header_row) ELSE leg.row END";

std::string journey_view() {
  using F = HeaderField;
  const auto text = [](unsigned number) { return text_field("h.more", "f", number); };
  return "CREATE VIEW journey_plain AS SELECT leg.row AS row, printf('%016x', leg.leg_id) AS"
         " leg_id, " +
         named("h.host") + " AS host, " +
         spelled("(CASE WHEN leg.flags & 16 THEN 1 ELSE leg.flags >> 8 & 255 END)", mta_name,
                 Mta::exim) +
         " AS mta, " + named(field("f", F::instance)) + " AS instance, " +
         packed_text_sql("n.queue_id") + " AS queue_id, " + field_or_0("f", F::generation) +
         " AS generation, " + stamp("leg.opened_at") + " AS opened_at, " +
         stamp("leg.opened_at + leg.active_after") + " AS last_activity_at, " +
         stamp(
             "leg.opened_at + CASE WHEN leg.flags & 32 THEN leg.active_after ELSE"
             " leg.closed_after END") +
         " AS closed_at, " + address("h.envelope_sender") + " AS envelope_sender, " +
         packed_text_sql("n.message_id") + " || CASE n.message_id_end WHEN 0 THEN '@' || " +
         endpoint("n.client", "host") + " || '>' ELSE coalesce(" + named("n.message_id_end") +
         ", '') END AS message_id, " + field("f", F::size_bytes) + " AS size_bytes, " +
         text(F::subject) + " AS subject, " + field("f", F::recipient_count) +
         " AS recipient_count, leg.flags & 1 AS accepted, " +
         stamp("leg.opened_at + " + signed_field("f", F::accepted_after)) + " AS accepted_at, " +
         field_or_0("f", F::accepted_reply_code) + " AS accepted_reply_code, " +
         packed_reply(field("f", F::accepted_reply), text(F::accepted_reply_part), "NULL", "''") +
         " AS accepted_reply_text, " + named(field("f", F::accepted_tls)) + " AS accepted_tls, " +
         named(field("f", F::protocol)) + " AS protocol, " +
         spelled(field_or_0("f", F::method), submission_method_name, SubmissionMethod::bounce) +
         " AS method, " + address("h.login") + " AS login, " + endpoint("h.client", "host") +
         " AS client_host, " + endpoint("h.client", kIp) + " AS client_ip, CASE WHEN " +
         field("f", F::helo_of_client) + " THEN " + endpoint("h.client", "host") + " ELSE " +
         text(F::helo) + " END AS helo, " + field("f", F::uid) + " AS uid, " + text(F::user) +
         " AS user, " + text(F::script) + " AS script, " + text(F::script_dir) +
         " AS script_dir FROM leg JOIN leg AS h ON h.row = coalesce(leg.header_row, leg.row)" +
         kJoinNames + ", " + fields_of("h.more", "0", kHeader, "f");
}

// `d`: the table that has the recipient.
std::string recipient_columns(const std::string& d) {
  using F = RecipientField;
  const auto last_attempt =
      "leg.opened_at + leg.active_after + " + signed_field("f", F::last_attempt);
  return "leg.row AS leg_row, printf('%016x', leg.leg_id) AS leg_id, " +
         packed_text_sql("n.queue_id") + " AS queue_id, " + address(d + ".recipient") +
         " AS recipient, " + text_field(d + ".more", "f", F::original_recipient) +
         " AS original_recipient, " +
         spelled("(" + d + ".result & 31)", outcome_name, Outcome::passed) + " AS outcome, " +
         spelled(field_or_0("f", F::delivered_to), delivered_to_name, DeliveredTo::file) +
         " AS delivered_to, " +
         spelled(field_or_0("f", F::unknown_because), unknown_because_name,
                 UnknownBecause::no_end_logged) +
         " AS unknown_because, " +
         spelled("(" + d + ".result >> 21)", reason_name, Reason::unknown) + " AS reason, (" + d +
         ".result >> 5 & 65535) AS reply_code, " +
         packed_status_text(field("f", F::enhanced_status)) + " AS enhanced_status, " +
         packed_reply(d + ".reply", packed_text_sql(d + ".reply_part"), d + ".relay",
                      address(d + ".recipient")) +
         " AS reply_text, " + named(field("f", F::folder)) + " AS folder, " +
         named(field("f", F::agent)) + " AS agent, " + endpoint(d + ".relay", "host") +
         " AS relay_host, " + endpoint(d + ".relay", kIp) + " AS relay_ip, " +
         endpoint(d + ".relay", "port") + " AS relay_port, coalesce(" + field("f", F::one_attempt) +
         ", " + field_or_0("f", F::attempts) + ") AS attempts, " +
         stamp("CASE WHEN " + field("f", F::first_attempt_after) +
               " IS NOT NULL THEN leg.opened_at + " + signed_field("f", F::first_attempt_after) +
               " WHEN " + field("f", F::no_first_attempt) + " IS NULL THEN " + last_attempt +
               " END") +
         " AS first_attempt_at, " + stamp(last_attempt) + " AS last_attempt_at";
}

std::string delivery_view() {
  return "CREATE VIEW delivery_plain AS SELECT " + recipient_columns("leg") + " FROM leg" +
         kJoinNames + ", " +
         fields_of("leg.more", "CASE WHEN leg.header_row IS NULL THEN 0 ELSE 1 END", kRecipient,
                   "f") +
         " WHERE leg.recipient IS NOT NULL UNION ALL SELECT " + recipient_columns("d") +
         " FROM leg" + kJoinNames +
         " JOIN delivery AS d ON d.row >= leg.delivery_first AND"
         " d.row < leg.delivery_first + leg.delivery_count, " +
         fields_of("d.more", "1", kRecipient, "f");
}

std::string timeline_view() {
  using F = TimelineField;
  const std::string after_header = "CASE WHEN leg.recipient IS NULL THEN 2 ELSE 1 END";
  const std::string start = "CASE WHEN leg.header_row IS NULL THEN 0 ELSE " + after_header + " END";
  const std::string recipient = "coalesce(" + signed_field("t", F::recipient) + ", -1)";
  const std::string of_whom = "coalesce(CASE " + recipient + " WHEN 0 THEN " +
                              address("leg.recipient") + " ELSE (SELECT " + address("d.recipient") +
                              " FROM delivery AS d WHERE " + recipient +
                              " BETWEEN 1 AND leg.delivery_count AND d.row ="
                              " leg.delivery_first + " +
                              recipient + " - 1) END, '')";
  return "CREATE VIEW timeline_plain AS SELECT leg.row AS leg_row, printf('%016x', leg.leg_id) AS"
         " leg_id, " +
         stamp("leg.opened_at + " + signed_field("t", F::at_after)) + " AS at, " +
         spelled(field_or_0("t", F::kind), timeline_kind_name, TimelineEntry::Kind::host_failure) +
         " AS kind, " + recipient + " AS recipient, " + field_or_0("t", F::ordinal) +
         " AS ordinal, " + spelled(field_or_0("t", F::result), outcome_name, Outcome::passed) +
         " AS result, " + spelled(field_or_0("t", F::reason), reason_name, Reason::unknown) +
         " AS reason, " + field_or_0("t", F::reply_code) + " AS reply_code, " +
         named(field("t", F::agent)) + " AS agent, " + endpoint(field("t", F::relay), "host") +
         " AS relay_host, " +
         packed_reply(field("t", F::reply), text_field("leg.more", "t", F::reply_part),
                      field("t", F::relay), of_whom) +
         " AS text FROM leg, json_each((" + walk("leg.more", start, kTimeline, after_header) +
         "SELECT '[' || coalesce(group_concat(entry), '') || ']' FROM (SELECT '\" ' ||"
         " group_concat(found || '=' || value, ' ') || ' \"' AS entry FROM walk"
         " WHERE found IS NOT NULL AND of_section = 4 GROUP BY of_item"
         " ORDER BY of_item DESC))) AS t";
}

void make(Database& database, const std::string& journey, const std::string& delivery,
          const std::string& timeline) {
  for (const char* view : {"journey_plain", "delivery_plain", "timeline_plain"}) {
    database.run((std::string("DROP VIEW IF EXISTS ") + view).c_str());
  }
  for (const auto* view : {&journey, &delivery, &timeline}) database.run(view->c_str());
}

}  // namespace

void create_plain_views(Database& database) {
  make(database, journey_view(), delivery_view(), timeline_view());
}

void create_old_plain_views(Database& database) {
  make(database, old_journey_view(), old_delivery_view(), old_timeline_view());
}

}  // namespace rastro
