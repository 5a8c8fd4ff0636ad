#pragma once

#include <optional>
#include <string_view>

namespace rastro::exim {

// What stands behind the flag of a delivery line: "final (parents) <original>", src/deliver.c
// string_log_address(). Pipes, files and replies show their command, path or ">address"; local
// deliveries the bare local part; a local part that needs quotes has lost them here, but then the
// original, which keeps them, follows.
struct Destination {
  std::string_view recipient;  // the final address; the original one if only its domain is missing
  std::optional<std::string_view> original;
  std::string_view final;  // as logged
};

// Takes it off the front. `reading` 0 asks for the surest reading; further ones let the final
// address go on to a later " <". False when there is no such reading.
bool take_destination(std::string_view& rest, unsigned reading, Destination& destination);

}  // namespace rastro::exim
