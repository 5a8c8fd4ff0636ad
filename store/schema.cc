#include "store/schema.h"

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "core/journey.h"

namespace rastro {
namespace {

// All `_after` columns are microseconds after the leg's opened_at: four bytes instead of eight.
// `*_first` and `*_count` name a leg's rows in the other tables: they are appended together, so a
// range of row numbers does what an index would.
constexpr const char* kTables = R"sql(
CREATE TABLE file_state(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  hour INTEGER NOT NULL, sealed INTEGER NOT NULL, carried_all INTEGER NOT NULL,
  arrival_min INTEGER, arrival_max INTEGER, activity_min INTEGER, activity_max INTEGER,
  written_at INTEGER NOT NULL, line_time INTEGER, leg_id_max INTEGER,
  key_check INTEGER NOT NULL);
CREATE TABLE name(id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE endpoint(id INTEGER PRIMARY KEY, host TEXT NOT NULL, ip TEXT NOT NULL,
                      port INTEGER NOT NULL);
CREATE TABLE leg(
  row INTEGER PRIMARY KEY, leg_id INTEGER NOT NULL, previous_row INTEGER, flags INTEGER NOT NULL,
  host INTEGER NOT NULL, mta INTEGER NOT NULL, instance INTEGER NOT NULL, queue_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  opened_at INTEGER NOT NULL, active_after INTEGER NOT NULL, closed_after INTEGER,
  envelope_sender TEXT, message_id TEXT, size_bytes INTEGER, recipient_count INTEGER,
  accepted_after INTEGER, accepted_reply_code INTEGER NOT NULL,
  accepted_reply INTEGER, accepted_reply_part TEXT, accepted_tls INTEGER,
  protocol INTEGER NOT NULL, method INTEGER NOT NULL, login TEXT,
  client INTEGER, client_port INTEGER NOT NULL, helo TEXT,
  delivery_first INTEGER NOT NULL, delivery_count INTEGER NOT NULL,
  timeline_first INTEGER NOT NULL, timeline_count INTEGER NOT NULL,
  link_first INTEGER NOT NULL, link_count INTEGER NOT NULL,
  fact_first INTEGER NOT NULL, fact_count INTEGER NOT NULL,
  lines BLOB, subject TEXT, uid INTEGER, user TEXT, script TEXT, script_dir TEXT);
CREATE TABLE delivery(
  row INTEGER PRIMARY KEY, recipient TEXT NOT NULL, original_recipient TEXT,
  dsn_original_recipient TEXT,
  outcome INTEGER NOT NULL, delivered_to INTEGER NOT NULL, unknown_because INTEGER NOT NULL,
  reason INTEGER NOT NULL, reply_code INTEGER NOT NULL, enhanced_status INTEGER,
  reply INTEGER, reply_part TEXT, folder INTEGER, agent INTEGER, relay INTEGER, tls INTEGER,
  attempts INTEGER NOT NULL, first_attempt_after INTEGER, last_attempt_after INTEGER,
  timeline_position INTEGER);
CREATE TABLE timeline(
  row INTEGER PRIMARY KEY, position INTEGER NOT NULL, at_after INTEGER NOT NULL,
  kind INTEGER NOT NULL, recipient INTEGER NOT NULL,
  ordinal INTEGER NOT NULL, result INTEGER NOT NULL, reason INTEGER NOT NULL,
  reply_code INTEGER NOT NULL, enhanced_status INTEGER, agent INTEGER, relay INTEGER,
  reply INTEGER, reply_part TEXT);
CREATE TABLE link(
  row INTEGER PRIMARY KEY, kind INTEGER NOT NULL, direction INTEGER NOT NULL,
  claimed_by_peer INTEGER NOT NULL, queue_id TEXT NOT NULL, recipient INTEGER NOT NULL,
  at_after INTEGER NOT NULL);
CREATE TABLE fact(
  row INTEGER PRIMARY KEY, source INTEGER NOT NULL, name INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE carried(leg_id INTEGER PRIMARY KEY);
CREATE TABLE encounter(
  row INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL, host INTEGER NOT NULL,
  client INTEGER, client_port INTEGER NOT NULL, login TEXT NOT NULL, text TEXT NOT NULL,
  source INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE position(
  source INTEGER PRIMARY KEY, path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
  head_hash INTEGER NOT NULL, head_length INTEGER NOT NULL, offset INTEGER NOT NULL,
  anchor_hash INTEGER NOT NULL, finished INTEGER NOT NULL, first_line_at INTEGER,
  last_line_at INTEGER, cursor TEXT NOT NULL DEFAULT '');
CREATE TABLE hole(
  row INTEGER PRIMARY KEY, source_path TEXT NOT NULL, from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL, cause TEXT NOT NULL);
CREATE TABLE pending(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE address(block INTEGER PRIMARY KEY, addresses BLOB NOT NULL);
CREATE TABLE row_times(times BLOB NOT NULL);
CREATE TABLE segment(first_posting INTEGER PRIMARY KEY, postings BLOB NOT NULL);
CREATE TABLE raw_block(
  row INTEGER PRIMARY KEY, source INTEGER NOT NULL, first_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL, size INTEGER NOT NULL, lines BLOB NOT NULL,
  UNIQUE(source, first_offset));
)sql";

// Each step is final: files of every version since the first are brought up by them.
constexpr const char* kToVersion2 = R"sql(
ALTER TABLE position ADD COLUMN cursor TEXT NOT NULL DEFAULT '';
CREATE TABLE raw_block(
  row INTEGER PRIMARY KEY, source INTEGER NOT NULL, first_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL, size INTEGER NOT NULL, lines BLOB NOT NULL,
  UNIQUE(source, first_offset));
PRAGMA user_version=2;
)sql";

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

std::string endpoint(const std::string& id, const char* part) {
  return std::string("(SELECT ") + part + " FROM endpoint WHERE id = " + id + ")";
}

std::string status_text(const std::string& column) {
  const auto parts = [&column](int shift, int bits) {
    return " || '.' || ((" + column + " >> " + std::to_string(shift) + ") & " +
           std::to_string(bits) + ") || '.' || (" + column + " & " + std::to_string(bits) + ")";
  };
  return "CASE WHEN " + column + " >> 32 THEN " + "((" + column + " >> 32) & 255)" +
         parts(16, 65535) + " ELSE " + "(" + column + " >> 20)" + parts(10, 1023) + " END";
}

std::string journey_view() {
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

std::string delivery_view() {
  return "CREATE VIEW delivery_plain AS SELECT leg.row AS leg_row, "
         "printf('%016x', leg.leg_id) AS leg_id, leg.queue_id AS queue_id, "
         "d.recipient AS recipient, d.original_recipient AS original_recipient, " +
         spelled("d.outcome", outcome_name, Outcome::passed) + " AS outcome, " +
         spelled("d.delivered_to", delivered_to_name, DeliveredTo::file) + " AS delivered_to, " +
         spelled("d.unknown_because", unknown_because_name, UnknownBecause::no_end_logged) +
         " AS unknown_because, " + spelled("d.reason", reason_name, Reason::unknown) +
         " AS reason, d.reply_code AS reply_code, " + status_text("d.enhanced_status") +
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

std::string timeline_view() {
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

std::int64_t big_endian(const char* bytes) {
  std::int64_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

void create_views(Database& database) {
  database.run("DROP VIEW IF EXISTS journey_plain");
  database.run("DROP VIEW IF EXISTS delivery_plain");
  database.run("DROP VIEW IF EXISTS timeline_plain");
  database.run(journey_view().c_str());
  database.run(delivery_view().c_str());
  database.run(timeline_view().c_str());
}

// Its rows read as they are: what is packed in another way since is marked row by row.
void to_version_3(Database& database) {
  create_views(database);
  database.run("PRAGMA user_version=3");
}

}  // namespace

void create_schema(Database& database) {
  database.run(kTables);
  create_views(database);
  const std::string marks = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                            ";PRAGMA user_version=" + std::to_string(kUserVersion);
  database.run(marks.c_str());
}

Result<FileKind> identify(const std::filesystem::path& path) {
  // The database header, https://www.sqlite.org/fileformat2.html 1.3: magic, user_version at 60,
  // application_id at 68, both big-endian.
  std::array<char, 100> header{};
  std::ifstream file(path, std::ios::binary);
  if (!file) return make_error(Error::Code::io, "open " + path.string());
  file.read(header.data(), header.size());
  if (file.gcount() != static_cast<std::streamsize>(header.size())) return FileKind::no_database;
  if (std::string_view(header.data(), 16) != std::string_view("SQLite format 3\0", 16)) {
    return FileKind::no_database;
  }
  if (big_endian(header.data() + 68) != kApplicationId) return FileKind::foreign;
  return big_endian(header.data() + 60) > kUserVersion ? FileKind::newer : FileKind::ours;
}

bool has_table(Database& database, std::string_view name) {
  auto table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1");
  table.bind_text(1, name);
  return table.step();
}

Result<void> migrate(Database& database) {
  const auto version = database.query_int("PRAGMA user_version");
  if (auto done = database.take_error(); !done) return done;
  if (!version || *version < 1 || *version > kUserVersion) {
    return make_error(Error::Code::corrupt, database.path().string() + ": unknown format version");
  }
  for (auto from = *version; from < kUserVersion; ++from) {
    Transaction step(database);
    if (from == 1) database.run(kToVersion2);
    if (from == 2) to_version_3(database);
    if (auto done = step.commit(); !done) return done;
  }
  return {};
}

}  // namespace rastro
