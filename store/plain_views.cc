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

// `more` is walked by SQL alone, so that sqlite3 shows what is packed. Every connection keeps what
// it parsed of these views, and each hour has several: what is needed twice stands in a query of
// its own, with a name.
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

// The text of a CTE named `walk`: a step for some absent fields, two for each byte of a number,
// from section `first` to the end of section `last`. The first of two finds what comes next: 0 no
// field is left, 1 a mark, 2 a byte that is not a number's last, 3 the bits of a group, 4 the bits
// of the lists, 5 the number of entries, 6 a field. The second one passes it. `found` is a field
// that was there, `value` its number; of a text it is 2^32 times the place where it starts (from
// 1), plus its length.
std::string walk(const std::string& first, unsigned last, const std::string& after_header) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) {
    all_bytes += "0123456789ABCDEF"[i >> 4];
    all_bytes += "0123456789ABCDEF"[i & 15];
  }
  const std::string byte = "instr(bytes, substr(more, place, 1)) - 1";
  const std::string kind =
      "substr(" +
      by_section(kinds(kHeaderFields), kinds(kRecipientFields), kinds(kTimelineFields)) +
      ", field + 1, 1)";
  const std::string passed = "CASE WHEN there & 15 THEN 1 ELSE 4 END";
  const auto columns = {
      // what
      "CASE WHEN what IS NULL THEN CASE WHEN field < 0 THEN CASE WHEN " + byte +
          " > 127 THEN 2 WHEN section = 2 THEN 4 WHEN section = 3 THEN 5 ELSE 3 END"
          " WHEN there = 0 THEN 0 WHEN there & 1 = 0 THEN NULL WHEN " +
          kind + " = 'm' THEN 1 WHEN " + byte + " > 127 THEN 2 ELSE 6 END END",
      // number
      "CASE WHEN what IS NULL THEN so_far | ((" + byte + " & 127) << shift) END",
      // is_text
      "CASE WHEN what IS NULL THEN " + kind + " = 't' END",
      // place
      std::string("place + (coalesce(what, 0) > 1) + CASE WHEN what = 6 AND is_text THEN CASE WHEN"
                  " number BETWEEN 0 AND length(more) THEN number ELSE length(more) + 2 END"
                  " ELSE 0 END"),
      // section
      "CASE what WHEN 0 THEN CASE WHEN section >= " + std::to_string(last) +
          " AND items < 2 THEN 5 WHEN section = 0 THEN " + after_header +
          " WHEN section = 4 THEN 4 ELSE section + 1 END WHEN 4 THEN 5 - 2 * (number & 1)"
          " WHEN 5 THEN 5 - (number > 0) ELSE section END",
      // items
      std::string("CASE what WHEN 0 THEN items - 1 WHEN 4 THEN 0 WHEN 5 THEN number"
                  " ELSE items END"),
      // field
      "CASE WHEN what IS NULL THEN CASE WHEN field < 0 OR there = 0 OR there & 1 THEN field"
      " ELSE field + " +
          passed +
          " END WHEN what IN (0, 4, 5) THEN -1 WHEN what = 2 THEN field ELSE field + 1 END",
      // there
      "CASE WHEN what IS NULL THEN CASE WHEN there & 1 THEN there ELSE there >> " + passed +
          " END WHEN what = 2 THEN there WHEN what = 3 THEN number & " +
          by_section(all_bits(kHeaderFields), all_bits(kRecipientFields),
                     all_bits(kTimelineFields)) +
          " ELSE there >> 1 END",
      // so_far
      std::string("CASE WHEN what = 2 THEN number WHEN what IS NULL THEN so_far ELSE 0 END"),
      // shift
      std::string("CASE WHEN what = 2 THEN shift + 7 WHEN what IS NULL THEN shift ELSE 0 END"),
      // found
      std::string("CASE WHEN what IN (1, 6) THEN field END"),
      // value
      std::string("CASE WHEN what = 1 THEN 1 WHEN is_text THEN (place + 1) << 32 | number"
                  " ELSE number END"),
      // of_section
      std::string("section"),
      // of_item
      std::string("items"),
  };
  std::string sql =
      "WITH RECURSIVE walk(what, number, is_text, place, section, items, field, there, so_far,"
      " shift, found, value, of_section, of_item, bytes) AS (SELECT NULL, 0, 0, 1, " +
      first + ", 0, -1, 0, 0, 0, NULL, NULL, NULL, NULL, x'" + all_bytes + "' UNION ALL SELECT ";
  for (const auto& column : columns) sql += column + ", ";
  return sql + "bytes FROM walk WHERE section < 5 AND place <= length(more) + 1) ";
}

// A row's `fields` is a JSON array of texts like " 0.12=3 1.1=7 ": the fields that are there, by
// their sections and numbers; first those of the header and the recipient, then each entry of the
// timeline. To be read by json_each, which makes it once for each row; functions on JSON are not
// for every connection.
std::string fields_view(const std::string& table, const std::string& first, unsigned last,
                        const std::string& after_header) {
  return "CREATE VIEW " + table + "_fields AS SELECT row, (" + walk(first, last, after_header) +
         "SELECT '[' || group_concat(entry) || ']' FROM (SELECT '\" ' ||"
         " coalesce(group_concat(of_section || '.' || found || '=' || value, ' '), '') || ' \"'"
         " AS entry FROM walk WHERE found IS NOT NULL OR of_section IS NULL"
         " GROUP BY CASE of_section WHEN 4 THEN -of_item ELSE -9e18 END)) AS fields FROM " +
         table;
}

// Of `fields`, an element of such an array.
std::string field(unsigned section, unsigned number) {
  const auto key = " " + std::to_string(section) + "." + std::to_string(number) + "=";
  return "CAST(substr(fields, nullif(instr(fields, '" + key + "'), 0) + " +
         std::to_string(key.size()) + ") AS INTEGER)";
}

// The columns of a query, then where from: "column AS name, column AS name".
class Columns {
 public:
  Columns& add(const std::string& column, const std::string& name) {
    sql_ += (sql_.empty() ? "" : ", ") + column + " AS " + name;
    return *this;
  }
  Columns& add(const std::string& columns) {
    sql_ += (sql_.empty() ? "" : ", ") + columns;
    return *this;
  }
  std::string from(const std::string& tables) const { return "SELECT " + sql_ + " FROM " + tables; }

 private:
  std::string sql_;
};

// `value`: the name of a column.
std::string signed_number(const std::string& value) {
  const auto half = "(" + value + " >> 1 & 9223372036854775807)";
  return "CASE WHEN " + value + " & 1 THEN ~" + half + " ELSE " + half + " END";
}
std::string text_at(const std::string& value) {
  return "CAST(substr(more, " + value + " >> 32, " + value + " & 4294967295) AS TEXT)";
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

// What journey_plain tells, by the names that it gives it.
std::string journey_fields() {
  using F = HeaderField;
  const auto all = [](unsigned number) { return field(kHeader, number); };
  const auto rows =
      Columns()
          .add(
              "leg.row AS row, leg.leg_id AS leg_id, h.host AS host, h.client AS client, leg.flags"
              " AS flags, leg.opened_at AS opened_at, leg.active_after AS active_after,"
              " leg.closed_after AS closed_after, h.envelope_sender AS envelope_sender, h.login"
              " AS login, h.more AS more, n.message_id_end AS message_id_end, n.client AS"
              " named_client, f.value AS fields")
          .add(packed_text_sql("n.queue_id"), "queue_id")
          .add(packed_text_sql("n.message_id"), "message_id")
          .from(std::string("leg JOIN leg AS h ON h.row = coalesce(leg.header_row, leg.row)") +
                kJoinNames +
                " JOIN leg_fields AS x ON x.row = h.row JOIN json_each(x.fields) AS f"
                " ON f.key = 0");
  return Columns()
      .add("*")
      .add(all(F::instance), "instance")
      .add("coalesce(" + all(F::generation) + ", 0)", "generation")
      .add(all(F::size_bytes), "size_bytes")
      .add(all(F::subject), "subject")
      .add(all(F::recipient_count), "recipient_count")
      .add(all(F::accepted_after), "accepted_after")
      .add("coalesce(" + all(F::accepted_reply_code) + ", 0)", "accepted_reply_code")
      .add(all(F::accepted_reply), "reply")
      .add(all(F::accepted_reply_part), "reply_part")
      .add(all(F::accepted_tls), "accepted_tls")
      .add(all(F::protocol), "protocol")
      .add("coalesce(" + all(F::method) + ", 0)", "method")
      .add(all(F::helo_of_client), "helo_of_client")
      .add(all(F::helo), "helo")
      .add(all(F::uid), "uid")
      .add(all(F::user), "user")
      .add(all(F::script), "script")
      .add(all(F::script_dir), "script_dir")
      .from("(" + rows + ")");
}

std::string journey_view() {
  return "CREATE VIEW journey_plain AS " +
         Columns()
             .add("row, printf('%016x', leg_id) AS leg_id")
             .add(named("host"), "host")
             .add(spelled("(CASE WHEN flags & 16 THEN 1 ELSE flags >> 8 & 255 END)", mta_name,
                          Mta::exim),
                  "mta")
             .add(named("instance"), "instance")
             .add("queue_id, generation")
             .add(stamp("opened_at"), "opened_at")
             .add(stamp("opened_at + active_after"), "last_activity_at")
             .add(stamp("opened_at + CASE WHEN flags & 32 THEN active_after ELSE closed_after END"),
                  "closed_at")
             .add(address("envelope_sender"), "envelope_sender")
             .add("message_id || CASE message_id_end WHEN 0 THEN '@' || " +
                      endpoint("named_client", "host") + " || '>' ELSE coalesce(" +
                      named("message_id_end") + ", '') END",
                  "message_id")
             .add("size_bytes")
             .add(text_at("subject"), "subject")
             .add("recipient_count, flags & 1 AS accepted")
             .add(stamp("opened_at + " + signed_number("accepted_after")), "accepted_at")
             .add("accepted_reply_code")
             .add(packed_reply("reply", text_at("reply_part"), "NULL", "''"), "accepted_reply_text")
             .add(named("accepted_tls"), "accepted_tls")
             .add(named("protocol"), "protocol")
             .add(spelled("method", submission_method_name, SubmissionMethod::bounce), "method")
             .add(address("login"), "login")
             .add(endpoint("client", "host"), "client_host")
             .add(endpoint("client", kIp), "client_ip")
             .add("CASE WHEN helo_of_client THEN " + endpoint("client", "host") + " ELSE " +
                      text_at("helo") + " END",
                  "helo")
             .add("uid")
             .add(text_at("user"), "user")
             .add(text_at("script"), "script")
             .add(text_at("script_dir"), "script_dir")
             .from("(" + journey_fields() + ")");
}

// `d`: the table that has the recipient.
std::string recipient_rows(const std::string& d, const std::string& tables) {
  return "SELECT leg.row, leg.leg_id, leg.opened_at, leg.opened_at + leg.active_after, "
         "n.queue_id, " +
         d + ".recipient, " + d + ".result, " + d + ".relay, " + d + ".reply, " + d +
         ".reply_part, " + d + ".more, f.value FROM leg" + kJoinNames + tables +
         " JOIN json_each(x.fields) AS f ON f.key = 0";
}

std::string delivery_view() {
  using F = RecipientField;
  const auto all = [](unsigned number) { return field(kRecipient, number); };
  const auto rows =
      recipient_rows("leg",
                     " JOIN leg_fields AS x ON x.row = leg.row AND leg.recipient IS NOT NULL") +
      " UNION ALL " +
      recipient_rows("d",
                     " JOIN delivery AS d ON d.row >= leg.delivery_first AND"
                     " d.row < leg.delivery_first + leg.delivery_count"
                     " JOIN delivery_fields AS x ON x.row = d.row");
  const auto fields =
      Columns()
          .add("row AS leg_row, leg_id, opened_at, active_at, result, relay, reply, more")
          .add(packed_text_sql("queue_id"), "queue_id")
          .add(address("recipient"), "recipient")
          .add(packed_text_sql("reply_part"), "reply_part")
          .add(all(F::original_recipient), "original_recipient")
          .add("coalesce(" + all(F::delivered_to) + ", 0)", "delivered_to")
          .add("coalesce(" + all(F::unknown_because) + ", 0)", "unknown_because")
          .add(all(F::enhanced_status), "status")
          .add(all(F::folder), "folder")
          .add(all(F::agent), "agent")
          .add("coalesce(" + all(F::one_attempt) + ", " + all(F::attempts) + ", 0)", "attempts")
          .add(all(F::first_attempt_after), "first_after")
          .add(all(F::no_first_attempt), "no_first")
          .add(all(F::last_attempt), "last")
          .from("item");
  const auto times = Columns()
                         .add("*, active_at + " + signed_number("last") + " AS last_at")
                         .from("(" + fields + ")");
  return "CREATE VIEW delivery_plain AS WITH item(row, leg_id, opened_at, active_at, queue_id,"
         " recipient, result, relay, reply, reply_part, more, fields) AS (" +
         rows + ") " +
         Columns()
             .add("leg_row, printf('%016x', leg_id) AS leg_id, queue_id, recipient")
             .add(text_at("original_recipient"), "original_recipient")
             .add(spelled("(result & 31)", outcome_name, Outcome::passed), "outcome")
             .add(spelled("delivered_to", delivered_to_name, DeliveredTo::file), "delivered_to")
             .add(spelled("unknown_because", unknown_because_name, UnknownBecause::no_end_logged),
                  "unknown_because")
             .add(spelled("(result >> 21)", reason_name, Reason::unknown), "reason")
             .add("result >> 5 & 65535", "reply_code")
             .add(packed_status_text("status"), "enhanced_status")
             .add(packed_reply("reply", "reply_part", "relay", "recipient"), "reply_text")
             .add(named("folder"), "folder")
             .add(named("agent"), "agent")
             .add(endpoint("relay", "host"), "relay_host")
             .add(endpoint("relay", kIp), "relay_ip")
             .add(endpoint("relay", "port"), "relay_port")
             .add("attempts")
             .add(stamp("CASE WHEN first_after IS NOT NULL THEN opened_at + " +
                        signed_number("first_after") + " WHEN no_first IS NULL THEN last_at END"),
                  "first_attempt_at")
             .add(stamp("last_at"), "last_attempt_at")
             .from("(" + times + ")");
}

std::string timeline_view() {
  using F = TimelineField;
  const auto all = [](unsigned number) { return field(kTimeline, number); };
  const std::string of_whom = "coalesce(CASE whose WHEN 0 THEN " + address("first_recipient") +
                              " ELSE (SELECT " + address("d.recipient") +
                              " FROM delivery AS d WHERE whose BETWEEN 1 AND delivery_count"
                              " AND d.row = delivery_first + whose - 1) END, '')";
  const auto fields = Columns()
                          .add(
                              "leg.row AS leg_row, leg.leg_id AS leg_id, opened_at, more,"
                              " recipient AS first_recipient, delivery_first, delivery_count")
                          .add(all(F::at_after), "at_after")
                          .add("coalesce(" + all(F::kind) + ", 0)", "kind")
                          .add(all(F::recipient), "of_recipient")
                          .add("coalesce(" + all(F::ordinal) + ", 0)", "ordinal")
                          .add("coalesce(" + all(F::result) + ", 0)", "outcome")
                          .add("coalesce(" + all(F::reason) + ", 0)", "reason")
                          .add("coalesce(" + all(F::reply_code) + ", 0)", "reply_code")
                          .add(all(F::agent), "agent")
                          .add(all(F::relay), "entry_relay")
                          .add(all(F::reply), "entry_reply")
                          .add(all(F::reply_part), "entry_part")
                          .from(
                              "(SELECT leg.*, t.value AS fields FROM leg JOIN leg_fields AS x"
                              " ON x.row = leg.row JOIN json_each(x.fields) AS t"
                              " ON t.key > 0) AS leg");
  const auto whose = Columns()
                         .add("*, coalesce(" + signed_number("of_recipient") + ", -1) AS whose")
                         .from("(" + fields + ")");
  return "CREATE VIEW timeline_plain AS " +
         Columns()
             .add("leg_row, printf('%016x', leg_id) AS leg_id")
             .add(stamp("opened_at + " + signed_number("at_after")), "at")
             .add(spelled("kind", timeline_kind_name, TimelineEntry::Kind::host_failure), "kind")
             .add("whose AS recipient, ordinal")
             .add(spelled("outcome", outcome_name, Outcome::passed), "result")
             .add(spelled("reason", reason_name, Reason::unknown), "reason")
             .add("reply_code")
             .add(named("agent"), "agent")
             .add(endpoint("entry_relay", "host"), "relay_host")
             .add(packed_reply("entry_reply", text_at("entry_part"), "entry_relay", of_whom),
                  "text")
             .from("(" + whose + ")");
}

void drop_views(Database& database) {
  for (const char* view :
       {"journey_plain", "delivery_plain", "timeline_plain", "leg_fields", "delivery_fields"}) {
    database.run((std::string("DROP VIEW IF EXISTS ") + view).c_str());
  }
}

void make(Database& database, const std::string& view) { database.run(view.c_str()); }

}  // namespace

void create_plain_views(Database& database) {
  drop_views(database);
  const std::string after_header = "CASE WHEN recipient IS NULL THEN 2 ELSE 1 END";
  make(database,
       fields_view("leg", "CASE WHEN header_row IS NULL THEN 0 ELSE " + after_header + " END",
                   kTimeline, after_header));
  make(database, fields_view("delivery", "1", kRecipient, "1"));
  make(database, journey_view());
  make(database, delivery_view());
  make(database, timeline_view());
}

void create_old_plain_views(Database& database) {
  drop_views(database);
  make(database, old_journey_view());
  make(database, old_delivery_view());
  make(database, old_timeline_view());
}

}  // namespace rastro
