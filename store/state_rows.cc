#include "store/state_rows.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "core/varint.h"
#include "store/leg_rows.h"
#include "store/schema.h"
#include "store/zstd_frame.h"

namespace rastro {
namespace {

constexpr std::size_t kPendingBlockBytes = 256UL * 1024;
constexpr Duration kFinishedKept = std::chrono::hours(24 * 30);
constexpr const char* kEarlierFileTable =
    "CREATE TABLE IF NOT EXISTS earlier_file("
    "file TEXT PRIMARY KEY, hour INTEGER NOT NULL, arrival_min INTEGER, activity_max INTEGER,"
    " written_at INTEGER NOT NULL)";

}  // namespace

void write_positions(Database& database, const std::vector<SourcePosition>& positions) {
  if (positions.empty()) return;
  auto row = database.prepare(
      "INSERT OR REPLACE INTO position(source, path, device, inode, head_hash, head_length, offset,"
      " anchor_hash, finished, first_line_at, last_line_at, cursor)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  for (const auto& position : positions) {
    row.bind(1, std::int64_t{position.source})
        .bind_text(2, position.path)
        .bind(3, static_cast<std::int64_t>(position.device))
        .bind(4, static_cast<std::int64_t>(position.inode))
        .bind(5, static_cast<std::int64_t>(position.head_hash))
        .bind(6, std::int64_t{position.head_length})
        .bind(7, static_cast<std::int64_t>(position.offset))
        .bind(8, static_cast<std::int64_t>(position.anchor_hash))
        .bind(9, std::int64_t{position.finished})
        .bind(10, maybe_micros(position.first_line_at))
        .bind(11, maybe_micros(position.last_line_at))
        .bind_text(12, position.cursor)
        .run();
  }
}

void write_holes(Database& database, const std::vector<CoverageHole>& holes) {
  if (holes.empty()) return;
  auto row = database.prepare(
      "INSERT INTO hole(source_path, from_at, until_at, cause) VALUES(?1, ?2, ?3, ?4)");
  for (const auto& hole : holes) {
    row.bind_text(1, hole.source_path)
        .bind(2, micros(hole.from))
        .bind(3, micros(hole.until))
        .bind_text(4, hole.cause)
        .run();
  }
}

void write_pending(Database& database, const std::vector<PendingEntry>& entries) {
  if (entries.empty()) return;
  auto put = database.prepare("INSERT OR REPLACE INTO pending(key, value) VALUES(?1, ?2)");
  auto drop = database.prepare("DELETE FROM pending WHERE key = ?1");
  for (const auto& entry : entries) {
    if (entry.value.empty()) {
      drop.bind_blob(1, entry.key).run();
    } else {
      put.bind_blob(1, entry.key).bind_blob(2, entry.value).run();
    }
  }
}

Statement select_positions(Database& database) {
  return database.prepare(
      "SELECT source, path, device, inode, head_hash, head_length, offset, anchor_hash, finished,"
      " first_line_at, last_line_at, cursor FROM position ORDER BY source");
}

std::vector<SourcePosition> read_positions(Database& database) {
  auto all = select_positions(database);
  return read_positions(all);
}

std::vector<SourcePosition> read_positions(Statement& row) {
  std::vector<SourcePosition> positions;
  while (row.step()) {
    SourcePosition position;
    position.source = static_cast<std::uint32_t>(row.column_int(0));
    position.path = row.column_bytes(1);
    position.device = static_cast<std::uint64_t>(row.column_int(2));
    position.inode = static_cast<std::uint64_t>(row.column_int(3));
    position.head_hash = static_cast<std::uint64_t>(row.column_int(4));
    position.head_length = static_cast<std::uint32_t>(row.column_int(5));
    position.offset = static_cast<std::uint64_t>(row.column_int(6));
    position.anchor_hash = static_cast<std::uint64_t>(row.column_int(7));
    position.finished = row.column_int(8) != 0;
    position.first_line_at = maybe_time(row, 9);
    position.last_line_at = maybe_time(row, 10);
    position.cursor = row.column_bytes(11);
    positions.push_back(std::move(position));
  }
  row.reset();
  return positions;
}

std::vector<CoverageHole> read_holes(Database& database, Time from, Time until) {
  std::vector<CoverageHole> holes;
  auto row = database.prepare(
      "SELECT source_path, from_at, until_at, cause FROM hole"
      " WHERE from_at <= ?2 AND until_at >= ?1 ORDER BY row");
  row.bind(1, micros(from)).bind(2, micros(until));
  while (row.step()) {
    holes.push_back({std::string(row.column_bytes(0)), time_at(row.column_int(1)),
                     time_at(row.column_int(2)), std::string(row.column_bytes(3))});
  }
  return holes;
}

void drop_closed(std::vector<CoverageHole>& holes) {
  std::multimap<std::pair<std::string, Time>, std::string> closed;
  for (const auto& hole : holes) {
    if (hole.until != Time::max())
      closed.emplace(std::pair(hole.source_path, hole.from), hole.cause);
  }
  std::erase_if(holes, [&](const CoverageHole& hole) {
    if (hole.until != Time::max()) return false;
    const auto [first, last] = closed.equal_range({hole.source_path, hole.from});
    return std::any_of(first, last,
                       [&](const auto& one) { return one.second.starts_with(hole.cause); });
  });
}

CoverageHole hole_of(const FileState& state, const char* cause) {
  return {"", state.arrival_min.value_or(state.hour),
          state.activity_max.value_or(state.hour + std::chrono::hours(1)), cause};
}

void write_earlier_files(Database& database, const std::vector<EarlierFile>& files) {
  database.run(kEarlierFileTable);  // a file that an earlier build began has none
  database.run("DELETE FROM earlier_file");
  auto row = database.prepare(
      "INSERT OR REPLACE INTO earlier_file(file, hour, arrival_min, activity_max, written_at)"
      " VALUES(?1, ?2, ?3, ?4, ?5)");
  for (const auto& [file, state] : files) {
    row.bind_text(1, file)
        .bind(2, micros(state.hour))
        .bind(3, maybe_micros(state.arrival_min))
        .bind(4, maybe_micros(state.activity_max))
        .bind(5, micros(state.written_at))
        .run();
  }
}

std::vector<EarlierFile> read_earlier_files(Database& database) {
  std::vector<EarlierFile> files;
  if (!has_table(database, "earlier_file")) return files;
  auto row = database.prepare(
      "SELECT file, hour, arrival_min, activity_max, written_at FROM earlier_file ORDER BY file");
  while (row.step()) {
    EarlierFile one;
    one.file = row.column_bytes(0);
    one.state.hour = time_at(row.column_int(1));
    one.state.arrival_min = maybe_time(row, 2);
    one.state.activity_max = maybe_time(row, 3);
    one.state.written_at = time_at(row.column_int(4));
    files.push_back(std::move(one));
  }
  return files;
}

bool for_each_pending_in(std::string_view block,
                         const std::function<void(std::string_view, std::string_view)>& visit) {
  const auto bytes = zstd_unpacked(block);
  if (!bytes) return false;
  std::string_view rest = *bytes;
  const auto take = [&rest]() -> std::optional<std::string_view> {
    const auto size = take_varint(rest);
    if (!size || *size > rest.size()) return std::nullopt;
    const auto taken = rest.substr(0, static_cast<std::size_t>(*size));
    rest.remove_prefix(taken.size());
    return taken;
  };
  while (!rest.empty()) {
    const auto key = take();
    if (!key) return false;
    const auto value = take();
    if (!value) return false;
    visit(*key, *value);
  }
  return true;
}

std::vector<PendingEntry> read_pending(Database& database) {
  std::vector<PendingEntry> entries;
  const auto add = [&entries](std::string_view key, std::string_view value) {
    entries.push_back({std::string(key), std::string(value)});
  };
  auto row = database.prepare("SELECT key, value FROM pending ORDER BY key");
  while (row.step()) {
    if (is_pending_block(row.column_bytes(0))) {
      static_cast<void>(for_each_pending_in(row.column_bytes(1), add));
    } else {
      add(row.column_bytes(0), row.column_bytes(1));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const PendingEntry& a, const PendingEntry& b) { return a.key < b.key; });
  return entries;
}

void pack_pending(Database& database) {
  const auto entries = read_pending(database);
  database.run("DELETE FROM pending");
  auto insert = database.prepare("INSERT INTO pending(key, value) VALUES(?1, ?2)");
  std::string block;
  std::string key(1, kPendingBlockMark);
  std::uint64_t blocks = 0;
  const auto write_block = [&] {
    if (block.empty()) return;
    key.resize(1);
    append_varint(key, blocks++);
    const auto packed = zstd_packed(block);
    insert.bind_blob(1, key).bind_blob(2, packed).run();
    block.clear();
  };
  for (const auto& entry : entries) {
    if (entry.value.size() + entry.key.size() > kPendingBlockBytes) {
      insert.bind_blob(1, entry.key).bind_blob(2, entry.value).run();
      continue;
    }
    append_varint(block, entry.key.size());
    block += entry.key;
    append_varint(block, entry.value.size());
    block += entry.value;
    if (block.size() >= kPendingBlockBytes) write_block();
  }
  write_block();
}

Result<void> unpack_pending(Database& database) {
  if (!database.query_int("SELECT 1 FROM pending WHERE key < x'01' LIMIT 1")) {
    return database.take_error();
  }
  Transaction transaction(database);
  const auto entries = read_pending(database);
  database.run("DELETE FROM pending");
  write_pending(database, entries);
  return transaction.commit();
}

void copy_state_rows(Database& from, Database& to, const std::optional<Time>& line_time) {
  auto positions = read_positions(from);
  std::erase_if(positions, [&](const SourcePosition& position) {
    return position.finished && position.last_line_at && line_time &&
           *position.last_line_at < *line_time - kFinishedKept;
  });
  write_positions(to, positions);
  write_pending(to, read_pending(from));
}

}  // namespace rastro
