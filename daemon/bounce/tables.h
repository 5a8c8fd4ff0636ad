#pragma once

#include <vector>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/notice.h"

namespace rastro {

// The recipients of what a mail service's interface or a list of deliveries tells: JSON of an
// event, rows of a table under a heading that says which column holds whom. Empty: the notice is
// neither.
std::vector<BounceRecipient> recipients_of_table(const NoticeText& notice,
                                                 const BounceLimits& limits);

}  // namespace rastro
