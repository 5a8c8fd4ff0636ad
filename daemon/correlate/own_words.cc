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

bool asks_for_login(std::string_view program, std::string_view reply_text) {
  const auto says = [](std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
  };
  const bool for_logins = says(program, "submission") || says(program, "/smtps/") ||
                          says(program, "/465/") || says(program, "/587/");
  return for_logins && (reply_text.ends_with("Client host rejected: Access denied") ||
                        reply_text.ends_with("Recipient address rejected: Access denied"));
}

}  // namespace rastro
