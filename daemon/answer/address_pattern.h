#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/query.h"

namespace rastro {

// Case-insensitive; '*' any run, '?' one byte.
bool glob_matches(std::string_view pattern, std::string_view text);

// The address without what follows the first '+' of its local part; "" when there is nothing.
std::string without_tag(std::string_view address);

// What somebody typed for an address:
//   juan@example.org       that address, in any case, IDN in either form, or with a +tag
//   juan, juan@            that local part, at any domain or without one
//   @example.org           any address of the domain
//   @.example.org          of the domain or one below it
//   *juan*, a?b@*          glob; @*.example.org: anybody below that domain
//   <>                     the null reverse-path
class AddressPattern {
 public:
  enum class Form : std::uint8_t { address, local_part, domain, domain_or_below, glob, null };
  // How well it fits, best last.
  enum class Fit : std::uint8_t { none, misspelt, pattern, tagged, exact };

  explicit AddressPattern(std::string_view typed);

  Fit fit(std::string_view address) const;
  bool matches(std::string_view address) const { return fit(address) > Fit::misspelt; }

  Form form() const { return form_; }
  const std::string& typed() const { return typed_; }
  const std::string& text() const { return ascii_; }  // folded, A-labels

  // What the index may be asked; empty: it cannot be asked. `whole` and `domain` are the kinds for
  // the role that the address has.
  std::vector<LegKey> keys(KeyKind whole, KeyKind domain) const;

 private:
  Form form_ = Form::address;
  std::string typed_;             // as given
  std::string typed_local_part_;  // of an address
  std::string ascii_;             // without '@' of the domain forms
  std::string unicode_;           // the same with U-labels
};

}  // namespace rastro
