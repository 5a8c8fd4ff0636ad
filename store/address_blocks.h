#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// Every address of a finished hour once, sorted and packed (docs/store.md, table `address`): what
// suggestions for a misspelt address are made of. Made a slice at a time, in the caller's
// transactions.
class AddressPacker {
 public:
  static constexpr std::size_t kAddressesMax = 2'000'000;  // of an hour; further ones are left out

  // Reads or writes up to about `rows_max` rows. True: all written.
  bool work_some(Database& database, std::size_t rows_max);

 private:
  bool gather_some(Database& database, std::size_t rows_max);
  void offer(std::string_view address);
  void write_block(Database& database);

  std::int64_t leg_row_ = 0;
  std::int64_t delivery_row_ = 0;
  bool legs_done_ = false;
  bool gathered_ = false;
  std::set<std::string> addresses_;
};

// The addresses of an hour without blocks, read off its rows. Rows are only ever appended, so a
// second reading of the same file begins where the last one ended.
class RowAddresses {
 public:
  void read(Database& database, std::uint64_t serial);
  void for_each(const std::function<void(std::string_view)>& visit) const;

 private:
  void take(Database& database, const char* sql, std::int64_t& last);

  std::uint64_t serial_ = 0;
  std::int64_t leg_row_ = 0;
  std::int64_t delivery_row_ = 0;
  std::set<std::string, std::less<>> addresses_;
};

// Whether the file has such blocks: a finished hour has.
bool has_address_blocks(Database& database);
// Every address of one block, in order. False: the rest of it is damaged.
bool for_each_address_in(std::string_view block,
                         const std::function<void(std::string_view)>& visit);
// Every address of the file, in order. What is damaged is left out.
void for_each_packed_address(Database& database,
                             const std::function<void(std::string_view)>& visit);

}  // namespace rastro
