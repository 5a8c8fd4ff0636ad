#pragma once

#include <cstdint>
#include <functional>

#include "store/hash_key.h"
#include "store/postings.h"
#include "store/sqlite.h"

namespace rastro {

// What a start needs of a file that was not sealed: its postings again, from its rows.
PostingRuns rebuild_postings(Database& database, const KeyHasher& hasher);
LegIdRuns read_carried(Database& database);

// Every leg version of a file, in the order in which they were written.
struct VersionMark {
  std::uint64_t leg_id = 0;
  std::uint32_t row = 0;
  bool open = false;
};
void for_each_version(Database& database, const std::function<void(const VersionMark&)>& visit);

}  // namespace rastro
