#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {

class Zone;

// A header as it stood, unfolded; encoded words decoded; UTF-8.
struct MailHeader {
  std::string name;
  std::string value;
};

// The first header of that name, without regard to case; "" when there is none.
std::string_view header_value(const std::vector<MailHeader>& headers, std::string_view name);

// A leaf with text in it; other leaves are left out.
struct MailPart {
  std::string type;  // "text/plain", lower case
  std::string text;  // decoded, UTF-8
};

// A message, flattened: its text leaves in order, and the messages it encloses.
struct Mail {
  std::vector<MailHeader> headers;
  std::vector<MailPart> parts;
  std::vector<Mail> enclosed;
  bool report = false;  // multipart/report, or has a delivery-status part
};

// MIME reading by GMime. `bytes` must have gone through bound_input(): that is what keeps
// GMime's own recursion and tables small.
Mail read_mail(const std::string& bytes, const BounceLimits& limits, BounceCuts& cuts);

// An RFC 5322 date, as leniently as mail programs write them: "10:12:00 CET" and "10:12 GMT-3" too.
// Without a zone it is `zone`'s; null: UTC.
std::optional<Time> parse_mail_date(std::string_view text, const Zone* zone = nullptr);

// Base64 or quoted-printable text as bytes.
std::string decode_base64(std::string_view text);
std::string decode_quoted_printable(std::string_view text);

}  // namespace rastro
