#pragma once

#include <string_view>

#include "parsers/parser.h"

namespace rastro {

// A program beside the MTA that logs about the same messages.
struct Companion {
  ParseFunction parse = nullptr;  // nullptr: none of them
  std::string_view name;          // "dovecot", "rspamd": static storage
};

// `program` is a syslog tag, or the last part of one ("policy-spf" of "postfix/policy-spf").
Companion find_companion(std::string_view program);

}  // namespace rastro
