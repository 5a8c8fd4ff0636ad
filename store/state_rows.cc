#include "store/state_rows.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <string>
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
// So many blocks of changes are written before all is packed anew.
constexpr std::int64_t kChangesMax = 64;
constexpr std::size_t kNumberBytes = 8;

// Too large for a block.
bool needs_a_row(const PendingEntry& entry) {
  return entry.key.size() + entry.value.size() > kPendingBlockBytes;
}

// Big-endian, so that they are in order.
std::string key_of_changes(std::uint64_t number) {
  std::string key(1 + kNumberBytes, kPendingChangesMark);
  for (auto at = key.size(); at-- > 1; number >>= 8) key[at] = static_cast<char>(number);
  return key;
}
std::uint64_t number_of_changes(std::string_view key) {
  std::uint64_t number = 0;
  for (const char byte : key.substr(1)) number = (number << 8) | static_cast<unsigned char>(byte);
  return number;
}

// In zstd frames of about kPendingBlockBytes.
void pack_entries(const std::vector<PendingEntry>& entries,
                  const std::function<void(const std::string&)>& take_block) {
  std::string block;
  const auto end_block = [&] {
    if (!block.empty()) take_block(zstd_packed(block));
    block.clear();
  };
  for (const auto& entry : entries) {
    if (needs_a_row(entry)) continue;
    append_varint(block, entry.key.size());
    block += entry.key;
    append_varint(block, entry.value.size());
    block += entry.value;
    if (block.size() >= kPendingBlockBytes) end_block();
  }
  end_block();
}

// Sorted, of each key what was said last; an empty value ends it.
std::vector<PendingEntry> newest_of(std::vector<PendingEntry> entries) {
  std::ranges::stable_sort(entries, {}, &PendingEntry::key);
  std::vector<PendingEntry> newest;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_last = i + 1 == entries.size() || entries[i + 1].key != entries[i].key;
    if (is_last && !entries[i].value.empty()) newest.push_back(std::move(entries[i]));
  }
  return newest;
}

void rewrite_pending(Database& database, const std::vector<PendingEntry>& entries) {
  database.run("DELETE FROM pending");
  auto insert = database.prepare("INSERT INTO pending(key, value) VALUES(?1, ?2)");
  std::string key(1, kPendingBlockMark);
  std::uint64_t blocks = 0;
  pack_entries(entries, [&](const std::string& packed) {
    key.resize(1);
    append_varint(key, blocks++);
    insert.bind_blob(1, key).bind_blob(2, packed).run();
  });
  for (const auto& entry : entries) {
    if (needs_a_row(entry)) insert.bind_blob(1, entry.key).bind_blob(2, entry.value).run();
  }
}

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
  if (std::ranges::any_of(entries, needs_a_row)) {
    auto all = read_pending(database);
    all.insert(all.end(), entries.begin(), entries.end());
    rewrite_pending(database, newest_of(std::move(all)));
    return;
  }
  auto changes =
      database.prepare("SELECT count(*), max(key) FROM pending WHERE key >= x'01' AND key < x'02'");
  if (!changes.step()) return;
  const auto blocks = changes.column_int(0);
  auto number = blocks == 0 ? 0 : number_of_changes(changes.column_bytes(1)) + 1;
  changes.reset();
  auto insert = database.prepare("INSERT INTO pending(key, value) VALUES(?1, ?2)");
  pack_entries(entries, [&](const std::string& packed) {
    const auto key = key_of_changes(number++);
    insert.bind_blob(1, key).bind_blob(2, packed).run();
  });
  if (blocks >= kChangesMax) pack_pending(database);
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
  std::vector<PendingEntry> changes;
  auto row = database.prepare("SELECT key, value FROM pending ORDER BY key");
  while (row.step()) {
    const auto key = row.column_bytes(0);
    if (!is_pending_block(key)) {
      entries.push_back({std::string(key), std::string(row.column_bytes(1))});
      continue;
    }
    auto& into = key.front() == kPendingChangesMark ? changes : entries;
    const bool whole = for_each_pending_in(
        row.column_bytes(1), [&into](std::string_view its_key, std::string_view value) {
          into.push_back({std::string(its_key), std::string(value)});
        });
    if (!whole) database.report_damage("a block of pending");
  }
  entries.insert(entries.end(), std::make_move_iterator(changes.begin()),
                 std::make_move_iterator(changes.end()));
  return newest_of(std::move(entries));
}

void pack_pending(Database& database) { rewrite_pending(database, read_pending(database)); }

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
