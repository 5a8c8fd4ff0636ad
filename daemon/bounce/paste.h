#pragma once

#include <string>

namespace rastro {

// A text that a chat, a ticket or a form robbed of its line ends, with each recipient and each
// field of a report on a line of its own again. Others come back as given.
std::string with_line_ends(std::string text);

// A reply of several lines that were made paragraphs, as one again: "550-Invalid recipient" and, a
// blank line below, "550 (#5.1.1)".
std::string with_whole_replies(std::string text);

// "a@b <mailto:a@b>", as mail programs write a link, as "a@b".
std::string without_address_links(std::string text);

// "juan at example.org", as archives of lists and careful people write an address, as one; only
// where something names it as such, and where the text has no address.
std::string with_plain_addresses(std::string text);

}  // namespace rastro
