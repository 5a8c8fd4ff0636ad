// Postfix's debug output: verbose logging of a whole program, or of one peer.
#include <array>
#include <vector>

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

constexpr std::string_view kDebugForms[] = {
#include "parsers/postfix/debug_forms.inc"
};

// By first byte, so that a line is compared with a few dozen.
class Index {
 public:
  Index() {
    for (const auto form : kDebugForms) {
      lists_[static_cast<unsigned char>(form[0])].push_back(form);
    }
  }
  bool knows(std::string_view text) const {
    if (text.empty()) return false;
    for (const auto form : lists_[static_cast<unsigned char>(text[0])]) {
      if (match_form(text, form)) return true;
    }
    return false;
  }

 private:
  std::array<std::vector<std::string_view>, 256> lists_;
};

// "> mx.example.net[192.0.2.7]: 220 ...", "< mx.example.net[192.0.2.7]:25: EHLO x": the dialogue.
bool is_dialogue(std::string_view text) {
  if (!maybe_take(text, "> ") && !maybe_take(text, "< ")) return false;
  Peer peer;
  return maybe_take_peer(text, peer) && text.starts_with(": ");
}

// ">>> START Client host RESTRICTIONS <<<", ">>> CHECKING RECIPIENT MAPS <<<".
bool is_heading(std::string_view text) {
  return text.starts_with(">>> ") && text.ends_with(" <<<") &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz <>-") ==
             std::string_view::npos;
}

}  // namespace

ParsedLine parse_debug(std::string_view /*program*/, std::string_view text) {
  static const Index forms;
  if (is_dialogue(text) || is_heading(text) || forms.knows(text)) {
    return {LineKind::postfix_debug, std::monostate{}};
  }
  return {};
}

}  // namespace rastro::postfix
