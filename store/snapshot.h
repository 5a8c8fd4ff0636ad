#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "store/file_notes.h"
#include "store/hash_key.h"
#include "store/merged_addresses.h"
#include "store/postings.h"

namespace rastro {

struct FileTrouble {
  std::string file;  // a name in the state directory
  Time from{};       // what is missing from every answer; Time::min(): all before `until`
  Time until{};
  std::string why;
};

// What a file's single row of `file_state` says.
struct FileState {
  Time hour{};
  bool sealed = false;       // its postings are packed segments; no row comes any more
  bool carried_all = false;  // every open leg of earlier files has a row here
  std::optional<Time> arrival_min, arrival_max;    // of opened_at
  std::optional<Time> activity_min, activity_max;  // of last_activity_at; max counts closed_at too
  Time written_at{};                               // wall clock at the last commit
  std::optional<Time> line_time;                   // high-water mark
  std::uint64_t leg_id_max = 0;
  std::uint32_t key_kinds = 0;  // how many kinds of keys (KeyKind) its rows are posted under
  std::uint32_t key_check = 0;  // which installation's secret its postings were made with
};

// One file as a reader may use it.
struct FileView {
  std::uint64_t serial = 0;  // never used again by this writer, unlike a name
  std::filesystem::path path;
  FileState state;
  std::uint32_t row_max = 0;  // later rows belong to later snapshots
  PostingRuns runs;           // empty when sealed
  // After a start: the rows below this one have no postings yet, those above have.
  std::uint32_t unposted_until = 0;
  bool all_posted() const { return unposted_until <= 1; }
  LegIdRuns carried;  // legs here that may have older rows in earlier files
  // Set by a reader that met damage; the writer then quarantines the file.
  std::shared_ptr<std::atomic<bool>> damaged;
  bool checked = true;  // false: too large to be checked whole at the start; the check thread's
  std::shared_ptr<FileNotes> notes;  // of its readers; never null
};

// An open leg of which not every recipient is known, and its newest version: mail that was not
// tried yet, or in part.
struct UntoldLeg {
  std::uint64_t leg_id = 0;
  std::uint64_t serial = 0;
  std::uint32_t row = 0;
};

// Immutable. Oldest file first.
struct StoreSnapshot {
  KeyHasher hasher;
  std::vector<std::shared_ptr<const FileView>> files;
  std::vector<FileTrouble> troubles;
  std::shared_ptr<MergedAddresses> merged_addresses;  // of its readers; never null
  // A leg that ended before this is past retention, though its file may still exist.
  Time ended_visible_since = Time::min();
  std::shared_ptr<const std::vector<UntoldLeg>> untold{};  // newest first; null: too many
};

}  // namespace rastro
