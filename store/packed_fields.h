#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/varint.h"

namespace rastro {

// Fields of which most are absent, in as few bytes as possible: a varint with a bit for each field
// that is there, then their values, lowest bit first (docs/store.md, "Packed fields").
enum class FieldKind : std::uint8_t {
  mark,        // no value: it is there or not
  number,      // varint
  difference,  // zigzag varint
  name,        // varint, a row of `name`
  endpoint,    // varint, a row of `endpoint`
  text,        // varint, the number of bytes, and the bytes
};
struct FieldInfo {
  std::string_view name;
  FieldKind kind;
};

// Packs one group after the other. The fields of a group come in the order of their numbers.
class FieldPacker {
 public:
  void mark(unsigned field) { there_ |= std::uint64_t{1} << field; }
  void number(unsigned field, std::uint64_t value) {
    mark(field);
    append_varint(values_, value);
  }
  void number_unless_0(unsigned field, std::uint64_t value) {
    if (value != 0) number(field, value);
  }
  void difference(unsigned field, std::int64_t value) {
    number(field, zigzag(static_cast<std::uint64_t>(value)));
  }
  void text(unsigned field, std::string_view value) {
    number(field, value.size());
    values_.append(value);
  }
  void mark_if(unsigned field, bool there) {
    if (there) mark(field);
  }
  // Appends the group, and begins the next one.
  void finish(std::string& out) {
    append_varint(out, there_);
    out.append(values_);
    there_ = 0;
    values_.clear();
  }

 private:
  std::uint64_t there_ = 0;
  std::string values_;
};

// One group, taken apart: of the fields that are there, numbers as stored, or views of the texts.
template <std::size_t Count>
class PackedFields {
 public:
  static_assert(Count < 64);
  // Takes a group off the front of `rest`; false when it is damaged.
  bool take(std::string_view& rest, const FieldInfo (&infos)[Count]) {
    const auto there = take_varint(rest);
    if (!there || *there >> Count != 0) return false;
    there_ = *there;
    for (auto left = there_; left != 0; left &= left - 1) {
      const auto field = static_cast<unsigned>(std::countr_zero(left));
      const auto kind = infos[field].kind;
      if (kind == FieldKind::mark) continue;
      const auto value = take_varint(rest);
      if (!value) return false;
      numbers_[field] = *value;
      if (kind != FieldKind::text) continue;
      if (*value > rest.size()) return false;
      texts_[field] = rest.substr(0, static_cast<std::size_t>(*value));
      rest.remove_prefix(texts_[field].size());
    }
    return true;
  }

  bool has(unsigned field) const { return (there_ >> field & 1) != 0; }
  std::uint64_t number(unsigned field) const { return has(field) ? numbers_[field] : 0; }
  template <typename T>
  T as(unsigned field) const {
    return static_cast<T>(number(field));
  }
  std::int64_t difference(unsigned field) const {
    return static_cast<std::int64_t>(unzigzag(number(field)));
  }
  std::string_view text(unsigned field) const {
    return has(field) ? texts_[field] : std::string_view("");
  }
  std::uint64_t there() const { return there_; }

 private:
  std::uint64_t there_ = 0;
  std::uint64_t numbers_[Count];  // of those that are there
  std::string_view texts_[Count];
};

}  // namespace rastro
