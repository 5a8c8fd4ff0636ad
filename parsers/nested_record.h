#pragma once

#include <string_view>

#include "core/event.h"
#include "parsers/syslog_header.h"

namespace rastro {

// A record of another host's mail server that a forwarder put into the message of its own, header
// and all: rsyslog's imfile with a tag of the operator's, a relay without one.
//
//   Nov 24 10:00:01 gw mail.log: Nov 24 10:00:00 mx1 postfix/smtp[9]: 4AB3C1A0E5D: to=<...
//   Nov 24 10:00:01 gw <22>Nov 24 10:00:00 mx1 postfix/smtp[9]: 4AB3C1A0E5D: to=<...
//
// `line`: the whole; `header`: the outer one of a program that nobody here reads. Not where a
// process has its number beside its name: what a program says is its own, and may be a stranger's.
bool maybe_take_nested_record(std::string_view line, StampReader& reader, LineHeader& header,
                              std::string_view& text);

}  // namespace rastro
