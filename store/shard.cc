#include "store/shard.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "store/leg_rows.h"
#include "store/query.h"
#include "store/schema.h"
#include "store/state_rows.h"

namespace rastro {
namespace {

constexpr const char* kWritePragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"  // a commit lost to a power cut is read again from the log
    "PRAGMA wal_autocheckpoint=4000;"
    "PRAGMA journal_size_limit=33554432;"
    "PRAGMA cache_size=-4096;"  // rows are appended: a batch's own pages, and the tables' last ones
    "PRAGMA temp_store=MEMORY";

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

Result<void> check_marks(const std::filesystem::path& path) {
  const auto kind = identify(path);
  if (!kind) return kind.error();
  switch (*kind) {
    case FileKind::ours:
      return {};
    case FileKind::foreign:
      return make_error(Error::Code::invalid, path.string() + ": not a file of rastro");
    case FileKind::newer:
      return make_error(Error::Code::limit,
                        path.string() + ": written by a newer version of rastro");
    case FileKind::no_database:
      break;
  }
  return make_error(Error::Code::corrupt, path.string() + ": not a database");
}

Result<void> check_inside(Database& database, bool whole) {
  if (whole) {
    if (auto done = check_whole(database); !done) return done;
  }
  const bool has_state = database.query_int("SELECT hour FROM file_state WHERE id = 1").has_value();
  if (auto done = database.take_error(); !done) {
    if (done.error().code == Error::Code::unavailable) return done;
    // Our mark, but not our tables.
    return make_error(Error::Code::corrupt, done.error().message);
  }
  if (!has_state) {
    return make_error(Error::Code::corrupt, database.path().string() + ": no state row");
  }
  return migrate(database);
}

}  // namespace

Result<void> check_whole(Database& database) {
  auto check = database.prepare("PRAGMA quick_check(1)");
  std::string verdict;
  if (check.step()) verdict = check.column_bytes(0);
  check.reset();
  if (auto done = database.take_error(); !done) return done;
  if (verdict == "ok") return {};
  return make_error(Error::Code::corrupt, database.path().string() + ": " + verdict);
}

Time hour_of(Time at) { return std::chrono::floor<std::chrono::hours>(at); }

std::string to_string(const ShardName& name) {
  const auto day = std::chrono::floor<std::chrono::days>(name.hour);
  const std::chrono::year_month_day date(day);
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(name.hour - day).count();
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(hour));
  std::string out = text.data();
  if (name.suffix != 0) out += "-" + std::to_string(name.suffix);
  return out + ".db";
}

std::optional<ShardName> parse_shard_name(std::string_view text) {
  constexpr std::size_t kStampLength = 11;
  if (!text.ends_with(".db")) return std::nullopt;
  text.remove_suffix(3);
  if (text.size() < kStampLength || text[8] != 'T') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(4, 2));
  const auto day = number(text.substr(6, 2));
  const auto hour = number(text.substr(9, 2));
  if (!year || !month || !day || !hour || *hour > 23) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  ShardName name{std::chrono::sys_days(date) + std::chrono::hours(*hour), 0};
  auto rest = text.substr(kStampLength);
  if (rest.empty()) return name;
  const auto suffix = rest.starts_with('-') ? number(rest.substr(1)) : std::nullopt;
  if (!suffix || *suffix == 0) return std::nullopt;
  name.suffix = *suffix;
  return name;
}

void remove_shard_files(const std::filesystem::path& path) {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;
    std::filesystem::remove(path.string() + ending, ignored);
  }
}

std::uint64_t bytes_on_disk(const std::filesystem::path& shard) {
  std::uint64_t bytes = 0;
  for (const char* ending : {"", "-wal"}) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(shard.string() + ending, failed);
    if (!failed) bytes += size;
  }
  return bytes;
}

namespace {
std::filesystem::path check_mark(const std::filesystem::path& shard) {
  return shard.string() + ".check";
}
}  // namespace

void check_at_next_start(const std::filesystem::path& shard) {
  if (!is_to_be_checked(shard)) std::ofstream(check_mark(shard)).put('\n');
}

bool is_to_be_checked(const std::filesystem::path& shard) {
  std::error_code ignored;
  return std::filesystem::exists(check_mark(shard), ignored);
}

void forget_check(const std::filesystem::path& shard) {
  std::error_code ignored;
  std::filesystem::remove(check_mark(shard), ignored);
}

FileState load_state(Database& database) {
  FileState state;
  auto row = database.prepare(
      "SELECT hour, sealed, carried_all, arrival_min, arrival_max, activity_min, activity_max,"
      " written_at, line_time, leg_id_max, key_check FROM file_state WHERE id = 1");
  if (!row.step()) return state;
  state.hour = time_at(row.column_int(0));
  state.sealed = row.column_int(1) != 0;
  state.carried_all = row.column_int(2) != 0;
  state.arrival_min = maybe_time(row, 3);
  state.arrival_max = maybe_time(row, 4);
  state.activity_min = maybe_time(row, 5);
  state.activity_max = maybe_time(row, 6);
  state.written_at = time_at(row.column_int(7));
  state.line_time = maybe_time(row, 8);
  state.leg_id_max = static_cast<std::uint64_t>(row.column_int(9));
  state.key_check = static_cast<std::uint32_t>(row.column_int(10));
  const bool tells_kinds =
      database.query_int("SELECT 1 FROM pragma_table_info('file_state') WHERE name = 'key_kinds'")
          .has_value();
  state.key_kinds = kKeyKindsThen;
  if (tells_kinds) {
    const auto kinds = database.query_int("SELECT key_kinds FROM file_state WHERE id = 1");
    state.key_kinds = static_cast<std::uint32_t>(kinds.value_or(kKeyKindsThen));
  }
  return state;
}

// Leaves out row_layout and key_kinds: their defaults are what the file was made with.
void save_state(Database& database, const FileState& state) {
  auto row = database.prepare(
      "INSERT OR REPLACE INTO file_state(id, hour, sealed, carried_all, arrival_min, arrival_max,"
      " activity_min, activity_max, written_at, line_time, leg_id_max, key_check)"
      " VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  row.bind(1, micros(state.hour))
      .bind(2, std::int64_t{state.sealed})
      .bind(3, std::int64_t{state.carried_all})
      .bind(4, maybe_micros(state.arrival_min))
      .bind(5, maybe_micros(state.arrival_max))
      .bind(6, maybe_micros(state.activity_min))
      .bind(7, maybe_micros(state.activity_max))
      .bind(8, micros(state.written_at))
      .bind(9, maybe_micros(state.line_time))
      .bind(10, static_cast<std::int64_t>(state.leg_id_max))
      .bind(11, std::int64_t{state.key_check})
      .run();
}

Result<Database> create_shard(const std::filesystem::path& path, const FileState& state,
                              Database* previous, const std::vector<EarlierFile>& earlier) {
  const auto fresh = std::filesystem::path(path.string() + ".new");
  remove_shard_files(fresh);
  {
    auto database = Database::open(fresh, Database::Mode::create);
    if (!database) return database.error();
    database->run("PRAGMA page_size=4096");
    database->run(kWritePragmas);
    Transaction transaction(*database);
    create_schema(*database);
    save_state(*database, state);
    write_earlier_files(*database, earlier);
    if (previous != nullptr) copy_state_rows(*previous, *database, state.line_time);
    // Before the commit: an error while reading the previous file must not leave a gap.
    if (previous != nullptr) {
      if (auto done = previous->take_error(); !done) return done.error();
    }
    if (auto done = transaction.commit(); !done) return done.error();
    // Closing writes all of it into the file itself and removes the WAL.
  }
  std::error_code failed;
  std::filesystem::rename(fresh, path, failed);
  if (failed) {
    return make_error(Error::Code::io, "rename " + fresh.string() + ": " + failed.message());
  }
  return open_shard(path, false);
}

Result<Database> open_shard(const std::filesystem::path& path, bool whole) {
  if (auto done = check_marks(path); !done) return done.error();
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return database.error();
  if (auto done = check_inside(*database, whole); !done) return done.error();
  database->run(kWritePragmas);
  if (auto done = database->take_error(); !done) return done.error();
  return database;
}

Result<void> sync_shard(const std::filesystem::path& path) {
  // The WAL's own descriptor carries no lock, so closing ours drops none.
  const auto wal = path.string() + "-wal";
  const int fd = ::open(wal.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return {};
  const bool synced = fd >= 0 && ::fdatasync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return make_error(Error::Code::io, "sync " + wal + ": " + std::strerror(reason));
}

}  // namespace rastro
