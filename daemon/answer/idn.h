#pragma once

#include <string>
#include <string_view>

namespace rastro {

// A domain in the form that DNS has (RFC 5890 A-labels), folded: "BÜCHER.example" and
// "xn--bcher-kva.example" give the same. What is no valid name is only folded to ASCII lower case.
std::string ascii_domain(std::string_view domain);
// The form that people read (U-labels); the input, folded, when it has none.
std::string unicode_domain(std::string_view domain);

// An address with its domain in either form; the local part only folded.
std::string ascii_address(std::string_view address);
std::string unicode_address(std::string_view address);

}  // namespace rastro
