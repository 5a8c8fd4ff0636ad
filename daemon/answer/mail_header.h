#pragma once

#include <string>

namespace rastro {

// RFC 2047 encoded words decoded, unfolded, valid UTF-8; as one line.
std::string decode_header(const std::string& raw);

// Before the first use of GMime, from any thread.
void init_gmime();

}  // namespace rastro
