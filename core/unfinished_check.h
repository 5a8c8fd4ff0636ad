#pragma once

#include <string_view>

namespace rastro {

// Whether our server refused because it does not know yet whether an address exists: Postfix'
// reject_unverified_sender and reject_unverified_recipient (src/smtpd/smtpd_check.c), Exim's
// callouts (src/acl.c). "undeliverable address" is a check that ended with no.
inline bool is_check_unfinished(std::string_view reply_text) {
  for (const std::string_view words :
       {"ress rejected: unverified address: ", "Could not complete sender verify",
        "Could not complete recipient verify"}) {
    if (reply_text.find(words) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace rastro
