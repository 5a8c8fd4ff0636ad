#pragma once

#include <string>

namespace rastro {

// Takes out what a page or a mail program made of each address in the first `bytes_max` bytes:
// "[ana@example.org](mailto:ana@example.org)", "<a href="mailto:a@b">a@b</a>", "(a@b)<mailto:a@b>".
// Scans by hand, a few hundred bytes around each mark: whoever sends mail can write this text.
std::string without_links(std::string text, std::size_t bytes_max);

}  // namespace rastro
