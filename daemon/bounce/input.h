#pragma once

#include <string>
#include <string_view>

#include "daemon/bounce/mime.h"

namespace rastro {

// Lines ended by LF only, without NUL; UTF-16 turned to UTF-8; cut to what the limits allow: bytes,
// MIME parts, boundary lines, header lines and their length. One pass.
std::string bound_input(std::string_view input, const BounceLimits& limits, BounceCuts& cuts);

// Quote marks ("> ", ">> ", "| ") and a common indentation taken off. SMTP transcripts keep their
// ">>> RCPT TO".
std::string unquote(std::string_view text);

// A tag-free rendering of HTML: one line for each block, entities decoded.
std::string html_to_text(std::string_view html);

// Whether `text` begins with the headers of a message.
bool starts_with_headers(std::string_view text);

// What was given, as a message: its own MIME structure, or that of the message found in a paste
// (quoted, behind some words of a person, or begun at a boundary line).
Mail read_input(std::string_view input, const BounceLimits& limits, BounceCuts& cuts);

}  // namespace rastro
