#include "store/address_blocks.h"

#include <algorithm>
#include <optional>

#include "core/address.h"
#include "store/varint.h"
#include "store/zstd_frame.h"

namespace rastro {
namespace {

constexpr std::size_t kBlockBytes = 16UL * 1024;

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto most = std::min(a.size(), b.size());
  std::size_t size = 0;
  while (size < most && a[size] == b[size]) ++size;
  return size;
}

}  // namespace

void AddressPacker::offer(std::string_view address) {
  if (address.empty() || addresses_.size() >= kAddressesMax) return;
  addresses_.insert(fold_address(address));
}

// True: every row was read.
bool AddressPacker::gather_some(Database& database, std::size_t rows_max) {
  const auto take = [&](const char* sql, std::int64_t& last) {
    auto row = database.prepare(sql);
    row.bind(1, last).bind(2, static_cast<std::int64_t>(rows_max));
    std::size_t rows = 0;
    for (; row.step(); ++rows) {
      last = row.column_int(0);
      for (const int column : {1, 2}) {
        if (!row.is_null(column)) offer(row.column_bytes(column));
      }
    }
    return rows < rows_max;
  };
  if (!legs_done_) {
    legs_done_ =
        take("SELECT row, envelope_sender, login FROM leg WHERE row > ?1 ORDER BY row LIMIT ?2",
             leg_row_);
    return false;
  }
  return take(
      "SELECT row, recipient, original_recipient FROM delivery WHERE row > ?1 ORDER BY row LIMIT "
      "?2",
      delivery_row_);
}

void AddressPacker::write_block(Database& database) {
  std::string block;
  std::string previous;
  while (!addresses_.empty() && block.size() < kBlockBytes) {
    auto next = std::move(addresses_.extract(addresses_.begin()).value());
    const auto shared = common_prefix(previous, next);
    append_varint(block, shared);
    append_varint(block, next.size() - shared);
    block.append(next, shared);
    previous = std::move(next);
  }
  auto row = database.prepare("INSERT INTO address(addresses) VALUES(?1)");
  const auto packed = zstd_packed(block);
  row.bind_blob(1, packed);
  row.step();
}

bool AddressPacker::work_some(Database& database, std::size_t rows_max) {
  if (!gathered_) {
    if (leg_row_ == 0 && !legs_done_) database.run("DELETE FROM address");  // of one cut short
    gathered_ = gather_some(database, rows_max);
    return false;
  }
  for (std::size_t rows = 0; rows < rows_max && !addresses_.empty(); rows += kBlockBytes / 16)
    write_block(database);
  return addresses_.empty();
}

void RowAddresses::take(Database& database, const char* sql, std::int64_t& last) {
  auto row = database.prepare(sql);
  row.bind(1, last);
  while (row.step()) {
    last = row.column_int(0);
    for (const int column : {1, 2}) {
      if (row.is_null(column)) continue;
      auto address = fold_address(row.column_bytes(column));
      if (!address.empty() && addresses_.size() < AddressPacker::kAddressesMax)
        addresses_.insert(std::move(address));
    }
  }
}

void RowAddresses::read(Database& database, std::uint64_t serial) {
  if (serial != serial_) {
    *this = {};
    serial_ = serial;
  }
  take(database, "SELECT row, envelope_sender, login FROM leg WHERE row > ?1 ORDER BY row",
       leg_row_);
  take(database,
       "SELECT row, recipient, original_recipient FROM delivery WHERE row > ?1 ORDER BY row",
       delivery_row_);
}

void RowAddresses::for_each(const std::function<void(std::string_view)>& visit) const {
  for (const auto& address : addresses_) visit(address);
}

bool has_address_blocks(Database& database) {
  return database.query_int("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'address'")
      .has_value();
}

bool for_each_address_in(std::string_view block,
                         const std::function<void(std::string_view)>& visit) {
  std::optional<std::string> unpacked;
  auto rest = block;
  if (is_zstd_frame(block)) {
    unpacked = zstd_unpacked(block);
    if (!unpacked) return false;
    rest = *unpacked;
  }
  std::string address;
  while (!rest.empty()) {
    const auto shared = take_varint(rest);
    const auto size = shared ? take_varint(rest) : std::nullopt;
    if (!size || *shared > address.size() || *size > rest.size()) return false;
    address.resize(static_cast<std::size_t>(*shared));
    address.append(rest.substr(0, static_cast<std::size_t>(*size)));
    rest.remove_prefix(static_cast<std::size_t>(*size));
    visit(address);
  }
  return true;
}

void for_each_packed_address(Database& database,
                             const std::function<void(std::string_view)>& visit) {
  auto row = database.prepare("SELECT addresses FROM address ORDER BY block");
  while (row.step()) static_cast<void>(for_each_address_in(row.column_bytes(0), visit));
}

}  // namespace rastro
