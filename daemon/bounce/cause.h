#pragma once

#include <string>
#include <string_view>

#include "daemon/bounce/bounce.h"

// What a notice written for people says about why: of the whole of it, or of what it says about one
// recipient. Each text is one line, cut to `bytes_max`; empty when there is none.

namespace rastro {

// Found::from of what was read in the notice's own words.
inline constexpr std::string_view kFromNotice = "notice text";

// The first host that the text says it talked to.
Found remote_in(std::string_view body, std::size_t bytes_max);

// The first paragraph that says something, as one line. "because:" only announces the next.
std::string first_paragraph(std::string_view whole, std::size_t bytes_max);

// What a notice gives as its reason: behind "Reason:", or in the paragraph below "for the following
// reason:".
std::string stated_reason(std::string_view body, std::size_t bytes_max);

// What Google quotes of the remote server when that is no SMTP reply.
std::string quoted_response(std::string_view notice, std::size_t bytes_max);

// Whether it has words that only a cause has, not just that something failed.
bool names_cause(std::string_view text);

// "This mail has been scanned for all viruses by ...": a footer, nothing that happened.
bool is_scan_note(std::string_view text);

// A paragraph of one line that names a cause: one sentence or two.
std::string paragraph_of_cause(std::string_view body, std::size_t bytes_max);

// The line of a session's transcript at which it broke: " Wed 2026-11-25 10:00:20: Winsock Error
// 10060 Connection timed out."
std::string broken_session(std::string_view body, std::size_t bytes_max);

// Fills what `out` lacks: reply, status, the words of the cause, the remote host.
void describe(std::string_view body, const BounceLimits& limits, BounceRecipient& out);

}  // namespace rastro
