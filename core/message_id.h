#pragma once

#include <string_view>

namespace rastro {

// A Message-ID without its angle brackets: Postfix logs it as it stands in the header, Exim without
// them, and people paste it either way.
inline std::string_view bare_message_id(std::string_view id) {
  const bool bracketed = id.size() > 1 && id.front() == '<' && id.back() == '>';
  return bracketed ? id.substr(1, id.size() - 2) : id;
}

}  // namespace rastro
