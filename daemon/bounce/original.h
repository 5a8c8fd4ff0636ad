#pragma once

#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/mime.h"

namespace rastro {

// Found::from of a sender whom the headers of the original name, not its envelope.
inline constexpr std::string_view kOriginalFrom = "original From";

// What the headers of the message that came back say of it.
void apply_original_headers(const std::vector<MailHeader>& headers, const BounceLimits& limits,
                            BounceReport& report);

// Whom a report's table names as the sender, on the label's line or on the next: "Sender Address:
// ana@example.org".
std::vector<std::string> labelled_senders(std::string_view notice);

// What the headers of the bounce say: when, by whom, about which Message-ID.
void apply_bounce_headers(const std::vector<MailHeader>& headers, const BounceLimits& limits,
                          BounceReport& report);

// The hosts and queue ids that Received headers name.
std::vector<ReceivedId> received_ids(const std::vector<MailHeader>& headers, std::string_view from,
                                     std::size_t max);

// "<local@domain>" out of a Message-ID, In-Reply-To or References value: the last one. "" if none.
std::string last_message_id(std::string_view value);

}  // namespace rastro
