#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace rastro {

// A log and what rotation made of it, told by names in one directory: mail.log, mail.log.1,
// mail.log.2.gz, mail.log-20261123.xz, mail-20261123.log, Exim's mainlog.1 and mainlog-20261123.

// What rotation added to a log's name.
struct Rotation {
  enum class Kind : std::uint8_t { none, number, date };
  Kind kind = Kind::none;
  std::uint32_t number = 0;  // mail.log.2: 2
  std::string date;          // digits of the date and whatever follows: 20261123, 2026112313
  friend bool operator==(const Rotation&, const Rotation&) = default;
};

// How `name` was made from the log `base` by rotation and compression; nullopt: it was not.
std::optional<Rotation> rotation_of(std::string_view name, std::string_view base);

// The log that `name` belongs to: "mail.log" for "mail.log.2.gz" and "mail.log-20261123",
// "mainlog" for "mainlog-20261123". A name that no rotation made is its own base.
std::string base_of(std::string_view name);

struct FamilyMember {
  std::string path;
  Rotation rotation;
  bool compressed_name = false;
};

// Everything in `directory` that belongs to `base`, newest first; of one rotation the plain file
// comes before its archive. At most kFamilyMax names.
constexpr std::size_t kFamilyMax = 2000;
Result<std::vector<FamilyMember>> list_family(const std::string& directory,
                                              const std::string& base);

}  // namespace rastro
