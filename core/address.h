#pragma once

#include <string>
#include <string_view>

namespace rastro {

// The two parts of an envelope address, split at the last '@' outside quotes. Views into the input.
// A local name without a domain ("root") has an empty domain.
struct AddressParts {
  std::string_view local_part;
  std::string_view domain;
};
AddressParts split_address(std::string_view address);

// The form under which an address is found: domain and local part in ASCII lower case. The local
// part is case-sensitive by RFC 5321 2.4, but no person who asks for a message types it so.
std::string fold_address(std::string_view address);

// Whether two addresses name the same mailbox: domain without case, local part as given
// (RFC 5321 2.4).
bool same_mailbox(std::string_view a, std::string_view b);

// ASCII only: host names and addresses in logs are bytes, not text in a locale.
std::string ascii_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace rastro
