#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// An RE2 pattern for one address in running text; no capturing groups.
const char* address_pattern();

// Every address in `text`, in order, each once (without regard to case), at most `max`.
std::vector<std::string> addresses_in(std::string_view text, std::size_t max);

// Quote marks and dots that belong to the sentence, not to the address, taken off.
std::string clean_address(std::string_view address);

// "550-ana@example.org is no user": the code in front is the reply's.
std::string_view without_reply_code(std::string_view address);

// mailer-daemon, postmaster and the like: who reports, not who failed.
bool is_robot(std::string_view address);

}  // namespace rastro
