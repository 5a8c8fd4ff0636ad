#pragma once

#include <optional>
#include <vector>

#include "core/position.h"
#include "store/sqlite.h"
#include "store/writer.h"

namespace rastro {

// The rows of a file that are no legs: where the sources stand, what they miss, and the
// correlator's transient state. Errors stick to the database.
void write_positions(Database& database, const std::vector<SourcePosition>& positions);
void write_holes(Database& database, const std::vector<CoverageHole>& holes);
void write_pending(Database& database, const std::vector<PendingEntry>& entries);

std::vector<SourcePosition> read_positions(Database& database);
std::vector<CoverageHole> read_holes(Database& database, Time from, Time until);
std::vector<PendingEntry> read_pending(Database& database);

// Carries positions and pending entries into the next hour's file. Finished content generations
// whose last line is far older than any row can be (a month before `line_time`) end here.
void copy_state_rows(Database& from, Database& to, const std::optional<Time>& line_time);

}  // namespace rastro
