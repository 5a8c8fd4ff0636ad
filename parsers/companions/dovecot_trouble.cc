// Dovecot's own troubles, of fixed words: about no message, but they explain why mail was refused.
// And what it says of its work where it was told to (mail_debug, auth_debug, log_debug).
#include <array>
#include <span>
#include <vector>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr std::string_view kForms[] = {
#include "parsers/companions/dovecot_trouble_forms.inc"
};

constexpr std::string_view kDebugForms[] = {
#include "parsers/companions/dovecot_debug_forms.inc"
};

// By first byte; those that begin with what they print stand apart.
class Index {
 public:
  explicit Index(std::span<const std::string_view> forms) {
    for (const auto form : forms) {
      lists_[form.starts_with("{?}") ? kHole : static_cast<unsigned char>(form[0])].push_back(form);
    }
  }
  bool has(std::string_view text) const {
    return !text.empty() &&
           (is_in(lists_[static_cast<unsigned char>(text[0])], text) || is_in(lists_[kHole], text));
  }

 private:
  static constexpr std::size_t kHole = 256;
  static bool is_in(const std::vector<std::string_view>& list, std::string_view text) {
    for (const auto form : list) {
      if (match_form(text, form)) return true;
    }
    return false;
  }
  std::array<std::vector<std::string_view>, kHole + 1> lists_;
};

// Where the event had names, they stand in front, each with ": " behind it: "Mailbox INBOX: UID 5:
// read failed", "conn unix:auth (pid=1,uid=2): ...".
bool is_one_of(const Index& forms, std::string_view text) {
  constexpr int kNamesMax = 4;
  constexpr std::size_t kNameBytesMax = 120;
  for (int names = 0; names <= kNamesMax; ++names) {
    if (forms.has(text)) return true;
    const auto name = maybe_take_until(text, std::string_view(": "));
    if (!name || name->size() > kNameBytesMax) break;
  }
  return false;
}

}  // namespace

ParsedLine parse_dovecot_trouble(std::string_view text) {
  static const Index forms(kForms);
  if (!is_one_of(forms, text)) return {};
  return {LineKind::companion_warning, {}};
}

ParsedLine parse_dovecot_debug(std::string_view text) {
  static const Index forms(kDebugForms);
  if (!is_one_of(forms, text)) return {};
  return {LineKind::dovecot_debug, {}};
}

}  // namespace rastro::companions
