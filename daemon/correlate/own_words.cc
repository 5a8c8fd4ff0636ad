#include "daemon/correlate/own_words.h"

#include "core/address.h"

namespace rastro {

Reason reason_of_unrouteable(Reason reason, const LegRecipient& recipient, std::string_view sender,
                             bool from_outside) {
  if (reason != Reason::domain_not_found || recipient.reply_text != "Unrouteable address") {
    return reason;
  }
  const auto domain = split_address(recipient.recipient).domain;
  const auto is_of = [domain](std::string_view address) {
    return equal_ignoring_case(split_address(address).domain, domain);
  };
  // An alias may point anywhere.
  const bool ours =
      domain.empty() || (recipient.original_recipient ? is_of(*recipient.original_recipient)
                                                      : from_outside || is_of(sender));
  return ours ? Reason::user_unknown : reason;
}

}  // namespace rastro
