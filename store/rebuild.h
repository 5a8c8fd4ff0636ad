#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "store/dictionary.h"
#include "store/hash_key.h"
#include "store/leg_names.h"
#include "store/postings.h"
#include "store/sqlite.h"

namespace rastro {

// Appends the postings of the rows of [from, until) to `out`; `row_done` is called after each row.
void post_rows(Database& database, const KeyHasher& hasher, std::uint32_t from, std::uint32_t until,
               std::vector<Posting>& out, const std::function<void()>& row_done);

// The postings of a file that was not sealed, made again from its rows in pieces: a large hour
// takes longer than a start may. The newest rows come first: the next lines and most questions are
// about them.
class PostingRebuild {
 public:
  explicit PostingRebuild(std::uint32_t row_max) : until_(row_max + 1) {}
  // Up to `rows_max` rows more. True: all are done.
  bool work_some(Database& database, const KeyHasher& hasher, std::uint32_t rows_max,
                 PostingRuns& runs);
  std::uint32_t until() const { return until_; }  // the rows below are still to come

 private:
  std::uint32_t until_;
};

LegIdRuns read_carried(Database& database);

// Every leg version of a file, in the order in which they were written.
struct VersionMark {
  std::uint64_t leg_id = 0;
  std::uint32_t row = 0;
  bool open = false;
  bool untold = false;  // it does not name every recipient
};
void for_each_version(Database& database, const std::function<void(const VersionMark&)>& visit);

// What tells a leg's later lines that they are its: id, host, queue id, Message-ID, times. Less
// than a summary, for a start that reads it of a hundred thousand legs.
class LegHeaderReader {
 public:
  explicit LegHeaderReader(Database& database);
  bool load(std::uint32_t row, LegRecord& leg);

 private:
  DictionaryReader dictionary_;
  LegNamesReader names_;
  Statement leg_;
};

}  // namespace rastro
