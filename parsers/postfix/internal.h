#pragma once

#include <optional>
#include <string_view>

#include "parsers/parser.h"

// Shared by the files of this folder only.
namespace rastro::postfix {

// "ID: " off the front.
std::optional<std::string_view> maybe_take_queue_id(std::string_view& rest);
ParsedLine parse_tls(std::string_view text, SessionTls::Direction direction);
// Lines that any program logs and that say nothing of a message; also "warning:" forms.
ParsedLine parse_general(std::string_view text);
ParsedLine parse_attempt(std::string_view agent, std::string_view id, std::string_view text);
ParsedLine parse_verdict(std::string_view id, std::string_view text);

ParsedLine parse_delivery(const LineHeader& header, std::string_view text);
ParsedLine parse_smtpd(const LineHeader& header, std::string_view text);
ParsedLine parse_cleanup(const LineHeader& header, std::string_view text);
ParsedLine parse_qmgr(const LineHeader& header, std::string_view text);
ParsedLine parse_pickup(const LineHeader& header, std::string_view text);
ParsedLine parse_bounce(const LineHeader& header, std::string_view text);
ParsedLine parse_postsuper(const LineHeader& header, std::string_view text);
ParsedLine parse_other(const LineHeader& header, std::string_view text);

}  // namespace rastro::postfix
