#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// What people type or paste for an address, an id or a host, without what they copied along with
// it: blanks, quotes and brackets around it, a display name, "mailto:", "to=<...>,", the full stop
// of the sentence. What is none of that stays as it is.

std::string typed_address(
    std::string_view text);  // "Juan <juan@example.org>", "juan AT example.org"
std::string typed_queue_id(
    std::string_view text);  // "214373AF:", "queued as 214373AF", "id=1xVg..."
std::string typed_message_id(
    std::string_view text);  // "Message-ID: <1@example.org>", "message-id=<...>"
std::string typed_domain(std::string_view text);  // "https://example.org/", "juan@example.org"
std::string typed_host(std::string_view text);    // "[192.0.2.1]:25", "mx.example.org[192.0.2.1]"

// The ids that somebody may mean: Postfix' short ones are hexadecimal and logged in capitals.
std::vector<std::string> queue_id_forms(const std::string& typed);

// Why `host`, as typed_host() gave it, can be no host's name or address, nor a block or pattern of
// them: it would prove of any message that it was never here. "": it can.
std::string_view why_no_host(std::string_view host);

// Why `address`, as typed_address() gave it, is none; "": it is one, or part of one.
std::string_view why_no_address(std::string_view address);

}  // namespace rastro
