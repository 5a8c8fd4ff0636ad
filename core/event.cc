#include "core/event.h"

namespace rastro {

std::string_view take_listed_recipient(std::string_view& list) {
  const auto first = list.find_first_not_of(' ');
  if (first == std::string_view::npos) {
    list = {};
    return {};
  }
  list.remove_prefix(first);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    const char c = list[end];
    if (quoted && c == '\\') {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      break;
    }
  }
  const auto address = list.substr(0, end);
  list.remove_prefix(address.size());
  return address;
}

}  // namespace rastro
