#include "store/leg_names.h"

#include <optional>
#include <utility>

#include "store/row_columns.h"

namespace rastro {
namespace {

// The row that has the names of one whose queue id is NULL here; queue id; Message-ID; the row of
// `name` with its end; the client whose host the end may name.
constexpr std::string_view kBrief =
    "coalesce(named_row, header_row), queue_id, message_id, message_id_end, client";
constexpr std::string_view kPlain = "NULL, queue_id, message_id, NULL, NULL";
// Each row had its queue id, and the Message-ID stood with the header.
constexpr std::string_view kBeforeBrief =
    "header_row, CASE WHEN header_row IS NULL THEN queue_id END, message_id, NULL, NULL";

}  // namespace

LegNamesReader::LegNamesReader(Database& database, RowLayout layout, DictionaryReader& dictionary)
    : layout_(layout),
      dictionary_(dictionary),
      elsewhere_(database.prepare("SELECT leg_id, " + std::string(columns()) +
                                  " FROM leg WHERE row = ?1")) {}

std::string_view LegNamesReader::columns() const {
  if (layout_ == RowLayout::plain) return kPlain;
  return layout_ >= RowLayout::brief ? kBrief : kBeforeBrief;
}

// False: damage, or another row has them.
bool LegNamesReader::take(const Statement& row, int first, std::string& queue_id,
                          MaybeText& message_id) {
  if (row.is_null(first + 1)) return false;
  auto id = packed_column(row, first + 1);
  if (!id) return false;
  queue_id = std::move(*id);
  message_id.reset();
  if (row.is_null(first + 2)) return true;
  auto start = packed_column(row, first + 2);
  if (!start) return false;
  if (!row.is_null(first + 3)) {
    const auto end = row.column_int(first + 3);
    if (end != 0) {
      *start += dictionary_.name(end);
    } else {
      *start += '@';
      *start += dictionary_.endpoint(row.column_int(first + 4)).host;
      *start += '>';
    }
  }
  message_id.emplace(*start);
  return true;
}

bool LegNamesReader::read(const Statement& row, int first, std::uint64_t leg_id,
                          std::string& queue_id, MaybeText& message_id) {
  if (take(row, first, queue_id, message_id)) return true;
  if (row.is_null(first)) return false;
  elsewhere_.bind(1, row.column_int(first));
  const bool sound = elsewhere_.step() &&
                     static_cast<std::uint64_t>(elsewhere_.column_int(0)) == leg_id &&
                     take(elsewhere_, 1, queue_id, message_id);
  elsewhere_.reset();
  return sound;
}

}  // namespace rastro
