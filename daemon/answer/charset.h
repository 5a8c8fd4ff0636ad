#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rastro {

// `bytes` in the named charset as UTF-8. An unknown charset, or bytes that are not in it, are taken
// as UTF-8 if they are, else as Windows-1252.
std::string to_utf8(std::string_view bytes, const std::string& charset);

// Free of NUL and of invalid sequences, whatever came in.
std::string clean_utf8(const char* text, std::size_t size);

}  // namespace rastro
