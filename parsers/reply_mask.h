#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace rastro {

// Longest reply that is looked at; what is behind it is not.
inline constexpr std::size_t kReplyBytesMax = 2048;

// A logged reply with everything taken out that differs from message to message: addresses become
// "@"; numbers, IP addresses and ids become "#". Kept are what rules decide by: three-digit numbers
// that may be reply codes, enhanced status codes, sockets' codes ("10061"), and short product codes
// ("S3140", "TSS04", "OFR_104", "BL#"). The host that an MTA names in its own words around a reply
// ("host H[ip] said: ", "connect to H[ip]:25: ") is taken out: strangers choose host names.
//
// Holds the text in place: no allocation. Pure; equal masked texts get equal reasons.
class MaskedReply {
 public:
  explicit MaskedReply(std::string_view text);
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  friend class ReplyMasker;
  static constexpr std::size_t kSlack = 16;  // copies write whole blocks
  // A mark never takes more room than what it stands for, except the two blanks of a lead.
  std::array<char, kReplyBytesMax + 8 + kSlack> bytes_;
  std::size_t size_ = 0;
};

// The form of a masked reply that rules are asked of: lower case; letters with accents without them
// (whether logged as UTF-8, Latin-1 or Exim's \303\261); lines joined by single blanks, without the
// codes that a multi-line reply repeats; names in angle brackets and host names in the MTA's own
// words as "@", so that a stranger's name never meets a rule.
std::string rule_text(std::string_view masked);

}  // namespace rastro
