#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// Every address of a finished hour once, sorted and packed (docs/store.md, table `address`): what
// suggestions for a misspelt address are made of, and the way to what was asked for in part. Made a
// slice at a time, in the caller's transactions.
class AddressPacker {
 public:
  static constexpr std::size_t kAddressesMax = 2'000'000;  // of an hour; further ones are left out

  explicit AddressPacker(std::size_t addresses_max = kAddressesMax)
      : addresses_max_(addresses_max) {}

  // Reads or writes up to about `rows_max` rows. True: all written.
  bool work_some(Database& database, std::size_t rows_max);

 private:
  bool gather_some(Database& database, std::size_t rows_max);
  void offer(std::string_view address);
  void write_block(Database& database);
  bool done() const { return addresses_.empty() && complete_; }

  std::size_t addresses_max_;
  std::int64_t leg_row_ = 0;
  std::int64_t delivery_row_ = 0;
  bool legs_done_ = false;
  bool gathered_ = false;
  bool complete_ = true;
  std::vector<bool> told_names_;
  std::set<std::string> addresses_;
};

// Is shown an address and how many of its first bytes are those of the one shown before. Answers
// how many of its first bytes say already that it is not wanted (kSeeAll: they don't): those of the
// next ones that begin with the same bytes are passed over unread.
using AddressVisit = std::function<std::size_t(std::string_view address, std::size_t same)>;
inline constexpr std::size_t kSeeAll = SIZE_MAX;

// The addresses of an hour without blocks, read off its rows into blocks in memory. Rows are only
// ever appended, so a second reading of the same file begins where the last one ended. An address
// may come several times. Threads: any.
class RowAddresses {
 public:
  void read_on(Database& database);
  // False: there were more than AddressPacker::kAddressesMax.
  bool for_each(const AddressVisit& visit) const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::int64_t leg_row_ = 0;
  std::int64_t delivery_row_ = 0;
  std::vector<bool> told_names_;
  std::size_t count_ = 0;
  bool complete_ = true;
  std::vector<std::shared_ptr<const std::string>> blocks_;
};

// Packs an address behind `previous`, the one before it in the block ("": there is none).
void append_packed_address(std::string& block, std::string_view previous, std::string_view next);
// Whether the file has such blocks: a finished hour has.
bool has_address_blocks(Database& database);
// Every address of one block, in order, but those passed over. False: the rest of it is damaged.
bool for_each_address_in(std::string_view block, const AddressVisit& visit);
// Every address of the file, in order. What is damaged is left out. False: that, or the hour had
// more of them than a file keeps.
bool for_each_packed_address(Database& database, const AddressVisit& visit);

}  // namespace rastro
