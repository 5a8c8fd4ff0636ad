#include "store/address_blocks.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "core/address.h"
#include "core/varint.h"
#include "store/dictionary.h"
#include "store/leg_rows.h"
#include "store/packed_leg.h"
#include "store/schema.h"
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

// Most lengths are one byte.
bool take_length(std::string_view& rest, std::size_t& length) {
  if (!rest.empty() && static_cast<unsigned char>(rest.front()) < 0x80) {
    length = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    return true;
  }
  const auto taken = take_varint(rest);
  length = static_cast<std::size_t>(taken.value_or(0));
  return taken.has_value();
}

bool for_each_in_unpacked(std::string_view rest, const AddressVisit& visit) {
  std::string address;
  std::size_t size = 0;            // of the address before, shown or passed over
  std::size_t same = 0;            // of its bytes, those of the one shown last
  std::size_t unwanted = kSeeAll;  // whoever has so many bytes of the one shown last
  while (!rest.empty()) {
    std::size_t shared = 0;
    std::size_t added = 0;
    if (!take_length(rest, shared) || !take_length(rest, added) || shared > size ||
        added > rest.size()) {
      return false;
    }
    size = shared + added;
    same = std::min(same, shared);
    if (same < unwanted) {
      // What was passed over agrees in these bytes with what was shown.
      address.resize(same);
      address.append(rest.substr(0, added));
      unwanted = visit(address, same);
      same = size;
    }
    rest.remove_prefix(added);
  }
  return true;
}

using OnAddress = std::function<void(std::string_view)>;

// The rows of a table behind `last`, which is moved on; returns how many there were. The address
// columns are the ones behind the first.
std::size_t visit_columns(Database& database, const char* sql, std::int64_t rows_max,
                          std::int64_t& last, const OnAddress& visit) {
  auto row = database.prepare(sql);
  row.bind(1, last).bind(2, rows_max);
  std::size_t rows = 0;
  for (; row.step(); ++rows) {
    last = row.column_int(0);
    for (const int column : {1, 2}) {
      if (!row.is_null(column)) visit(row.column_bytes(column));
    }
  }
  return rows;
}

// Of addresses that are rows of `name`, each is shown once: `told` knows which were.
class AddressColumn {
 public:
  AddressColumn(Database& database, std::vector<bool>& told, const OnAddress& visit)
      : dictionary_(database), told_(told), visit_(visit) {}
  void show(const Statement& row, int column) {
    if (row.column_type(column) == Statement::Type::integer) {
      const auto id = static_cast<std::uint64_t>(row.column_int(column));
      if (id > kNamesMax) return;
      if (id >= told_.size()) told_.resize(static_cast<std::size_t>(id) + kNamesStep);
      if (told_[id]) return;
      told_[id] = true;
    }
    if (const auto address = dictionary_.address(row, column)) visit_(*address);
  }

 private:
  static constexpr std::uint64_t kNamesMax = 1U << 28;  // an id beyond it is damage
  static constexpr std::size_t kNamesStep = 1U << 16;
  DictionaryReader dictionary_;
  std::vector<bool>& told_;
  const OnAddress& visit_;
};

std::size_t visit_legs(Database& database, std::int64_t rows_max, std::int64_t& last,
                       std::vector<bool>& told, const OnAddress& visit) {
  if (row_layout(database) == RowLayout::plain) {
    return visit_columns(
        database,
        "SELECT row, envelope_sender, login FROM leg WHERE row > ?1 ORDER BY row LIMIT ?2",
        rows_max, last, visit);
  }
  auto row = database.prepare(
      "SELECT row, envelope_sender, login, recipient, header_row, more FROM leg"
      " WHERE row > ?1 ORDER BY row LIMIT ?2");
  row.bind(1, last).bind(2, rows_max);
  AddressColumn address(database, told, visit);
  std::size_t rows = 0;
  for (; row.step(); ++rows) {
    last = row.column_int(0);
    for (const int column : {1, 2, 3}) address.show(row, column);
    PackedLegStart start;
    auto more = row.column_bytes(5);
    if (!start.take(more, row.is_null(4), !row.is_null(3))) {
      database.report_damage("row " + std::to_string(last) + " of leg");
    } else if (start.recipient.has(RecipientField::original_recipient)) {
      visit(start.recipient.text(RecipientField::original_recipient));
    }
  }
  return rows;
}

std::size_t visit_deliveries(Database& database, std::int64_t rows_max, std::int64_t& last,
                             std::vector<bool>& told, const OnAddress& visit) {
  if (row_layout(database) == RowLayout::plain) {
    return visit_columns(database,
                         "SELECT row, recipient, original_recipient FROM delivery"
                         " WHERE row > ?1 ORDER BY row LIMIT ?2",
                         rows_max, last, visit);
  }
  auto row = database.prepare(
      "SELECT row, recipient, more FROM delivery WHERE row > ?1 ORDER BY row LIMIT ?2");
  row.bind(1, last).bind(2, rows_max);
  AddressColumn address(database, told, visit);
  std::size_t rows = 0;
  for (; row.step(); ++rows) {
    last = row.column_int(0);
    address.show(row, 1);
    PackedRecipient fields;
    auto more = row.column_bytes(2);
    if (!fields.take(more, kRecipientFields)) {
      database.report_damage("row " + std::to_string(last) + " of delivery");
    } else if (fields.has(RecipientField::original_recipient)) {
      visit(fields.text(RecipientField::original_recipient));
    }
  }
  return rows;
}

constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();

}  // namespace

void append_packed_address(std::string& block, std::string_view previous, std::string_view next) {
  const auto shared = common_prefix(previous, next);
  append_varint(block, shared);
  append_varint(block, next.size() - shared);
  block.append(next.substr(shared));
}

void AddressPacker::offer(std::string_view address) {
  if (address.empty()) return;
  if (addresses_.size() >= addresses_max_) {
    complete_ = false;
    return;
  }
  addresses_.insert(fold_address(address));
}

// True: every row was read.
bool AddressPacker::gather_some(Database& database, std::size_t rows_max) {
  const auto offered = [this](std::string_view address) { offer(address); };
  const auto limit = static_cast<std::int64_t>(rows_max);
  if (!legs_done_) {
    legs_done_ = visit_legs(database, limit, leg_row_, told_names_, offered) < rows_max;
    return false;
  }
  return visit_deliveries(database, limit, delivery_row_, told_names_, offered) < rows_max;
}

void AddressPacker::write_block(Database& database) {
  if (addresses_.empty() && !complete_) {
    database.run("INSERT INTO address(addresses) VALUES(x'')");
    complete_ = true;
    return;
  }
  std::string block;
  std::string previous;
  while (!addresses_.empty() && block.size() < kBlockBytes) {
    auto next = std::move(addresses_.extract(addresses_.begin()).value());
    append_packed_address(block, previous, next);
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
  for (std::size_t rows = 0; rows < rows_max && !done(); rows += kBlockBytes / 16)
    write_block(database);
  return done();
}

void RowAddresses::read_on(Database& database) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> addresses;
  const auto keep = [&](std::string_view address) {
    if (address.empty()) return;
    if (count_ + addresses.size() < AddressPacker::kAddressesMax) {
      addresses.push_back(fold_address(address));
    } else {
      complete_ = false;
    }
  };
  visit_legs(database, kAllRows, leg_row_, told_names_, keep);
  visit_deliveries(database, kAllRows, delivery_row_, told_names_, keep);
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty()) return;
  std::string block;
  std::string_view previous;
  for (const auto& address : addresses) {
    append_packed_address(block, previous, address);
    previous = address;
  }
  block.shrink_to_fit();
  count_ += addresses.size();
  blocks_.push_back(std::make_shared<const std::string>(std::move(block)));
}

void RowAddresses::clear() {
  const std::lock_guard lock(mutex_);
  blocks_.clear();
  blocks_.shrink_to_fit();
}

bool RowAddresses::for_each(const AddressVisit& visit) const {
  std::unique_lock lock(mutex_);
  const auto blocks = blocks_;
  const bool complete = complete_;
  lock.unlock();
  for (const auto& block : blocks) static_cast<void>(for_each_in_unpacked(*block, visit));
  return complete;
}

bool has_address_blocks(Database& database) { return has_table(database, "address"); }

bool for_each_address_in(std::string_view block, const AddressVisit& visit) {
  if (!is_zstd_frame(block)) return for_each_in_unpacked(block, visit);
  const auto unpacked = zstd_unpacked(block);
  return unpacked && for_each_in_unpacked(*unpacked, visit);
}

bool for_each_packed_address(Database& database, const AddressVisit& visit) {
  auto row = database.prepare("SELECT addresses FROM address ORDER BY block");
  bool all = true;
  while (row.step()) {
    const auto block = row.column_bytes(0);
    all = all && !block.empty();
    all = for_each_address_in(block, visit) && all;
  }
  return all;
}

}  // namespace rastro
