#include "daemon/answer/idn.h"

#include <idn2.h>

#include <algorithm>

#include "core/address.h"
#include "daemon/answer/letters.h"

namespace rastro {
namespace {

constexpr std::size_t kDomainMax = 255;  // octets, RFC 5321 4.5.3.1.2

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

std::string take(char* converted, int result, std::string otherwise) {
  std::string out =
      result == IDN2_OK && converted != nullptr ? std::string(converted) : std::move(otherwise);
  idn2_free(converted);
  return out;
}

std::string with_domain(std::string_view address, std::string (*convert)(std::string_view)) {
  const auto parts = split_address(address);
  if (parts.domain.empty()) return lower_letters(address);
  return lower_letters(parts.local_part) + "@" + convert(parts.domain);
}

}  // namespace

std::string ascii_domain(std::string_view domain) {
  auto folded = fold_address(domain);
  if (is_ascii(folded) || folded.size() > kDomainMax || folded.find('\0') != std::string::npos)
    return folded;
  char* converted = nullptr;
  const int result =
      idn2_to_ascii_8z(folded.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  return take(converted, result, std::move(folded));
}

std::string unicode_domain(std::string_view domain) {
  auto folded = ascii_domain(domain);
  if (folded.find("xn--") == std::string::npos || folded.size() > kDomainMax ||
      folded.find('\0') != std::string::npos)
    return folded;
  char* converted = nullptr;
  const int result = idn2_to_unicode_8z8z(folded.c_str(), &converted, 0);
  return take(converted, result, std::move(folded));
}

std::string ascii_address(std::string_view address) { return with_domain(address, ascii_domain); }
std::string unicode_address(std::string_view address) {
  return with_domain(address, unicode_domain);
}

}  // namespace rastro
