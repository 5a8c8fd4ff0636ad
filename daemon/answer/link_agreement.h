#pragma once

#include <string>

#include "core/journey.h"

namespace rastro {

// Whether it is, or was before an alias, the address of one of the leg's recipients.
bool names_address(const LegRecord& leg, const std::string& address);

// Whether `other` is the leg that `link` of `from` means. `inferred`: by what the two have in
// common, not by an id that both logs have.
bool agrees(const LegRecord& from, const LegLink& link, const LegRecord& other, bool& inferred);

// Short ids are used again within the hour: of two legs that had the one that `link` names, which
// one is nearer to it. A parent had begun when it was named, a child began about then.
bool is_nearer(const LegLink& link, const LegRecord& a, const LegRecord& b);

}  // namespace rastro
