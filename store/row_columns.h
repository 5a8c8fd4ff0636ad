#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/leg_rows.h"
#include "store/packed_text.h"
#include "store/sqlite.h"

namespace rastro {

// Reads columns in the order of the statement's text.
class Columns {
 public:
  explicit Columns(const Statement& statement) : statement_(statement) {}
  std::int64_t integer() { return statement_.column_int(index_++); }
  std::optional<std::int64_t> maybe_integer() {
    const bool null = statement_.is_null(index_);
    const auto value = integer();
    return null ? std::nullopt : std::optional(value);
  }
  template <typename T>
  T as() {
    return static_cast<T>(integer());
  }
  template <typename T>
  std::optional<T> maybe_as() {
    const auto value = maybe_integer();
    return value ? std::optional(static_cast<T>(*value)) : std::nullopt;
  }
  std::string text() { return std::string(view()); }
  std::string_view view() { return statement_.column_bytes(index_++); }
  std::optional<std::string> maybe_text() {
    const bool null = statement_.is_null(index_);
    auto value = text();
    return null ? std::nullopt : std::optional(std::move(value));
  }
  std::optional<Time> maybe_time_after(Time start) {
    const auto difference = maybe_integer();
    return difference ? std::optional(time_after(micros(start), *difference)) : std::nullopt;
  }
  int skip(int count) {
    index_ += count;
    return index_ - count;
  }

 private:
  const Statement& statement_;
  int index_ = 0;
};

// Of a column whose texts may be packed; nullopt: damaged.
inline std::optional<std::string> packed_column(const Statement& row, int column) {
  const auto bytes = row.column_bytes(column);
  return row.column_type(column) == Statement::Type::blob ? unpack_text(bytes)
                                                          : std::optional(std::string(bytes));
}

}  // namespace rastro
