#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/snapshot.h"
#include "store/sqlite.h"

namespace rastro {

// YYYYMMDDTHH.db, or YYYYMMDDTHH-N.db when that name was taken. Nobody chooses a file by its name;
// it only gives the order, and the hour of a file that cannot be read.
struct ShardName {
  Time hour{};
  unsigned suffix = 0;
  friend auto operator<=>(const ShardName&, const ShardName&) = default;
};
std::string to_string(const ShardName& name);
std::optional<ShardName> parse_shard_name(std::string_view text);
Time hour_of(Time at);

// The file's and its WAL's; 0 for none.
std::uint64_t bytes_on_disk(const std::filesystem::path& shard);

// A mark beside a file in which damage was met while it was the open one: the next start checks it
// whole, however large it is, and takes the mark away.
void check_at_next_start(const std::filesystem::path& shard);
bool is_to_be_checked(const std::filesystem::path& shard);
void forget_check(const std::filesystem::path& shard);

// The file and what SQLite puts beside it.
void remove_shard_files(const std::filesystem::path& path);

// Reads and writes the one row of `file_state`.
FileState load_state(Database& database);
void save_state(Database& database, const FileState& state);

// A finished file that is beside the newest one, which lists it.
struct EarlierFile {
  std::string file;  // a name in the state directory
  FileState state;   // no more than what a hole of it and its retention need
};

// A new file under its final name, complete with schema, state row, the list of the `earlier` files
// and the positions and pending entries of `previous` (may be null): it is built under another name
// and renamed, so a file that has its name is never half made.
Result<Database> create_shard(const std::filesystem::path& path, const FileState& state,
                              Database* previous, const std::vector<EarlierFile>& earlier = {});

// Opens an existing file for writing and checks that it is one of ours and undamaged.
// Error::corrupt: quarantine it. Error::invalid: a stranger's file, leave it alone. Error::limit:
// made by a newer rastro, refuse to start. `whole`: with check_whole().
Result<Database> open_shard(const std::filesystem::path& path, bool whole);

// Has SQLite look at every page of the file and at every row's outside. Error::corrupt: damaged.
// Takes about a second for 500 MB in memory, and as long as the disk for others.
Result<void> check_whole(Database& database);

// Forces what was committed to the disk: needed before a newer file carries the positions on, lest
// a power cut keep the positions and lose the rows before them.
Result<void> sync_shard(const std::filesystem::path& path);

}  // namespace rastro
