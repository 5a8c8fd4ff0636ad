#pragma once

#include "parsers/parser.h"

namespace rastro {

// What the syslog daemons say about the log itself: lines lost or suppressed, a start (LogLoss),
// and nothing else: their other lines are foreign. For rsyslogd, systemd-journald, syslogd,
// syslog-ng and lines without a tag (program "-").
ParsedLine parse_syslog_notice(const LineHeader& header, std::string_view text);
bool is_syslog_daemon(std::string_view program);

}  // namespace rastro
