#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// Ids are mostly written in sixteen different characters: two of them go into a byte, and SQL
// reads them back with hex() (docs/store.md, "Packed texts"). A column of such texts holds a text
// as it is, or a blob that is packed.

// False: it is none of those, and `out` is as it was; else the packed text replaces what was in
// `out`.
bool pack_text(std::string_view text, std::string& out);

// nullopt: damaged.
std::optional<std::string> unpack_text(std::string_view packed);

// An SQL expression for the text of such a column.
std::string packed_text_sql(const std::string& column);

}  // namespace rastro
