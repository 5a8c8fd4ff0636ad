#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/notice.h"

namespace rastro {

// Found::from of a recipient whom the notice names without a domain.
inline constexpr std::string_view kLocalName = "notice text, a local name";
// ... whom a sentence names that tells of a failure.
inline constexpr std::string_view kFromSentence = "notice text, from a sentence";

// ... whom nothing says anything of, but who stands alone.
inline constexpr std::string_view kOnlyAddress = "notice text, the only address";

// Who is surely not the failed recipient: the sender, and whoever wrote the notice.
using KnownAddresses = std::vector<std::string>;

// The recipients that a notice written for people names, with what it says about each. Recognised
// by how MTAs lay such lines out, whatever the language; see the .cc for the forms.
std::vector<BounceRecipient> recipients_in(const NoticeText& notice,
                                           const KnownAddresses& not_these,
                                           const BounceLimits& limits);

// Fills what the notice says about each recipient that a better source named already.
void add_notice_details(const NoticeText& notice, const BounceLimits& limits,
                        std::vector<BounceRecipient>& recipients);

}  // namespace rastro
