#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/enhanced_status.h"

namespace rastro {

// A negative SMTP reply as it stands in somebody's text.
struct FoundReply {
  std::uint16_t code = 0;  // 0: only an enhanced status was found
  std::optional<EnhancedStatus> status;
  std::size_t at = std::string_view::npos;  // where it begins
  int score = 0;                            // 0: none found
};

// The reply in `text` that most likely says why: what a remote server said before our own summary,
// 5xx before 4xx, with an exact enhanced status before one without. Numbers that are no replies
// (sizes, versions, addresses) do not count.
FoundReply best_reply(std::string_view text);

// Whether that reply is what a server says to a client that did not log in, or not with success.
bool is_login_reply(std::string_view text);

// Whether the address is the account of a login that was refused, not whom mail was meant for.
bool names_login(std::string_view text, std::string_view address);

// The first enhanced status of class 2, 4 or 5.
std::optional<EnhancedStatus> first_status(std::string_view text);

// The reply at `at` as one line: to the end of its paragraph, transcript marks and repeated codes
// of a multi-line reply taken out.
std::string reply_line(std::string_view text, std::size_t at, std::size_t bytes_max);

}  // namespace rastro
