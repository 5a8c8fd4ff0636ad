#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace rastro {

// Commands of rastrod that need no running daemon and change nothing. Each prints its findings on
// stdout, trouble on stderr, and returns an exit code: 0 good, 1 something was found, 3 it could
// not be looked at.
enum OfflineExit : int { kOfflineGood = 0, kOfflineFound = 1, kOfflineFailed = 3 };

// Every row of one index file as NDJSON, with what is packed unpacked (docs/store.md). Bytes that
// are no UTF-8 are shown as U+FFFD.
int run_db_dump(const std::string& file);

// Checks index files, or all of a state directory. With `logs` each leg's log lines are read again
// and must still name it; lines whose log is gone are counted, not faults.
int run_db_verify(const std::vector<std::string>& paths, bool logs);

// Whether this configuration can work here: logs readable and of a known form, state directory,
// socket, disk space.
int run_doctor(const Config& config);

// Proves that nothing older than the retention is on disk.
int run_privacy_verify(const Config& config);

}  // namespace rastro
