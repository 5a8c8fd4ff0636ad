#include "core/address.h"

#include <algorithm>

#include "core/ascii.h"

namespace rastro {
namespace {

// Where a quoted local part ends ("a@b"@example.org), or 0 when the address does not start with
// one.
std::size_t quoted_local_part_end(std::string_view address) {
  if (!address.starts_with('"')) return 0;
  for (std::size_t i = 1; i < address.size(); ++i) {
    if (address[i] == '\\') {
      ++i;
    } else if (address[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

}  // namespace

AddressParts split_address(std::string_view address) {
  const auto quoted = quoted_local_part_end(address);
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at < quoted) return {address, {}};
  return {address.substr(0, at), address.substr(at + 1)};
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string fold_address(std::string_view address) { return ascii_lower(address); }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool same_mailbox(std::string_view a, std::string_view b) {
  const auto left = split_address(a);
  const auto right = split_address(b);
  return left.local_part == right.local_part && equal_ignoring_case(left.domain, right.domain);
}

}  // namespace rastro
