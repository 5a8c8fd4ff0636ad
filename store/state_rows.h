#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/position.h"
#include "store/shard.h"
#include "store/sqlite.h"
#include "store/writer.h"

namespace rastro {

// The rows of a file that are no legs: where the sources stand, what they miss, and the
// correlator's transient state. Errors stick to the database.
void write_positions(Database& database, const std::vector<SourcePosition>& positions);
void write_holes(Database& database, const std::vector<CoverageHole>& holes);
void write_pending(Database& database, const std::vector<PendingEntry>& entries);

// `all`: made by select_positions(), to be used again.
Statement select_positions(Database& database);
std::vector<SourcePosition> read_positions(Statement& all);
std::vector<SourcePosition> read_positions(Database& database);
std::vector<CoverageHole> read_holes(Database& database, Time from, Time until);
// One without an end is over when another one of that log begins with it, and its cause with its
// cause: at the same moment something else may have been lost.
void drop_closed(std::vector<CoverageHole>& holes);
std::vector<PendingEntry> read_pending(Database& database);

// The finished files beside the one that has these rows, so that one which is removed while nobody
// runs is missed at the next start.
CoverageHole hole_of(const FileState& state, const char* cause);
// In place of those that were listed before.
void write_earlier_files(Database& database, const std::vector<EarlierFile>& files);
std::vector<EarlierFile> read_earlier_files(Database& database);

// Pending entries stand in packed blocks, whose keys begin with one of these bytes: all of them at
// some moment, and what each commit since has changed, in order. Thousands of them change with a
// batch, each on another page of a table by key.
inline constexpr char kPendingBlockMark = '\0';
inline constexpr char kPendingChangesMark = '\x01';
inline bool is_pending_block(std::string_view key) {
  return key.starts_with(kPendingBlockMark) || key.starts_with(kPendingChangesMark);
}
// Leaves no changes, in the caller's transaction.
void pack_pending(Database& database);
// False: damaged behind what was visited.
bool for_each_pending_in(std::string_view block,
                         const std::function<void(std::string_view, std::string_view)>& visit);

// Carries positions and pending entries into the next hour's file. Finished content generations
// whose last line is far older than any row can be (a month before `line_time`) end here.
void copy_state_rows(Database& from, Database& to, const std::optional<Time>& line_time);

}  // namespace rastro
