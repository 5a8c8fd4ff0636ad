#include "daemon/answer/address_pattern.h"

#include "core/address.h"
#include "daemon/answer/idn.h"

namespace rastro {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] != '*' &&
        (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string without_tag(std::string_view address) {
  const auto parts = split_address(address);
  const auto plus = parts.local_part.find('+');
  if (plus == std::string_view::npos || plus == 0 || parts.local_part.starts_with('"')) return "";
  std::string out(parts.local_part.substr(0, plus));
  if (!parts.domain.empty()) out.append("@").append(parts.domain);
  return out;
}

AddressPattern::AddressPattern(std::string_view typed) : typed_(typed) {
  if (typed == "<>") {
    form_ = Form::null;
    return;
  }
  if (typed.starts_with('<') && typed.ends_with('>')) typed = typed.substr(1, typed.size() - 2);
  // "juan@": the domain is not remembered.
  if (typed.size() > 1 && typed.ends_with('@')) typed.remove_suffix(1);
  if (typed.find_first_of("*?") != std::string_view::npos) {
    form_ = Form::glob;
    ascii_ = fold_address(typed);
    if (typed.starts_with('@')) ascii_.insert(0, "*");  // "@*.example.org": anybody there
  } else if (typed.starts_with("@.")) {
    form_ = Form::domain_or_below;
    ascii_ = ascii_domain(typed.substr(2));
  } else if (typed.starts_with('@')) {
    form_ = Form::domain;
    ascii_ = ascii_domain(typed.substr(1));
  } else {
    form_ = split_address(typed).domain.empty() ? Form::local_part : Form::address;
    ascii_ = ascii_address(typed);
  }
  unicode_ = form_ == Form::address ? unicode_address(ascii_) : unicode_domain(ascii_);
}

AddressPattern::Fit AddressPattern::fit(std::string_view address) const {
  if (form_ == Form::null) return address.empty() ? Fit::exact : Fit::none;
  if (address.empty()) return Fit::none;
  if (form_ == Form::glob) {
    return glob_matches(ascii_, address) || glob_matches(ascii_, ascii_address(address)) ||
                   glob_matches(ascii_, unicode_address(address))
               ? Fit::pattern
               : Fit::none;
  }
  if (form_ == Form::domain || form_ == Form::domain_or_below) {
    const auto domain = ascii_domain(split_address(address).domain);
    if (domain == ascii_) return Fit::pattern;
    return form_ == Form::domain_or_below && domain.ends_with("." + ascii_) ? Fit::pattern
                                                                            : Fit::none;
  }
  auto candidate = std::string(address);
  if (form_ == Form::local_part) candidate = split_address(address).local_part;
  if (equal_ignoring_case(candidate, ascii_)) return Fit::exact;
  candidate = ascii_address(candidate);
  if (candidate == ascii_) return Fit::exact;
  return without_tag(candidate) == ascii_ ? Fit::tagged : Fit::none;
}

std::vector<LegKey> AddressPattern::keys(KeyKind whole, KeyKind domain) const {
  std::vector<LegKey> keys;
  const auto add = [&](KeyKind kind) {
    keys.push_back({kind, ascii_});
    if (unicode_ != ascii_) keys.push_back({kind, unicode_});
  };
  if (form_ == Form::null) keys.push_back({whole, ""});
  if (form_ == Form::address) add(whole);
  if (form_ == Form::domain) add(domain);
  return keys;
}

}  // namespace rastro
