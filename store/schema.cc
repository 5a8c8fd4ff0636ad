#include "store/schema.h"

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "store/plain_views.h"

namespace rastro {
namespace {

// All `_after` columns are microseconds after the leg's opened_at: four bytes instead of eight.
// `opened_after` is microseconds after the second that the leg's id starts with. `named_row` and
// `header_row` say which earlier row has what this one leaves out.
// `delivery_first` and `delivery_count` name a leg's rows in the other table: they are appended
// together, so a range of row numbers does what an index would. An address has no type: it is a
// text, or the row of `name` that has it. Texts that are ids may be packed blobs, an `ip` of IPv4
// is a number. No constraints and few columns:
// each costs instructions for each message.
constexpr const char* kTables = R"sql(
CREATE TABLE file_state(
  id INTEGER PRIMARY KEY CHECK(id = 1), key_kinds INTEGER NOT NULL DEFAULT 12,
  hour INTEGER NOT NULL, sealed INTEGER NOT NULL, carried_all INTEGER NOT NULL,
  arrival_min INTEGER, arrival_max INTEGER, activity_min INTEGER, activity_max INTEGER,
  written_at INTEGER NOT NULL, line_time INTEGER, leg_id_max INTEGER,
  key_check INTEGER NOT NULL, row_layout INTEGER NOT NULL DEFAULT 7);
CREATE TABLE name(id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE endpoint(id INTEGER PRIMARY KEY, host TEXT NOT NULL, ip NOT NULL,
                      port INTEGER NOT NULL);
CREATE TABLE leg(
  row INTEGER PRIMARY KEY, leg_id INTEGER, previous_row INTEGER, header_row INTEGER,
  named_row INTEGER, flags INTEGER, opened_after INTEGER, active_after INTEGER,
  closed_after INTEGER, queue_id TEXT, host INTEGER, client INTEGER, envelope_sender, login,
  message_id TEXT, message_id_end INTEGER, recipient, result INTEGER, relay INTEGER,
  reply INTEGER, reply_part TEXT, delivery_first INTEGER, delivery_count INTEGER, more BLOB,
  opened_at INTEGER GENERATED ALWAYS AS
    ((leg_id >> 32 & 4294967295) * 1000000 + opened_after) VIRTUAL);
CREATE TABLE delivery(
  row INTEGER PRIMARY KEY, recipient, result INTEGER, relay INTEGER, reply INTEGER,
  reply_part TEXT, more BLOB);
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

std::int64_t big_endian(const char* bytes) {
  std::int64_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Its rows read as they are: what is packed in another way since is marked row by row.
void to_version_3(Database& database) {
  create_old_plain_views(database);
  database.run("PRAGMA user_version=3");
}

// Its rows stay as they are, with their views, and none is added: the file says so.
constexpr const char* kToVersion4 = R"sql(
ALTER TABLE file_state ADD COLUMN row_layout INTEGER NOT NULL DEFAULT 3;
PRAGMA user_version=4;
)sql";

// Likewise: `row_layout` says 4, 5 and 6.
constexpr const char* kToVersion5 = "PRAGMA user_version=5";
constexpr const char* kToVersion6 = "PRAGMA user_version=6";
constexpr const char* kToVersion7 = "PRAGMA user_version=7";

}  // namespace

void create_schema(Database& database) {
  database.run(kTables);
  create_plain_views(database);
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
    if (from == 3) database.run(kToVersion4);
    if (from == 4) database.run(kToVersion5);
    if (from == 5) database.run(kToVersion6);
    if (from == 6) database.run(kToVersion7);
    if (auto done = step.commit(); !done) return done;
  }
  return {};
}

}  // namespace rastro
