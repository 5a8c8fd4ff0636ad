#pragma once

#include <string>
#include <string_view>

namespace rastro {

// Why no stamp can be read in a zone of that name: the zone database has none, or there is no
// database. "": it has one, and this process has loaded it. The empty name is the machine's own.
std::string why_no_time_zone(std::string_view name);

}  // namespace rastro
