#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {

// One field of a delivery-status block, unfolded: name in lower case.
struct DsnField {
  std::string name;
  std::string value;
};

struct DsnFields {
  std::vector<DsnField> message;                  // per-message fields
  std::vector<std::vector<DsnField>> recipients;  // per-recipient fields
  bool any() const { return !message.empty() || !recipients.empty(); }
};

// The RFC 3464 fields in `text`, wherever they stand in it: a delivery-status part, or a paste that
// holds one among other lines. Blank lines inside of a block, missing ones between blocks and
// unknown fields are coped with.
DsnFields find_dsn_fields(std::string_view text, std::size_t recipients_max);

// Puts what the fields say into `report`.
void apply_dsn(const DsnFields& fields, const BounceLimits& limits, BounceReport& report);

// "rfc822; <a@example.org>" is a@example.org; "utf-8; ..." with \x{41} escapes too.
std::string dsn_address(std::string_view value);
// "dns; mx.example.org (192.0.2.1)" is mx.example.org.
std::string dsn_host(std::string_view value);
// The action's RFC 3464 name from what MTAs write; "" when it is none.
std::string_view dsn_action(std::string_view value);

}  // namespace rastro
