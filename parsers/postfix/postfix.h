#pragma once

#include "parsers/parser.h"

namespace rastro {

// The parser of a Postfix program ("smtpd", "qmgr", ...), nullptr for one that Postfix does not
// have.
ParseFunction find_postfix_parser(std::string_view program);

}  // namespace rastro
