#include "daemon/reply_reasons.h"

namespace rastro {

// Until the rules are read: what needs no rule.
Result<ClassifyReply> make_reply_classifier(const ReasonSettings& /*settings*/) {
  return ClassifyReply(
      [](std::optional<EnhancedStatus> status, std::uint16_t code, std::string_view text) {
        return text.empty() && code == 0 && !status ? Reason::unknown : Reason::other;
      });
}

}  // namespace rastro
