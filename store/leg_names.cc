#include "store/leg_names.h"

namespace rastro {
namespace {

// The row that has the names of one whose queue id is NULL here; queue id; Message-ID; the row of
// `name` with its end.
constexpr std::string_view kBrief =
    "coalesce(named_row, header_row), queue_id, message_id, message_id_end";
constexpr std::string_view kPlain = "NULL, queue_id, message_id, NULL";
// Each row had its queue id, and the Message-ID stood with the header.
constexpr std::string_view kBeforeBrief =
    "header_row, CASE WHEN header_row IS NULL THEN queue_id END, message_id, NULL";

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

// False: another row has them.
bool LegNamesReader::take(const Statement& row, int first, std::string& queue_id,
                          MaybeText& message_id) {
  if (row.is_null(first + 1)) return false;
  queue_id = row.column_bytes(first + 1);
  message_id.reset();
  if (row.is_null(first + 2)) return true;
  message_id.emplace(row.column_bytes(first + 2));
  if (!row.is_null(first + 3))
    message_id = *message_id + dictionary_.name(row.column_int(first + 3));
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
