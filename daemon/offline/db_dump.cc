#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <string>

#include "daemon/answer/journey_json.h"
#include "daemon/offline/offline.h"
#include "store/address_blocks.h"
#include "store/dictionary.h"
#include "store/leg_rows.h"
#include "store/line_refs.h"
#include "store/old_leg_rows.h"
#include "store/packed_leg.h"
#include "store/packed_text.h"
#include "store/postings.h"
#include "store/raw_blocks.h"
#include "store/row_times.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/state_rows.h"

namespace rastro {
namespace {

namespace json = boost::json;

struct Table {
  const char* name;
  const char* sql;
};
constexpr Table kTables[] = {
    {"file_state", "SELECT * FROM file_state"},
    {"position", "SELECT * FROM position ORDER BY source"},
    {"hole", "SELECT * FROM hole ORDER BY row"},
    {"earlier_file", "SELECT * FROM earlier_file ORDER BY file"},
    {"name", "SELECT * FROM name ORDER BY id"},
    {"endpoint", "SELECT * FROM endpoint ORDER BY id"},
    {"leg", "SELECT * FROM leg ORDER BY row"},
    {"delivery", "SELECT * FROM delivery ORDER BY row"},
    {"timeline", "SELECT * FROM timeline ORDER BY row"},
    {"link", "SELECT * FROM link ORDER BY row"},
    {"fact", "SELECT * FROM fact ORDER BY row"},
    {"carried", "SELECT * FROM carried ORDER BY leg_id"},
    {"encounter", "SELECT * FROM encounter ORDER BY row"},
    {"pending", "SELECT * FROM pending ORDER BY key"},
    {"raw_block", "SELECT * FROM raw_block ORDER BY row"},
    {"address", "SELECT * FROM address ORDER BY block"},
    {"row_times", "SELECT * FROM row_times"},
    {"segment", "SELECT * FROM segment ORDER BY first_posting"},
};

json::value hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return json::value(out);
}

json::value told_lines(const std::vector<LineRef>& lines) {
  json::array out;
  for (const auto& line : lines) {
    out.push_back(
        json::object{{"source", line.source}, {"offset", line.offset}, {"length", line.length}});
  }
  return out;
}

// `lines` of a file of before version 4.
json::value unpacked_lines(std::int64_t flags, std::string_view bytes) {
  std::vector<LineRef> lines;
  if (!take_line_refs(bytes, old_line_packing(flags), lines)) return hex(bytes);
  return told_lines(lines);
}

json::value unpacked_text(std::string_view bytes) {
  const auto text = unpack_text(bytes);
  return text ? json::value(valid_utf8(*text)) : hex(bytes);
}

template <std::size_t Count>
json::object told_fields(const PackedFields<Count>& fields, const FieldInfo (&infos)[Count]) {
  json::object out;
  for (unsigned field = 0; field < Count; ++field) {
    if (!fields.has(field)) continue;
    auto& value = out[infos[field].name];
    switch (infos[field].kind) {
      case FieldKind::mark:
        value = true;
        break;
      case FieldKind::difference:
        value = fields.difference(field);
        break;
      case FieldKind::text:
        value = infos[field].name == "packed_queue_id"
                    ? unpacked_text(fields.text(field))
                    : json::value(valid_utf8(fields.text(field)));
        break;
      case FieldKind::number:
      case FieldKind::name:
      case FieldKind::endpoint:
        value = fields.number(field);
        break;
    }
    if (infos[field].name == "enhanced_status")
      value = json::value(to_string(unpack_status(fields.number(field))));
  }
  return out;
}

// `more` of a leg row.
json::value unpacked_leg(bool has_header, bool has_recipient, LinePacking packing,
                         std::string_view bytes) {
  json::object out;
  PackedLegStart start;
  auto rest = bytes;
  if (!start.take(rest, has_header, has_recipient)) return hex(bytes);
  if (has_header) out["header"] = told_fields(start.header, kHeaderFields);
  if (has_recipient) out["recipient"] = told_fields(start.recipient, kRecipientFields);
  json::array timeline;
  json::array links;
  json::array facts;
  const bool sound = take_lists(
      rest,
      [&](const PackedTimelineEntry& one) {
        timeline.push_back(told_fields(one, kTimelineFields));
      },
      [&](const PackedLink& one) { links.push_back(told_fields(one, kLinkFields)); },
      [&](const PackedFact& one) { facts.push_back(told_fields(one, kFactFields)); });
  std::vector<LineRef> lines;
  if (!sound || !take_line_refs(rest, packing, lines)) return hex(bytes);
  out["timeline"] = std::move(timeline);
  out["links"] = std::move(links);
  out["facts"] = std::move(facts);
  out["lines"] = told_lines(lines);
  return out;
}

json::value unpacked_delivery(std::string_view bytes) {
  PackedRecipient fields;
  auto rest = bytes;
  if (!fields.take(rest, kRecipientFields) || !rest.empty()) return hex(bytes);
  return told_fields(fields, kRecipientFields);
}

int column_named(const Statement& row, std::string_view name) {
  for (int i = 0; i < row.column_count(); ++i) {
    if (row.column_name(i) == name) return i;
  }
  return -1;
}

json::value unpacked_leg_column(const Statement& row, int column, std::string_view bytes) {
  if (row.column_name(column) == "lines")
    return unpacked_lines(row.column_int(column_named(row, "flags")), bytes);
  return unpacked_leg(
      row.is_null(column_named(row, "header_row")), !row.is_null(column_named(row, "recipient")),
      line_packing(column_named(row, "named_row") >= 0 ? RowLayout::brief : RowLayout::shared),
      bytes);
}

// Outcome, reply code and reason, which a row of a file since version 4 has as one number.
json::value told_result(std::int64_t packed) {
  const auto result = unpack_result(packed);
  return json::object{{"outcome", outcome_name(result.outcome)},
                      {"reply_code", result.reply_code},
                      {"reason", reason_name(result.reason)}};
}

json::value unpacked_pending(std::string_view bytes) {
  json::array out;
  const bool sound = for_each_pending_in(bytes, [&](std::string_view key, std::string_view value) {
    out.push_back(json::object{{"key", hex(key)}, {"value", hex(value)}});
  });
  return sound ? json::value(std::move(out)) : hex(bytes);
}

json::value unpacked_addresses(std::string_view bytes) {
  json::array out;
  const bool sound = for_each_address_in(bytes, [&](std::string_view address, std::size_t) {
    out.push_back(json::value(valid_utf8(address)));
    return kSeeAll;
  });
  return sound ? json::value(std::move(out)) : hex(bytes);
}

json::value unpacked_times(std::string_view bytes) {
  const auto times = RowTimes::unpacked(bytes);
  if (!times) return hex(bytes);
  json::array out;
  for (std::uint32_t row = 1; row <= times->known(); row += RowTimes::kRows) {
    const auto& range = times->range_at(row);
    out.push_back(json::object{{"first_row", row},
                               {"opened_min", range.opened_min},
                               {"active_max", range.active_max},
                               {"leg_id_min", range.leg_id_min},
                               {"leg_id_max", range.leg_id_max}});
  }
  json::array others;
  for (const auto& other : times->others()) {
    others.push_back(json::object{{"row", other.row}, {"opened_second", other.opened_second}});
  }
  return json::object{
      {"rows", times->known()}, {"ranges", std::move(out)}, {"others", std::move(others)}};
}

// Pairs of a posting's two parts: key hash, row.
json::value unpacked_postings(const Statement& row, std::string_view bytes) {
  std::vector<Posting> postings;
  if (!unpack_segment(static_cast<Posting>(row.column_int(0)), bytes, postings)) return hex(bytes);
  json::array out;
  for (const auto posting : postings) {
    out.push_back(json::array{key_of(posting), row_of(posting)});
  }
  return out;
}

json::value unpacked_block(const Statement& row, std::string_view bytes) {
  json::array out;
  const auto first = static_cast<std::uint64_t>(row.column_int(2));
  const bool sound =
      for_each_raw_line(bytes, first, [&](std::uint64_t offset, std::string_view text) {
        out.push_back(json::object{{"offset", offset}, {"text", valid_utf8(text)}});
        return true;
      });
  return sound ? json::value(std::move(out)) : hex(bytes);
}

json::value value_of(const Statement& row, int column, std::string_view table) {
  switch (row.column_type(column)) {
    case Statement::Type::null:
      return nullptr;
    case Statement::Type::integer:
      if (row.column_name(column) == "result" && (table == "leg" || table == "delivery"))
        return told_result(row.column_int(column));
      if (table == "endpoint" && row.column_name(column) == "ip")
        return json::value(ip_text(row.column_int(column)));
      return row.column_int(column);
    case Statement::Type::text:
      return json::value(valid_utf8(row.column_bytes(column)));
    case Statement::Type::blob:
      break;
  }
  const auto bytes = row.column_bytes(column);
  const auto name = row.column_name(column);
  if (name == "queue_id" || name == "message_id" || name == "reply_part")
    return unpacked_text(bytes);
  if (table == "leg") return unpacked_leg_column(row, column, bytes);
  if (table == "delivery") return unpacked_delivery(bytes);
  if (table == "pending" && column == 1 && is_pending_block(row.column_bytes(0))) {
    return unpacked_pending(bytes);
  }
  if (table == "address") return unpacked_addresses(bytes);
  if (table == "row_times") return unpacked_times(bytes);
  if (table == "raw_block") return unpacked_block(row, bytes);
  if (table == "segment") return unpacked_postings(row, bytes);
  return hex(bytes);
}

}  // namespace

int run_db_dump(const std::string& file) {
  const auto kind = identify(file);
  if (!kind || *kind != FileKind::ours) {
    std::fprintf(stderr, "rastrod: %s: %s\n", file.c_str(),
                 kind ? "not an index file of this version" : kind.error().message.c_str());
    return kOfflineFailed;
  }
  auto database = Database::open(file, Database::Mode::read_only);
  if (!database) {
    std::fprintf(stderr, "rastrod: %s\n", database.error().message.c_str());
    return kOfflineFailed;
  }
  database->run("BEGIN");
  for (const auto& table : kTables) {
    if (!has_table(*database, table.name)) continue;  // another version's
    auto row = database->prepare(table.sql);
    while (row.step()) {
      json::object out{{"table", table.name}};
      for (int i = 0; i < row.column_count(); ++i) {
        out[row.column_name(i)] = value_of(row, i, table.name);
      }
      std::cout << json::serialize(out) << '\n';
    }
    if (auto done = database->take_error(); !done) {
      std::cout.flush();
      std::fprintf(stderr, "rastrod: %s: table %s: %s\n", file.c_str(), table.name,
                   done.error().message.c_str());
      return kOfflineFailed;
    }
  }
  return kOfflineGood;
}

}  // namespace rastro
