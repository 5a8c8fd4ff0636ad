#include "daemon/answer/address_pattern.h"

#include <algorithm>
#include <utility>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/answer/idn.h"
#include "daemon/answer/letters.h"

namespace rastro {
namespace {

// Whether both forms of it are itself: nothing international is in it.
bool has_one_form(std::string_view address) {
  return std::ranges::all_of(address, [](char c) { return static_cast<signed char>(c) >= 0; }) &&
         address.find("n--") == std::string_view::npos;  // of "xn--", in any case
}

bool is_or_is_below(std::string_view domain, std::string_view above) {
  if (domain.size() <= above.size()) return equal_ignoring_case(domain, above);
  const auto end = domain.size() - above.size();
  return domain[end - 1] == '.' && equal_ignoring_case(domain.substr(end), above);
}

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
    ascii_ = lower_letters(typed);
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
    typed_local_part_ = split_address(typed).local_part;
  }
  unicode_ = form_ == Form::address ? unicode_address(ascii_) : unicode_domain(ascii_);
}

AddressPattern::Fit AddressPattern::fit(std::string_view address) const {
  if (form_ == Form::null) return address.empty() ? Fit::exact : Fit::none;
  if (address.empty()) return Fit::none;
  if (form_ == Form::glob) {
    if (has_one_form(address)) return glob_matches(ascii_, address) ? Fit::pattern : Fit::none;
    return glob_matches(ascii_, address) || glob_matches(ascii_, ascii_address(address)) ||
                   glob_matches(ascii_, unicode_address(address))
               ? Fit::pattern
               : Fit::none;
  }
  if (form_ == Form::domain || form_ == Form::domain_or_below) {
    const auto logged = split_address(address).domain;
    const auto converted = has_one_form(logged) ? std::string() : ascii_domain(logged);
    const auto domain = converted.empty() ? logged : std::string_view(converted);
    const bool fits = form_ == Form::domain ? equal_ignoring_case(domain, ascii_)
                                            : is_or_is_below(domain, ascii_);
    return fits ? Fit::pattern : Fit::none;
  }
  const auto first = std::string_view(ascii_).substr(0, 1);
  if (!equal_ignoring_case(address.substr(0, 1), first) && has_one_form(address)) return Fit::none;
  auto candidate = std::string(address);
  if (form_ == Form::local_part) candidate = split_address(address).local_part;
  if (equal_ignoring_case(candidate, ascii_)) return Fit::exact;
  candidate = ascii_address(candidate);
  if (candidate == ascii_) return Fit::exact;
  return without_tag(candidate) == ascii_ ? Fit::tagged : Fit::none;
}

std::vector<LegKey> AddressPattern::keys(KeyKind whole, KeyKind domain) const {
  std::vector<LegKey> keys;
  const auto add_once = [&](KeyKind kind, std::string value) {
    const bool known = std::ranges::any_of(
        keys, [&](const LegKey& key) { return key.kind == kind && key.value == value; });
    if (!known) keys.push_back({kind, std::move(value)});
  };
  const auto add = [&](KeyKind kind) {
    add_once(kind, ascii_);
    add_once(kind, unicode_);
    if (has_one_form(ascii_) || form_ != Form::address) return;
    // The index keeps the case of such letters as it was logged.
    const auto local_part = split_address(ascii_).local_part;
    auto all = forms_by_case(local_part);
    all.push_back(fold_address(typed_local_part_));
    for (const auto& logged : all) {
      for (const auto& form : {ascii_, unicode_})
        add_once(kind, logged + "@" + std::string(split_address(form).domain));
    }
  };
  if (form_ == Form::null) keys.push_back({whole, ""});
  if (form_ == Form::address) add(whole);
  if (form_ == Form::domain) add(domain);
  return keys;
}

}  // namespace rastro
