#pragma once

#include <string_view>

#include "core/journey.h"

namespace rastro {

// Words of our own MTA that mean one of two things: what the rules make of the words alone is
// `reason`, the message decides.

// Exim's "Unrouteable address" is said of a mailbox that a domain of its own does not have and of a
// domain that the DNS does not have. Who comes from outside gets as far with domains of ours only.
Reason reason_of_unrouteable(Reason reason, const LegRecipient& recipient, std::string_view sender,
                             bool from_outside);

// Postfix's "Access denied" at a service for those who log in (`program`:
// "postfix/submission/smtpd") says to who has not that he has to.
bool asks_for_login(std::string_view program, std::string_view reply_text);

}  // namespace rastro
